// Which user a login belongs to: every way in which openid and unionid can agree, disagree, come
// late or change; and a linker that is slow, mistaken or broken.
import { ForbiddenException } from '@nestjs/common';
import { Linking } from '../../../../lib/auth/linking/linking.js';
import { LinkerMistaken, LinkerThrew, LinkerTooLate } from '../../../../lib/auth/problems/login-error.js';
import {
  WECHAT_UNIONID_DISPUTED,
  type WechatIdentity,
  type WechatIdentityLinker,
  type WechatLinkedIdentity,
} from '../../../../lib/index.js';
import { InMemoryIdentityLinker } from '../../../../lib/testing/index.js';
import { WechatToken } from '../../../../lib/tokens/wechat-token.js';
import { expectFreeOf } from '../../../support/canary.js';
import { failureOf } from '../../../support/failure.js';
import { makeLogin } from '../../../support/login-parts.js';

interface User {
  name: string;
  banned?: boolean;
}

let login: ReturnType<typeof makeLogin>;
let linker: InMemoryIdentityLinker<User>;
let told: string[];

function setUp(realms: { website?: string } = {}): void {
  const website = { type: 'website', appId: 'wx000000000website', secret: 'b', unionRealm: realms.website };
  login = makeLogin({
    apps: {
      official: { type: 'official-account', appId: 'wx00000000official', secret: 'a' },
      website: website as never,
      mini: { type: 'mini-program', appId: 'wx00000000000mini0', secret: 'c' },
    },
  });
  let made = 0;
  linker = new InMemoryIdentityLinker<User>({ create: () => ({ name: `user ${++made}` }) });
  login.linkBy(linker);
  told = [];
  login.events.events$.subscribe(({ type }) => void told.push(type));
}
beforeEach(() => setUp());

const APP_IDS = {
  official: 'wx00000000official',
  website: 'wx000000000website',
  mini: 'wx00000000000mini0',
};
const at = (app: keyof typeof APP_IDS, openid: string, unionid?: string): WechatIdentity =>
  login.identity({ app, appId: APP_IDS[app], openid, ...(unionid ? { unionid } : {}) });

/** A login as the module sees it, and what a login handler makes of it. */
async function signIn(identity: WechatIdentity): Promise<User> {
  const { user, link } = (await login.linking.of(identity, 'wechat'))!;
  return (user as User | undefined) ?? linker.findOrCreate(link);
}

const recordOf = async (user: User, openid: string) =>
  (await linker.identitiesOf(user)).find((one) => one.openid === openid);

describe('One person at several apps', () => {
  it('is one user by the unionid, and is told once', async () => {
    const ming = await signIn(at('website', 'oWeb', 'uMing'));
    expect(told).toEqual([]);
    expect(await signIn(at('official', 'oPage', 'uMing'))).toBe(ming);
    expect(await signIn(at('official', 'oPage', 'uMing'))).toBe(ming);
    expect(told).toEqual(['identity.linked']);
    expect(await linker.identitiesOf(ming)).toHaveLength(2);
  });

  it('is two without one, and with one of another realm', async () => {
    const silent = await signIn(at('official', 'oPage'));
    expect(await signIn(at('website', 'oWeb', 'uMing'))).not.toBe(silent);
    setUp({ website: 'second-account' });
    const page = await signIn(at('official', 'oPage', 'uMing'));
    const web = await signIn(at('website', 'oWeb', 'uMing'));
    expect(web).not.toBe(page);
    expect(await recordOf(web, 'oWeb')).toMatchObject({ realm: 'second-account' });
    expect(told).toEqual([]);
  });

  it('keeps the account when the unionid appears, and is linked by it from then on', async () => {
    const ming = await signIn(at('official', 'oPage'));
    expect(await signIn(at('official', 'oPage', 'uMing'))).toBe(ming);
    expect(told).toEqual(['identity.linked']);
    expect(await signIn(at('website', 'oWeb', 'uMing'))).toBe(ming);
    // Later silent logins know no unionid, and change nothing.
    expect(await signIn(at('official', 'oPage'))).toBe(ming);
    expect(await recordOf(ming, 'oPage')).toMatchObject({ unionid: 'uMing' });
  });

  it('is one user when both first logins come at once', async () => {
    const identities = [at('official', 'oPage', 'uMing'), at('website', 'oWeb', 'uMing')];
    const users = await Promise.all(identities.flatMap((one) => [signIn(one), signIn(one)]));
    expect(new Set(users).size).toBe(1);
  });
});

describe('The openid decides', () => {
  it('where the unionid leads to somebody else: a conflict, nothing is linked or merged', async () => {
    const ming = await signIn(at('official', 'oPage'));
    const hong = await signIn(at('website', 'oWeb', 'uMing'));
    expect(await signIn(at('official', 'oPage', 'uMing'))).toBe(ming);
    expect(told).toEqual(['identity.conflict']);
    expect(linker.conflicts).toEqual([
      [
        { user: ming, identity: expect.objectContaining({ openid: 'oPage', unionid: 'uMing' }) },
        { user: hong, identity: expect.objectContaining({ openid: 'oWeb', unionid: 'uMing' }) },
      ],
    ]);
    expect(await recordOf(ming, 'oPage')).not.toHaveProperty('unionid');
    // And this unionid links nothing more, nobody known nor new.
    const late = await signIn(at('mini', 'oMini', 'uMing'));
    expect([ming, hong]).not.toContain(late);
    expect(await recordOf(late, 'oMini')).not.toHaveProperty('unionid');
    expect(await signIn(at('official', 'oPage', 'uMing'))).toBe(ming);
    expect(await signIn(at('website', 'oWeb', 'uMing'))).toBe(hong);
    expect(told).toEqual(['identity.conflict']);
  });

  it('until the application decides, which it may do in the conflict itself', async () => {
    const ming = await signIn(at('official', 'oPage'));
    const hong = await signIn(at('website', 'oWeb', 'uMing'));
    const { conflict } = linker;
    linker.conflict = async (a, b) => {
      await conflict.call(linker, a, b);
      linker.settle(b.user!, a.identity, b.identity);
    };
    expect(await signIn(at('official', 'oPage', 'uMing'))).toBe(hong);
    expect(await signIn(at('mini', 'oMini', 'uMing'))).toBe(hong);
    expect(await linker.identitiesOf(ming)).toEqual([]);
  });

  it('where one unionid comes with a second openid at one app', async () => {
    const ming = await signIn(at('official', 'oFirst', 'uBoth'));
    const second = await signIn(at('official', 'oSecond', 'uBoth'));
    expect(second).not.toBe(ming);
    expect(told).toEqual(['identity.conflict']);
    expect(linker.conflicts[0]).toMatchObject([{ identity: { openid: 'oSecond' } }, { user: ming }]);
    expect(linker.conflicts[0]![0]).not.toHaveProperty('user');
    expect(await recordOf(second, 'oSecond')).not.toHaveProperty('unionid');
    expect(await signIn(at('official', 'oFirst', 'uBoth'))).toBe(ming);
    expect(await signIn(at('official', 'oSecond', 'uBoth'))).toBe(second);
    const web = await signIn(at('website', 'oWeb', 'uBoth'));
    expect([ming, second]).not.toContain(web);
  });

  it('also where the second openid was known before, to another user or the same', async () => {
    const ming = await signIn(at('official', 'oFirst', 'uBoth'));
    const second = await signIn(at('official', 'oSecond'));
    expect(await signIn(at('official', 'oSecond', 'uBoth'))).toBe(second);
    expect(told).toEqual(['identity.conflict']);

    setUp();
    const one = await signIn(at('official', 'oFirst', 'uBoth'));
    const { link } = (await login.linking.of(at('official', 'oSecond'), 'wechat'))!;
    await linker.link(one, link);
    expect(await signIn(at('official', 'oSecond', 'uBoth'))).toBe(one);
    expect(told).toEqual(['identity.conflict']);
    expect(await recordOf(one, 'oSecond')).not.toHaveProperty('unionid');
    expect(ming).not.toBe(one);
  });

  it('where its unionid has changed: it is replaced, and links nothing', async () => {
    const ming = await signIn(at('official', 'oPage', 'uMing'));
    const hong = await signIn(at('website', 'oWeb', 'uHong'));
    expect(await signIn(at('official', 'oPage', 'uHong'))).toBe(ming);
    expect(told).toEqual([]);
    expect(await recordOf(ming, 'oPage')).toMatchObject({ unionid: 'uHong' });
    expect(await recordOf(hong, 'oWeb')).toMatchObject({ unionid: 'uHong' });
    setUp();
    const qiang = await signIn(at('official', 'oPage', 'uOld'));
    expect(await signIn(at('official', 'oPage', 'uNew'))).toBe(qiang);
    expect(await signIn(at('website', 'oWeb', 'uNew'))).not.toBe(qiang);
  });

  it('where the app has moved to another realm the new unionid is a first one', async () => {
    const ming = await signIn(at('website', 'oWeb', 'uOld'));
    const before = linker;
    setUp({ website: 'moved' });
    login.linkBy((linker = before));
    expect(await signIn(at('website', 'oWeb', 'uNew'))).toBe(ming);
    expect(await recordOf(ming, 'oWeb')).toMatchObject({ realm: 'moved', unionid: 'uNew' });
    expect(told).toEqual(['identity.linked']);
  });
});

describe('What the application has decided counts', () => {
  it('an openid that it linked itself is no rival while its unionid is unknown', async () => {
    const ming = await signIn(at('website', 'oWeb', 'uMing'));
    const { link } = (await login.linking.of(at('official', 'oOther'), 'wechat'))!;
    await linker.link(ming, link);
    expect(await signIn(at('official', 'oPage', 'uMing'))).toBe(ming);
    expect(told).toEqual(['identity.linked']);
  });

  it('two openids of one app to which it gave one unionid are asked about no more', async () => {
    const ming = await signIn(at('official', 'oFirst', 'uBoth'));
    await signIn(at('official', 'oSecond', 'uBoth'));
    const [a, b] = linker.conflicts[0]!;
    linker.settle(ming, a.identity, b.identity);
    expect(await signIn(at('official', 'oSecond', 'uBoth'))).toBe(ming);
    expect(await signIn(at('official', 'oFirst', 'uBoth'))).toBe(ming);
    expect(told).toEqual(['identity.conflict']);
  });
});

describe('Nobody is linked', () => {
  it('by a unionid that the login handler is given: after a conflict it is given none', async () => {
    await signIn(at('official', 'oFirst', 'uBoth'));
    const conflicting = await login.linking.of(at('official', 'oSecond', 'uBoth'), 'wechat');
    const bare = { appId: APP_IDS.official, openid: 'oSecond', realm: 'default' };
    expect(conflicting).toEqual({ link: bare });
    expect(await login.linking.of(at('official', 'oSecond', 'uBoth'), 'wechat')).toEqual({ link: bare });
  });

  it('by the same unionid of another realm, whatever the linker finds', async () => {
    setUp({ website: 'second-account' });
    const ming = await signIn(at('website', 'oWeb', 'uMing'));
    linker.findByUnionid = async () => ming;
    expect(await signIn(at('official', 'oPage', 'uMing'))).not.toBe(ming);
  });

  it('who visits a snapshot page: the linker is not even asked', async () => {
    login.linkBy(broken({ find: 'throw' }));
    const made = { ...at('official', 'oMadeUp', 'uMadeUp'), isSnapshotUser: true };
    expect(await login.linking.of(made, 'wechat')).toBeUndefined();
  });

  it('without a linker', async () => {
    login.linkBy(null);
    expect(await login.linking.of(at('official', 'oPage'), 'wechat')).toBeUndefined();
  });

  it('by a unionid for which no identity of the user vouches', async () => {
    const ming = await signIn(at('website', 'oWeb', 'uMing'));
    // As a collation that ignores case would find.
    const { findByUnionid } = linker;
    linker.findByUnionid = (_unionid, one) => findByUnionid.call(linker, 'uMing', one);
    const other = await signIn(at('official', 'oPage', 'UMING'));
    expect(other).not.toBe(ming);
    expect(await recordOf(other, 'oPage')).not.toHaveProperty('unionid');
  });

  it('reads the user again after a link, so that a ban written before it is seen', async () => {
    const ming = await signIn(at('website', 'oWeb', 'uMing'));
    const { link, find } = linker;
    const banned: User = { name: 'as the table has it now', banned: true };
    linker.link = async (user, one) => {
      await link.call(linker, user, one);
      linker.find = async (asked) => ((await find.call(linker, asked)) === ming ? banned : undefined);
      linker.identitiesOf = async () => [one];
    };
    expect(await signIn(at('official', 'oPage', 'uMing'))).toBe(banned);
  });
});

describe('What is asked, in this order', () => {
  it('the mark of the sessions, the user, the login handler: a ban in between is met by one of them', async () => {
    login = makeLogin({ session: { revocable: true } });
    const order: string[] = [];
    const { markFor } = login.revocations;
    login.revocations.markFor = async (...args) => {
      const mark = await markFor.apply(login.revocations, args);
      order.push('mark');
      return mark;
    };
    login.linkBy({ find: async () => void order.push('find') } as unknown as WechatIdentityLinker);
    login.admit(async () => void order.push('handler'));
    const token = new WechatToken({
      accessToken: 'AT',
      expiresAt: login.runtime.time + 7_200_000,
      issuedAt: login.runtime.time,
      openid: 'oPage',
      scope: ['snsapi_base'],
      isSnapshotUser: false,
    });
    const result = await login.signIn.withToken(login.official, token, { client: 'wechat' });
    expect(result.kind).toBe('signed-in');
    expect(order).toEqual(['mark', 'find', 'handler']);
  });
});

type Fault = 'throw' | 'never' | unknown;

/** A linker with one user, of whom some methods are broken. */
function broken(faults: Partial<Record<keyof WechatIdentityLinker, Fault>>): WechatIdentityLinker {
  const right: Record<string, (identity: WechatLinkedIdentity) => unknown> = {
    find: () => undefined,
    findByUnionid: () => ({ name: 'holder' }),
    identitiesOf: () => [{ appId: APP_IDS.website, openid: 'oWeb', unionid: 'u', realm: 'default' }],
    link: () => undefined,
    conflict: () => undefined,
  };
  const methods = Object.entries(right).map(([name, answer]) => [
    name,
    async (...args: [WechatLinkedIdentity]) => {
      const fault = faults[name as keyof WechatIdentityLinker];
      if (fault === 'throw') throw new TypeError('database-password-canary');
      if (fault === 'never') return new Promise(() => {});
      return name in faults ? fault : answer(...args);
    },
  ]);
  return Object.fromEntries(methods) as WechatIdentityLinker;
}

describe('A linker that', () => {
  const asked = () => login.linking.of(at('official', 'oPage', 'u'), 'wechat');

  it.each(['find', 'findByUnionid', 'identitiesOf', 'link'] as const)('throws in %s', async (method) => {
    login.linkBy(broken({ [method]: 'throw' }));
    const error = await failureOf(asked);
    expect(error).toBeInstanceOf(LinkerThrew);
    expect(error.message).toBe('the identity linker threw TypeError');
    expectFreeOf(error, ['database-password-canary', 'oPage']);
  });

  it.each(['find', 'findByUnionid', 'identitiesOf', 'link'] as const)(
    'never answers in %s ends in an error after five seconds, and is asked no more',
    async (method) => {
      const waits: number[] = [];
      const sleep = async (ms: number) => {
        await new Promise(setImmediate);
        waits.push(ms);
      };
      let questions = 0;
      let answer = () => {};
      const slow = broken({ [method]: new Promise<void>((resolve) => (answer = resolve)) });
      const counted = new Proxy(slow, {
        get: (target, name) => (questions++, Reflect.get(target, name) as unknown),
      });
      const modules = { resolve: async () => counted, registerRequestByContextId: () => {} };
      const linking = new Linking(login.config, modules as never, login.events, { sleep });
      const error = await failureOf(() => linking.of(at('official', 'oPage', 'u'), 'wechat'));
      expect(error).toBeInstanceOf(LinkerTooLate);
      expect(waits).toEqual([5_000]);
      const before = questions;
      answer();
      await new Promise(setImmediate);
      expect(questions).toBe(before);
    },
  );

  it.each<[string, () => Promise<unknown>, object]>([
    ['fails', () => Promise.reject(new ForbiddenException('database-password-canary')), LinkerThrew],
    ['hangs', () => new Promise(() => {}), LinkerTooLate],
  ])('cannot be made because its provider %s keeps the login out', async (_what, resolve, type) => {
    const sleep = () => new Promise<void>((done) => void setImmediate(done));
    const modules = { resolve, registerRequestByContextId: () => {} };
    const linking = new Linking(login.config, modules as never, login.events, { sleep });
    const error = await failureOf(() => linking.of(at('official', 'oPage'), 'wechat'));
    expect(error).toBeInstanceOf(type);
    expectFreeOf(error, ['database-password-canary']);
  });

  const stranger = { appId: APP_IDS.official, openid: 'OPAGE', realm: 'default' };
  it.each<[string, Parameters<typeof broken>[0]]>([
    ['finds somebody who does not have the openid', { find: {}, identitiesOf: [stranger] }],
    [
      'finds somebody who has it at another app',
      { find: {}, identitiesOf: [{ ...stranger, openid: 'oPage', appId: 'wx' }] },
    ],
    ['finds somebody without identities', { find: {}, identitiesOf: [] }],
    ['gives no list', { identitiesOf: null }],
    ['gives a list of nothing', { identitiesOf: [null] }],
    ['gives identities without a realm', { identitiesOf: [{ ...stranger, realm: undefined }] }],
    ['gives a unionid that is no text', { identitiesOf: [{ ...stranger, unionid: 7 }] }],
    ['keeps nothing of a link', {}],
  ])('%s signs nobody in', async (_what, faults) => {
    login.linkBy(broken(faults));
    const error = await failureOf(asked);
    expect(error).toBeInstanceOf(LinkerMistaken);
    expectFreeOf(error, ['oPage', 'OPAGE']);
  });

  it('says null for nobody, as databases do', async () => {
    login.linkBy(broken({ find: null, findByUnionid: null }));
    expect(await asked()).toEqual({ link: expect.objectContaining({ unionid: 'u' }) });
    const rows = [{ ...stranger, openid: 'oPage', unionid: null }];
    login.linkBy(broken({ find: 7, identitiesOf: rows, findByUnionid: WECHAT_UNIONID_DISPUTED }));
    expect(await asked()).toEqual({ user: 7, link: expect.not.objectContaining({ unionid: 'u' }) });
  });
});
