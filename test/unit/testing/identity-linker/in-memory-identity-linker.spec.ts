// The linker for tests keeps the contract, has a bound, and is not for production; and the contract
// finds the mistakes that people make.
import { IDENTITY_LINKER_CASES } from '../../../../lib/testing/identity-linker-contract/cases.js';
import { describeIdentityLinker, InMemoryIdentityLinker } from '../../../../lib/testing/index.js';
import { WECHAT_UNIONID_DISPUTED, type WechatLinkedIdentity } from '../../../../lib/index.js';

interface User {
  id: number;
}
let users = 0;
const create = (): User => ({ id: ++users });
const harnessOf = (linker: InMemoryIdentityLinker<User>) => ({
  linker,
  signUp: (identity: WechatLinkedIdentity) => linker.findOrCreate(identity),
  idOf: ({ id }: User) => id,
});

describeIdentityLinker('InMemoryIdentityLinker', () => harnessOf(new InMemoryIdentityLinker({ create })));

const page = { appId: 'wxpage', openid: 'o', realm: 'default', unionid: 'u' };

describe('InMemoryIdentityLinker', () => {
  it('keeps as many as it may, and goes on with those it has', async () => {
    const linker = new InMemoryIdentityLinker({ create, max: 1 });
    const user = await linker.findOrCreate(page);
    await expect(linker.findOrCreate({ ...page, openid: 'p', unionid: 'v' })).rejects.toThrow('Raise max');
    expect(await linker.findOrCreate(page)).toBe(user);
  });

  it('is refused in production', () => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    try {
      expect(() => new InMemoryIdentityLinker({ create })).toThrow('NODE_ENV is "production"');
    } finally {
      process.env['NODE_ENV'] = before;
    }
  });

  it('lets the application decide, and links again by what it decided', async () => {
    const linker = new InMemoryIdentityLinker({ create });
    const web = { ...page, appId: 'wxweb', openid: 'w' };
    const holder = await linker.findOrCreate(page);
    const other = await linker.findOrCreate({ ...web, unionid: undefined });
    await linker.conflict({ user: other, identity: web }, { user: holder, identity: page });
    expect(await linker.findByUnionid('u', web)).toBe(WECHAT_UNIONID_DISPUTED);
    expect(linker.conflicts).toHaveLength(1);
    const [a, b] = linker.conflicts[0]!;
    linker.settle(holder, a.identity, b.identity);
    expect(await linker.findByUnionid('u', web)).toBe(holder);
    expect(await linker.find(web)).toBe(holder);
    expect(linker.conflicts).toEqual([]);
  });
});

describe('the contract finds a linker that', () => {
  const folded = (text: string) => text.toLowerCase().trim();
  const fold = (one: WechatLinkedIdentity) => ({ ...one, openid: folded(one.openid) });
  const mistakes: Record<string, (linker: InMemoryIdentityLinker<User>) => Partial<object>> = {
    'ignores case': (linker) => ({
      find: (one: WechatLinkedIdentity) => linker.find(fold(one)),
      findOrCreate: (one: WechatLinkedIdentity) => linker.findOrCreate(fold(one)),
    }),
    'has one realm': (linker) => ({
      findByUnionid: (unionid: string, one: WechatLinkedIdentity) =>
        linker.findByUnionid(unionid, { ...one, realm: one.realm.replace(/x$/, '') }),
    }),
    'moves identities': (linker) => ({
      link: async (user: User, one: WechatLinkedIdentity) => linker.settle(user, one),
    }),
    'notes no conflict': () => ({ conflict: async () => undefined }),
    'merges in a conflict': (linker) => ({
      conflict: async (a: { identity: WechatLinkedIdentity }, b: { user: User }) =>
        linker.settle(b.user, a.identity),
    }),
    'makes a user for each login': (linker) => ({
      findOrCreate: async (one: WechatLinkedIdentity) => {
        const user = create();
        await Promise.resolve();
        linker.settle(user, one);
        return user;
      },
    }),
    'takes any openid of a unionid': (linker) => ({
      findOrCreate: async (one: WechatLinkedIdentity) => {
        const holder = one.unionid && (await linker.findByUnionid(one.unionid, one));
        if (!holder || holder === WECHAT_UNIONID_DISPUTED) return linker.findOrCreate(one);
        linker.settle(holder, one);
        return holder;
      },
    }),
    'forgets a unionid': (linker) => ({
      identitiesOf: async (user: User) =>
        (await linker.identitiesOf(user)).map((one) => ({ ...one, unionid: undefined })),
    }),
  };

  it.each(Object.entries(mistakes))('%s', async (_name, mistaken) => {
    const failed = [];
    for (const { title, run } of IDENTITY_LINKER_CASES) {
      const right = new InMemoryIdentityLinker({ create });
      const bound = new Proxy(right, { get: (target, name) => bindOf(target, name) });
      const linker = Object.assign(Object.create(bound), mistaken(right)) as typeof right;
      try {
        await run(harnessOf(linker) as never);
      } catch {
        failed.push(title);
      }
    }
    expect(failed).not.toEqual([]);
    expect(failed.length).toBeLessThan(IDENTITY_LINKER_CASES.length);
  });
});

function bindOf(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name, target);
  return typeof value === 'function' ? value.bind(target) : value;
}
