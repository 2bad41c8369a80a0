// The cases of the identity-linker contract. Each stands for a way in which two people become one
// in some real database, or one person two.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { WECHAT_UNIONID_DISPUTED, type WechatLinkedIdentity } from '../../auth/linking/identity-linker.js';
import type { IdentityLinkerHarness } from './harness.js';

/** One rule of the contract. */
export interface IdentityLinkerCase {
  title: string;
  run(harness: IdentityLinkerHarness<unknown>): Promise<void>;
}

/** Of two letters in both cases: openids and unionids differ by it. */
const [LOWER, UPPER] = ['oab_-', 'oAB_-'];
/** How many logins come at once. */
const AT_ONCE = 8;

/** A world of its own: identities at two apps of one realm. */
class Bench {
  private readonly tag = randomBytes(6).toString('hex');
  readonly realm = `realm-${this.tag}`;
  readonly unionid = `u_${this.tag}_aB`;
  readonly web = this.identity('website', `w-${this.tag}`);
  readonly page = this.identity('official', `p-${this.tag}`);

  constructor(readonly harness: IdentityLinkerHarness<unknown>) {}

  identity(app: string, openid: string, changes: Partial<WechatLinkedIdentity> = {}): WechatLinkedIdentity {
    return { appId: `wx${this.tag}${app[0]}`, openid, realm: this.realm, ...changes };
  }

  /** The user's id, `disputed`, or undefined for nobody. */
  async byOpenid(identity: WechatLinkedIdentity): Promise<unknown> {
    return this.nameOf(await this.harness.linker.find(identity));
  }

  async byUnionid(unionid = this.unionid, realm = this.realm): Promise<unknown> {
    const asked = { ...this.web, unionid, realm };
    const found = await this.harness.linker.findByUnionid(unionid, asked);
    return found === WECHAT_UNIONID_DISPUTED ? 'disputed' : this.nameOf(found);
  }

  nameOf(user: unknown): unknown {
    return user === undefined || user === null ? undefined : this.harness.idOf(user);
  }

  async recordOf(user: unknown, { appId, openid }: WechatLinkedIdentity) {
    const all = await this.harness.linker.identitiesOf(user);
    const found = all.filter((one) => one.appId === appId && one.openid === openid);
    assert.equal(found.length, 1, `identitiesOf holds the identity ${found.length} times`);
    const { realm, unionid } = found[0]!;
    return { realm, unionid: unionid ?? undefined };
  }
}

export const IDENTITY_LINKER_CASES: readonly IdentityLinkerCase[] = [
  rule('finds nobody where nobody was, and by the openid whoever signed up', async (bench) => {
    const { signUp, linker } = bench.harness;
    assert.equal(await bench.byOpenid(bench.page), undefined);
    assert.equal(await bench.byUnionid(), undefined);
    const user = await signUp(bench.page);
    assert.equal(await bench.byOpenid(bench.page), bench.nameOf(user));
    assert.equal(await bench.byOpenid({ ...bench.page, unionid: 'u_other' }), bench.nameOf(user));
    assert.deepEqual(await bench.recordOf(user, bench.page), {
      realm: bench.realm,
      unionid: undefined,
    });
    assert.equal((await linker.identitiesOf(user)).length, 1);
  }),

  rule('tells openids apart byte for byte, and the same openid at two apps', async (bench) => {
    const { signUp } = bench.harness;
    const user = await signUp(bench.identity('official', LOWER));
    for (const openid of [UPPER, 'oaB_-', LOWER.slice(0, -1), `${LOWER}-`, 'oab%-', 'oab--'])
      assert.equal(await bench.byOpenid(bench.identity('official', openid)), undefined, openid);
    assert.equal(await bench.byOpenid(bench.identity('website', LOWER)), undefined);
    const other = await signUp(bench.identity('official', UPPER));
    assert.notEqual(bench.nameOf(other), bench.nameOf(user));
  }),

  rule('finds by the unionid in its realm alone, byte for byte', async (bench) => {
    const user = await bench.harness.signUp({ ...bench.page, unionid: bench.unionid });
    assert.equal(await bench.byUnionid(), bench.nameOf(user));
    assert.equal(await bench.byUnionid(bench.unionid, `${bench.realm}x`), undefined);
    assert.equal(await bench.byUnionid(bench.unionid.toLowerCase()), undefined);
    assert.equal((await bench.recordOf(user, bench.page)).unionid, bench.unionid);
  }),

  rule('links a second identity, once and as often as it is told', async (bench) => {
    const { linker, signUp } = bench.harness;
    const user = await signUp({ ...bench.page, unionid: bench.unionid });
    const web = { ...bench.web, unionid: bench.unionid };
    await linker.link(user, web);
    await linker.link(user, web);
    await atOnce(() => linker.link(user, web));
    assert.equal(await bench.byOpenid(web), bench.nameOf(user));
    assert.equal((await linker.identitiesOf(user)).length, 2);
    assert.deepEqual(await bench.recordOf(user, web), {
      realm: bench.realm,
      unionid: bench.unionid,
    });
  }),

  rule('leaves an identity with whoever has it', async (bench) => {
    const { linker, signUp } = bench.harness;
    const [mine, theirs] = [await signUp(bench.page), await signUp(bench.web)];
    // What it says of that is its own affair; what it does is not.
    await linker.link(mine, bench.web).catch(() => undefined);
    assert.equal(await bench.byOpenid(bench.web), bench.nameOf(theirs));
    assert.equal((await linker.identitiesOf(mine)).length, 1);
  }),

  rule('learns a unionid that appears later', async (bench) => {
    const { linker, signUp } = bench.harness;
    const user = await signUp(bench.page);
    await linker.link(user, { ...bench.page, unionid: bench.unionid });
    assert.equal(await bench.byUnionid(), bench.nameOf(user));
    assert.equal((await bench.recordOf(user, bench.page)).unionid, bench.unionid);
    // A silent login brings none, and nothing is forgotten by it.
    await linker.link(user, bench.page);
    assert.equal((await bench.recordOf(user, bench.page)).unionid, bench.unionid);
    assert.equal(await bench.byUnionid(), bench.nameOf(user));
  }),

  rule('keeps a unionid that replaces another, and links nothing by it', async (bench) => {
    const { linker, signUp } = bench.harness;
    const user = await signUp({ ...bench.page, unionid: bench.unionid });
    const next = `${bench.unionid}_next`;
    await linker.link(user, { ...bench.page, unionid: next });
    assert.equal((await bench.recordOf(user, bench.page)).unionid, next);
    assert.equal(await bench.byOpenid(bench.page), bench.nameOf(user));
    assert.equal(await bench.byUnionid(next), undefined);
    // In another realm it is the first one, and links.
    const moved = { ...bench.page, unionid: `${next}_realm`, realm: `${bench.realm}-2` };
    await linker.link(user, moved);
    assert.equal(await bench.byUnionid(moved.unionid, moved.realm), bench.nameOf(user));
  }),

  rule('a conflict moves nobody, and its unionid links nothing from then on', async (bench) => {
    const { linker, signUp } = bench.harness;
    const holder = await signUp({ ...bench.page, unionid: bench.unionid });
    const other = await signUp(bench.web);
    const a = { user: other, identity: { ...bench.web, unionid: bench.unionid } };
    const b = { user: holder, identity: { ...bench.page, unionid: bench.unionid } };
    await linker.conflict(a, b);
    await linker.conflict(a, b);
    assert.equal(await bench.byOpenid(bench.web), bench.nameOf(other));
    assert.equal(await bench.byOpenid(bench.page), bench.nameOf(holder));
    assert.equal(await bench.byUnionid(), 'disputed');
    // Neither an account that is made with it nor one that learns it brings it back.
    const late = { ...bench.identity('mini', 'm'), unionid: bench.unionid };
    const third = bench.nameOf(await signUp(late));
    assert.ok(third !== bench.nameOf(other) && third !== bench.nameOf(holder));
    await linker.link(holder, b.identity);
    assert.equal(await bench.byUnionid(), 'disputed');
  }),

  rule('takes a conflict with somebody who is not known yet', async (bench) => {
    const { linker, signUp } = bench.harness;
    const user = await signUp({ ...bench.page, unionid: bench.unionid });
    const second = bench.identity('official', 'second', { unionid: bench.unionid });
    await linker.conflict(
      { identity: second },
      { user, identity: { ...bench.page, unionid: bench.unionid } },
    );
    assert.equal(await bench.byOpenid(second), undefined);
    assert.equal(await bench.byUnionid(), 'disputed');
  }),

  rule('makes one user of many first logins at once', async (bench) => {
    const { signUp } = bench.harness;
    const silent = await atOnce(() => signUp(bench.identity('mini', 'silent')));
    assert.equal(new Set(silent.map((user) => bench.nameOf(user))).size, 1);
    const identities = [bench.page, bench.web].map((one) => ({ ...one, unionid: bench.unionid }));
    const users = await atOnce((index) => signUp(identities[index % 2]!));
    const ids = new Set(users.map((user) => bench.nameOf(user)));
    assert.equal(ids.size, 1);
    for (const identity of identities) assert.ok(ids.has(await bench.byOpenid(identity)));
    assert.ok(ids.has(await bench.byUnionid()));
  }),

  rule('never gives two openids of one app to one user, whatever their unionid says', async (bench) => {
    const { linker, signUp } = bench.harness;
    const [first, second] = ['first', 'second'].map((openid) =>
      bench.identity('mini', openid, { unionid: `${bench.unionid}_mini` }),
    );
    const before = bench.nameOf(await signUp(first!));
    assert.notEqual(bench.nameOf(await signUp(second!)), before);
    assert.equal(await bench.byOpenid(first!), before);
    const openids = Array.from({ length: AT_ONCE }, (_, index) =>
      bench.identity('official', `many-${index}`, { unionid: bench.unionid }),
    );
    const users = await atOnce((index) => signUp(openids[index]!));
    assert.equal(new Set(users.map((user) => bench.nameOf(user))).size, AT_ONCE);
    const rows = (await Promise.all(users.map((user) => linker.identitiesOf(user)))).flat();
    assert.equal(rows.filter((row) => row.unionid === bench.unionid).length, 1, 'one of them has it');
    await linker
      .link(users[0], bench.identity('official', 'late', { unionid: bench.unionid }))
      .catch(() => {});
    assert.equal(await bench.byOpenid(bench.identity('official', 'late')), undefined);
  }),
];

function rule(title: string, run: (bench: Bench) => Promise<void>): IdentityLinkerCase {
  return { title, run: (harness) => run(new Bench(harness)) };
}

function atOnce<T>(action: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: AT_ONCE }, (_, index) => action(index)));
}
