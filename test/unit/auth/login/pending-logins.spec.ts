// A flow on its own: its state, its cookie, and how many of them a browser carries.
import {
  type PendingLogin,
  FLOW_LIFETIME_MS,
  PendingLogins,
  QR_LIFETIME_MS,
  startOf,
  hashOf,
  hashOfPath,
  attemptAfter,
  REPLAY_MS,
} from '../../../../lib/auth/login/pending-logins.js';
import {
  cookieName,
  readCookies,
  type ReceivedCookie,
  writeCookie,
} from '../../../../lib/auth/http/cookies.js';
import { lastUseName } from '../../../../lib/auth/session/last-use.js';
import { logoutMarkName } from '../../../../lib/auth/session/logout-mark.js';
import { rememberAttempt, staySilent } from '../../../../lib/auth/login/silent-attempts.js';
import { resolveConfig } from '../../../../lib/config/resolve-config.js';
import type { AppConfig } from '../../../../lib/config/wechat-config.js';
import { Sealer } from '../../../../lib/sealing/sealer.js';
import { WechatSecret } from '../../../../lib/sealing/secret.js';
import type { WechatOAuthModuleOptions } from '../../../../lib/wechat-oauth.options.js';
import { FakeRuntime } from '../../../support/parts.js';

const SECRETS = ['session-secret-canary-0123456789abcdef', 'an-older-session-secret-0123456789abcdef'];
const APPS = {
  official: { type: 'official-account', appId: 'wx00000000official', secret: 'a' },
  website: { type: 'website', appId: 'wx000000000website', secret: 'b' },
} as const;

function makeFlows({
  secrets = SECRETS.slice(0, 1),
  publicUrl = 'https://shop.example.com',
  apps = APPS as WechatOAuthModuleOptions['apps'] & object,
} = {}) {
  const runtime = new FakeRuntime();
  const config = resolveConfig({ apps, publicUrl, sessionSecret: secrets }, false);
  const sealer = new Sealer(secrets.map((secret) => new WechatSecret(secret)));
  const flows = new PendingLogins(config, sealer, runtime);
  const all = [...config.apps.values()];
  const [official, website] = all as [AppConfig, AppConfig];
  return { flows, runtime, sealer, official, website, all };
}

/** What a browser does with Set-Cookie lines. */
class Jar {
  readonly cookies = new Map<string, string>();

  take(lines: readonly string[]): this {
    for (const line of lines) {
      const [, name, value, age] = /^([^=]+)=([^;]*); Max-Age=(\d+)/.exec(line)!;
      this.cookies.delete(name!);
      if (age !== '0') this.cookies.set(name!, value!);
    }
    return this;
  }

  get header(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  get received(): ReceivedCookie[] {
    return readCookies(this.header);
  }
}

const details = (
  state: string,
  returnTo = 'https://shop.example.com/orders',
): Omit<PendingLogin, 'expiresAt'> => ({
  state,
  scope: 'snsapi_base',
  returnTo,
  asked: hashOf(returnTo),
  at: hashOfPath(new URL(returnTo).pathname),
});

/** The Set-Cookie lines of a login that starts. */
function startAt(
  flows: PendingLogins,
  app: AppConfig,
  cookies: readonly ReceivedCookie[],
  flow: Omit<PendingLogin, 'expiresAt'>,
): string[] {
  return flows.makeRoom(app, cookies, [flows.start(app, cookies, flow)]);
}

describe('A state', () => {
  it('is 32 hex characters: the attempt, 23 of chance, 8 of a code', () => {
    const { flows, official } = makeFlows();
    for (const attempt of [0, 1, 2, 11]) {
      const state = flows.createState(official, attempt);
      expect(state).toMatch(/^[0-9a-f]{32}$/);
      expect(state[0]).toBe(attempt.toString(16));
      expect(flows.recognize(state)).toEqual({ app: official, attempt });
    }
  });

  it.each(['scan', 'tap'] as const)(
    'of a login by a scan says so, and counts as a first attempt: %s',
    (step) => {
      const { flows, official } = makeFlows();
      expect(flows.recognize(flows.createState(official, step))).toEqual({ app: official, attempt: 0, step });
    },
  );

  it('of a QR code says where its login ends, and counts as a first attempt', () => {
    const { flows, website } = makeFlows();
    for (const qr of ['top', 'frame'] as const) {
      const state = flows.createState(website, qr);
      expect(flows.recognize(state)).toEqual({ app: website, attempt: 0, qr });
      expect(attemptAfter([{ ...details(state), expiresAt: 0 }])).toBe(1);
      // Nobody makes one kind of the other, or of an ordinary login.
      for (const digit of '0123456789abcdef'.replace(state[0]!, '')) {
        expect(flows.recognize(digit + state.slice(1))).toBeUndefined();
      }
    }
  });

  it('never comes twice, and every digit of its chance is used', () => {
    const { flows, official } = makeFlows();
    const states = Array.from({ length: 5_000 }, () => flows.createState(official, 0));
    expect(new Set(states).size).toBe(5_000);
    for (let at = 1; at < 32; at++) {
      const seen = new Map<string, number>();
      for (const state of states) seen.set(state[at]!, (seen.get(state[at]!) ?? 0) + 1);
      // 312 of each are to be expected; six standard deviations are 103.
      expect([at, seen.size]).toEqual([at, 16]);
      for (const count of seen.values()) expect(Math.abs(count - 312.5)).toBeLessThan(110);
    }
  });

  it('is recognized as its app’s and nobody else’s', () => {
    const { flows, official, website } = makeFlows();
    expect(flows.recognize(flows.createState(official, 0))?.app).toBe(official);
    expect(flows.recognize(flows.createState(website, 0))?.app).toBe(website);
    const other = makeFlows({ secrets: ['another-session-secret-0123456789abcdef'] });
    expect(other.flows.recognize(flows.createState(official, 0))).toBeUndefined();
  });

  it('is recognized after the secret was changed, for as long as the old one is kept', () => {
    const before = makeFlows({ secrets: [SECRETS[1]!] });
    const state = before.flows.createState(before.official, 1);

    expect(makeFlows({ secrets: SECRETS }).flows.recognize(state)).toMatchObject({ attempt: 1 });
    expect(makeFlows().flows.recognize(state)).toBeUndefined();
  });

  it('is not recognized with any one digit changed, the attempt included', () => {
    const { flows, official } = makeFlows();
    const state = flows.createState(official, 2);
    for (let at = 0; at < 32; at++) {
      for (const digit of '0123456789abcdef'.replace(state[at]!, '')) {
        expect(flows.recognize(state.slice(0, at) + digit + state.slice(at + 1))).toBeUndefined();
      }
    }
  });

  it.each([
    '',
    'x',
    '0'.repeat(31),
    '0'.repeat(33),
    '0'.repeat(32),
    'F'.repeat(32),
    'é'.repeat(32),
    '__proto__',
    'a'.repeat(1_000_000),
    ' '.repeat(32),
    `${'0'.repeat(31)}\n`,
    `${'0'.repeat(32)}\n`,
  ])('is not %#, of whatever length', (state) => {
    expect(makeFlows().flows.recognize(state)).toBeUndefined();
  });

  it('is not recognized in capitals', () => {
    const { flows, official } = makeFlows();
    for (let round = 0; round < 20; round++) {
      const state = flows.createState(official, 10);
      expect(flows.recognize(state.toUpperCase())).toBeUndefined();
    }
  });
});

describe('A flow', () => {
  it('is found by its state in the cookies of its browser only', () => {
    const { flows, official, runtime } = makeFlows();
    const [one, two] = [flows.createState(official, 0), flows.createState(official, 0)];
    const jar = new Jar().take(startAt(flows, official, [], details(one)));

    expect(flows.find(official, jar.received, one)).toEqual({
      ...details(one),
      expiresAt: runtime.time + FLOW_LIFETIME_MS,
    });
    expect(flows.find(official, jar.received, two)).toBeUndefined();
    expect(flows.find(official, [], one)).toBeUndefined();
  });

  it('is not found with the cookie of another flow under its own name', () => {
    const { flows, official } = makeFlows();
    const [one, two] = [flows.createState(official, 0), flows.createState(official, 0)];
    const [first, second] = [one, two].map((state) =>
      new Jar().take(startAt(flows, official, [], details(state))),
    );
    const [name] = first!.cookies.keys();
    const [value] = second!.cookies.values();

    expect(flows.find(official, [{ name: name!, value: value! }], one)).toBeUndefined();
  });

  it('is not found at another app, though state and cookie be renamed for it', () => {
    const { flows, official, website } = makeFlows();
    const state = flows.createState(official, 0);
    const jar = new Jar().take(startAt(flows, official, [], details(state)));
    const [other] = new Jar().take(startAt(flows, website, [], details(state))).cookies.keys();

    expect(flows.find(website, jar.received, state)).toBeUndefined();
    expect(
      flows.find(website, [{ name: other!, value: [...jar.cookies.values()][0]! }], state),
    ).toBeUndefined();
  });

  it('is over after ten minutes, whatever the browser still sends', () => {
    const { flows, official, runtime } = makeFlows();
    const state = flows.createState(official, 0);
    const jar = new Jar().take(startAt(flows, official, [], details(state)));
    runtime.time += FLOW_LIFETIME_MS - 1;
    expect(flows.find(official, jar.received, state)).toBeDefined();
    runtime.time += 1;
    expect(flows.find(official, jar.received, state)).toBeUndefined();
  });

  it('answers repeats for a minute once it is done, and no repeat makes that longer', () => {
    const { flows, official, runtime } = makeFlows();
    const state = flows.createState(official, 0);
    const jar = new Jar().take(startAt(flows, official, [], details(state)));
    jar.take([flows.finish(official, flows.find(official, jar.received, state)!)]);
    runtime.time += REPLAY_MS - 1_000;
    jar.take([flows.finish(official, flows.find(official, jar.received, state)!)]);
    expect(flows.find(official, jar.received, state)).toMatchObject({ done: true });
    runtime.time += 1_000;
    expect(flows.find(official, jar.received, state)).toBeUndefined();
  });

  it('is one of a hundred that start at once, each with a state and a cookie of its own', () => {
    const { flows, official, website } = makeFlows();
    const started = Array.from({ length: 100 }, (_, index) => {
      const app = index % 2 ? official : website;
      const state = flows.createState(app, 0);
      return {
        app,
        state,
        jar: new Jar().take(startAt(flows, app, [], details(state, `https://shop.example.com/${index}`))),
      };
    });
    expect(new Set(started.map(({ state }) => state)).size).toBe(100);
    for (const [index, { app, state, jar }] of started.entries()) {
      expect(flows.find(app, jar.received, state)?.returnTo).toBe(`https://shop.example.com/${index}`);
      const neighbour = started[(index + 2) % 100]!;
      expect(flows.find(app, neighbour.jar.received, state)).toBeUndefined();
    }
  });

  it.each([undefined, 'top', 'frame'] as const)('lives for its time: %s', (qr) => {
    const { flows, website, runtime } = makeFlows();
    const state = flows.createState(website, qr ?? 0);
    const flow = qr ? { ...details(state), qr } : details(state);
    const lifetime = qr ? QR_LIFETIME_MS : FLOW_LIFETIME_MS;
    expect([QR_LIFETIME_MS, FLOW_LIFETIME_MS]).toEqual([1_800_000, 600_000]);
    const line = flows.start(website, [], flow);
    expect(line).toContain(`; Max-Age=${lifetime / 1_000};`);
    const jar = new Jar().take([line]);
    runtime.time += lifetime - 1;
    const found = flows.find(website, jar.received, state)!;
    expect(found.qr).toBe(qr);
    expect(startOf(found)).toBe(runtime.time - lifetime + 1);
    runtime.time += 1;
    expect(flows.find(website, jar.received, state)).toBeUndefined();
  });

  it('of a QR code is not younger than one that began after it, though it ends later', () => {
    const { flows, website, runtime } = makeFlows();
    const jar = new Jar();
    const states: string[] = [];
    for (const kind of ['top', 0, 0, 0, 0, 0] as const) {
      const state = flows.createState(website, kind);
      states.push(state);
      const flow = kind === 'top' ? { ...details(state), qr: kind } : details(state);
      jar.take(startAt(flows, website, jar.received, flow));
      runtime.time += 1_000;
    }
    const found = states.map((state) => flows.find(website, jar.received, state) !== undefined);
    expect(found).toEqual([false, true, true, true, true, true]);
  });

  it('of a QR code is the one whose answer lost its state for a minute only', () => {
    const { flows, website, runtime } = makeFlows();
    const state = flows.createState(website, 'top');
    const jar = new Jar().take([flows.start(website, [], { ...details(state), qr: 'top' })]);
    runtime.time += 59_999;
    expect(flows.unanswered(website, jar.received, '/orders')).toHaveLength(1);
    runtime.time += 1;
    expect(flows.unanswered(website, jar.received, '/orders')).toEqual([]);
  });

  it('is one of five at most, of which the oldest goes', () => {
    const { flows, official, runtime } = makeFlows();
    const jar = new Jar();
    const states = Array.from({ length: 12 }, () => flows.createState(official, 0));
    for (const state of states) {
      jar.take(startAt(flows, official, jar.received, details(state)));
      runtime.time += 1_000;
    }
    expect(jar.cookies.size).toBe(5);
    const alive = states.filter((state) => flows.find(official, jar.received, state));
    expect(alive).toEqual(states.slice(-5));
  });

  it('keeps all flows of a browser together below what servers take in one header, whatever their addresses', () => {
    const { flows, official, runtime } = makeFlows();
    const jar = new Jar();
    let last = '';
    for (let round = 0; round < 12; round++) {
      last = flows.createState(official, 0);
      const returnTo = `https://shop.example.com/${'x'.repeat(1_024 - 25 - (round % 3))}`;
      jar.take(
        startAt(flows, official, jar.received, { ...details(last), returnTo, upgrades: 'o'.repeat(128) }),
      );
      runtime.time += 1_000;
      expect(jar.header.length).toBeLessThan(6_000);
      for (const [name, value] of jar.cookies) expect(name.length + value.length).toBeLessThan(3_500);
    }
    // The one that has just started is never the one to go.
    expect(flows.find(official, jar.received, last)).toBeDefined();
  });

  it('shares its room with the flows, sessions and marks of every other app of the host', () => {
    const apps = Object.fromEntries(
      ['a', 'b', 'c', 'd', 'e'].map((name) => [
        name,
        { type: 'official-account' as const, appId: `wx0000000000000${name}`, secret: name },
      ]),
    );
    const { flows, runtime, all } = makeFlows({ apps });
    const jar = new Jar();
    const out = 'AAAAAAAAAAA';
    jar.take([writeCookie(all[0]!, logoutMarkName(all[0]!), out, 60)]);
    for (let round = 0; round < 25; round++) {
      const app = all[round % 5]!;
      const state = flows.createState(app, 0);
      const flow = details(state, `https://shop.example.com/${'x'.repeat(1_000 + round)}`);
      jar.take(
        flows.makeRoom(app, jar.received, [flows.start(app, jar.received, flow), rememberAttempt(app)]),
      );
      expect(jar.header.length).toBeLessThan(6_000);
      const found = flows.find(app, jar.received, state)!;
      expect(found.returnTo).toBe(flow.returnTo);

      const session = writeCookie(app, cookieName(app, 'wechat_session'), 'v'.repeat(1_700), 60);
      jar.take(flows.makeRoom(app, jar.received, [session, flows.finish(app, found)]));
      // What is written without making room: an answer that tells of a use has little to say.
      jar.take([writeCookie(app, lastUseName(app), 'u'.repeat(29), 60)]);
      expect(jar.header.length).toBeLessThan(6_000 + 100);
      expect(jar.cookies.get(logoutMarkName(app))).toBe(out);
      expect(jar.cookies.has(cookieName(app, 'wechat_session'))).toBe(true);
      runtime.time += 1_000;
    }
    // Two of that size fit beside a flow that starts. Those that were given up were the oldest.
    const kept = all.map((app) => jar.cookies.has(cookieName(app, 'wechat_session')));
    expect(kept).toEqual([false, false, false, true, true]);
  });

  it('costs one session of another app where that is room enough, and leaves the others their last use', () => {
    const apps = Object.fromEntries(
      ['a', 'b', 'c', 'd'].map((name) => [
        name,
        { type: 'official-account' as const, appId: `wx0000000000000${name}`, secret: name },
      ]),
    );
    const { flows, all } = makeFlows({ apps });
    const [, ...others] = all as [AppConfig, ...AppConfig[]];
    const jar = new Jar();
    for (const app of others) {
      jar.take([
        rememberAttempt(app),
        staySilent(app, 'AAAAAAAAAAA', 60),
        writeCookie(app, cookieName(app, 'wechat_session'), 'v'.repeat(1_900), 60),
        writeCookie(app, lastUseName(app), 'u'.repeat(29), 60),
      ]);
    }
    jar.take(startAt(flows, all[0]!, jar.received, details(flows.createState(all[0]!, 0))));
    expect(jar.header.length).toBeLessThan(6_000);
    const left = (name: (app: AppConfig) => string) => others.map((app) => jar.cookies.has(name(app)));
    expect(left((app) => cookieName(app, 'wechat_session'))).toEqual([false, true, true]);
    expect(left(lastUseName).slice(1)).toEqual([true, true]);
    expect([...jar.cookies.keys()].filter((name) => name.includes('_silent_'))).toEqual([]);
  });

  it('removes only what the request showed, ten at most, and never what the same answer sets', () => {
    const { flows, official } = makeFlows();
    const [name] = new Jar().take([flows.start(official, [], details('0'.repeat(32)))]).cookies.keys();
    const junk = Array.from({ length: 30 }, (_, index) => ({
      name: name!.slice(0, -8) + index.toString(16).padStart(8, '0'),
      value: 'x'.repeat(500),
    }));
    const flow = flows.start(official, [], details('0'.repeat(32)));
    const lines = flows.makeRoom(official, [...junk, { name: name!, value: 'old' }], [flow]);
    expect(lines).toHaveLength(11);
    expect(lines.at(-1)).toBe(flow);
    const shown = new Set(junk.map((cookie) => cookie.name));
    for (const line of lines.slice(0, -1)) {
      expect([shown.has(line.split('=')[0]!), line.includes('=; Max-Age=0')]).toEqual([true, true]);
    }
    expect(flows.clear(official, junk)).toHaveLength(10);
    expect(flows.makeRoom(official, [], [flow])).toEqual([flow]);
  });

  it('holds Chinese addresses in a third of their length, and gives every address back unchanged', () => {
    const { flows, official } = makeFlows();
    const state = flows.createState(official, 0);
    const lengthOf = (returnTo: string) => {
      const line = flows.start(official, [], details(state, returnTo));
      expect(flows.find(official, new Jar().take([line]).received, state)!.returnTo).toBe(returnTo);
      return line.length;
    };
    const base = 'https://shop.example.com/';
    expect(lengthOf(base + '%E8%8C%B6'.repeat(200))).toBeLessThan(1_300);
    for (const rest of [
      '%e8%8c%b6',
      '%E8%8C',
      '%FF%FE',
      '%C2%85?%C2%A0#%E2%80%A8',
      '%25E8%258C%25B6',
      'a%2Fb%20c',
      '%ED%A0%BD',
      '%EF%BB%BFx',
      '?q=%E8%8C%B6&x=%00',
    ]) {
      // prettier-ignore
      lengthOf(base + rest);
    }
  });

  it('remembers of its address only a hash once it is finished', () => {
    const { flows, official } = makeFlows();
    const state = flows.createState(official, 0);
    const flow = details(state, `https://shop.example.com/${'x'.repeat(1_500)}`);
    const jar = new Jar().take([flows.start(official, [], flow)]);
    const line = flows.finish(official, flows.find(official, jar.received, state)!);
    expect(line.length).toBeLessThan(400);
    const { returnTo, asked } = flows.find(official, jar.take([line]).received, state)!;
    expect([returnTo, asked]).toEqual(['', hashOf(flow.returnTo)]);
  });

  it('makes room by removing what does not open first', () => {
    const { flows, official } = makeFlows();
    const jar = new Jar();
    const states = Array.from({ length: 4 }, () => flows.createState(official, 0));
    for (const state of states) jar.take(startAt(flows, official, jar.received, details(state)));
    const [name] = jar.cookies.keys();
    const junk = name!.replace(/[0-9a-f]{8}$/, '00000000');
    const cookies = [{ name: junk, value: 'v1.AAAA' }, ...jar.received];

    const lines = startAt(flows, official, cookies, details(flows.createState(official, 0)));

    expect(lines.filter((line) => line.includes('Max-Age=0')).map((line) => line.split('=')[0])).toEqual([
      junk,
    ]);
  });

  it('is not confused by cookies that only begin like one', () => {
    const { flows, official } = makeFlows();
    const [name] = new Jar()
      .take(startAt(flows, official, [], details(flows.createState(official, 0))))
      .cookies.keys();
    const prefix = name!.slice(0, -8);
    const odd = ['', 'x', 'é', ' ', '0000000g', 'ABCDEF01', '000000000', '\u0000', '=;', '__proto__'];
    const cookies = odd.map((rest) => ({ name: prefix + rest, value: 'x'.repeat(2_000) }));

    expect(startAt(flows, official, cookies, details(flows.createState(official, 0)))).toHaveLength(1);
    expect(flows.clear(official, cookies)).toEqual([]);
    expect(flows.recentRoundTrips(official, cookies, '')).toEqual([]);
    expect(flows.unanswered(official, cookies, '/orders')).toEqual([]);
  });

  it.each([
    'null',
    '[]',
    '{}',
    '1',
    '"x"',
    'no JSON',
    '',
    '{"state":1}',
    '{"expiresAt":9e15}',
    '{"state":"x","returnTo":"y","expiresAt":"9"}',
  ])('is not %s, though it be sealed by us', (text) => {
    const { flows, official, sealer } = makeFlows();
    const state = flows.createState(official, 0);
    const [name] = new Jar().take(startAt(flows, official, [], details(state))).cookies.keys();
    const cookies = [{ name: name!, value: sealer.seal('flow', name!, text) }];

    expect(flows.find(official, cookies, state)).toBeUndefined();
    expect(flows.recentRoundTrips(official, cookies, 'y')).toEqual([]);
    expect(flows.unanswered(official, cookies, '/orders')).toEqual([]);
  });

  it('counts the logins to one address that ended well and left nothing', () => {
    const { flows, official, runtime } = makeFlows();
    const jar = new Jar();
    const end = (attempt: number, returnTo: string) => {
      const state = flows.createState(official, attempt);
      jar.take(startAt(flows, official, jar.received, details(state, returnTo)));
      jar.take([flows.finish(official, flows.find(official, jar.received, state)!)]);
    };
    const here = 'https://shop.example.com/here';
    expect(attemptAfter(flows.recentRoundTrips(official, jar.received, here))).toBe(0);
    end(0, here);
    end(0, 'https://shop.example.com/elsewhere');
    expect(attemptAfter(flows.recentRoundTrips(official, jar.received, here))).toBe(1);
    end(1, here);
    expect(attemptAfter(flows.recentRoundTrips(official, jar.received, here))).toBe(2);
    runtime.time += REPLAY_MS;
    expect(attemptAfter(flows.recentRoundTrips(official, jar.received, here))).toBe(0);
  });

  it('counts those of one path that began a moment ago and have no answer', () => {
    const { flows, official, website, runtime } = makeFlows();
    const jar = new Jar();
    const begin = (attempt: number, returnTo: string, app = official) => {
      const state = flows.createState(app, attempt);
      jar.take(startAt(flows, app, jar.received, details(state, returnTo)));
      return state;
    };
    const count = (path = '/orders') => flows.unanswered(official, jar.received, path).length;
    begin(0, 'https://shop.example.com/elsewhere');
    begin(2, 'https://shop.example.com/orders', website);
    expect(count()).toBe(0);
    const states = [begin(1, 'https://shop.example.com/orders?page=2')];
    runtime.time += 1_000;
    states.push(begin(0, 'https://shop.example.com/orders'));
    runtime.time += 1_000;
    states.push(begin(1, 'https://shop.example.com/orders'));

    const found = flows.unanswered(official, jar.received, '/orders/');
    expect(found.map(({ state }) => state)).toEqual([states[2], states[0], states[1]]);
    expect(attemptAfter(found)).toBe(2);
    expect([count('/order'), count('/orders/mine')]).toEqual([0, 0]);
    expect(flows.forgetAll(official, found)).toHaveLength(3);

    jar.take([flows.finish(official, found[0]!)]);
    expect(count()).toBe(2);
    runtime.time += 57_999;
    expect(count()).toBe(2);
    runtime.time += 1;
    expect(count()).toBe(1);
    runtime.time += 1_000;
    expect(count()).toBe(0);
  });

  it('leaves with every other flow of its app when somebody signs out, and with none of another app', () => {
    const { flows, official, website } = makeFlows();
    const jar = new Jar();
    for (const app of [official, official, website]) {
      jar.take(startAt(flows, app, jar.received, details(flows.createState(app, 0))));
    }
    jar.take(flows.clear(official, jar.received));
    expect(jar.cookies.size).toBe(1);
    jar.take(flows.clear(website, jar.received));
    expect(jar.cookies.size).toBe(0);
  });
});
