// How many codes are asked of WeChat: what all processes take together is never more than there is.
import { Logger } from '@nestjs/common';
import { HttpRequest } from '../../../../lib/auth/http/http-request.js';
import { ScanLimits } from '../../../../lib/push/scan/scenes/scan-limits.js';
import { Sealer } from '../../../../lib/sealing/sealer.js';
import { LogCapture } from '../../../support/log-capture.js';
import { FakeRuntime, makeParts, makeVault } from '../../../support/parts.js';
import { PUSH } from '../../../support/push-kit.js';
import { QuietStore } from '../../../support/talking-store.js';

const MINUTE = 60_000;
let runtime: FakeRuntime;
let store: QuietStore;
let logs: LogCapture;

beforeEach(() => {
  Logger.overrideLogger((logs = new LogCapture()));
  runtime = new FakeRuntime();
  store = new QuietStore({ now: runtime.now, max: 100_000 });
});
afterEach(() => Logger.overrideLogger(false));

/** A process of its own: only the store and the clock are the same. */
function limits(perClient = 1_000, chance = 0.5) {
  const { config, app } = makeParts({
    push: PUSH,
    scan: { perClient },
    publicUrl: 'https://shop.example.com',
    sessionSecret: 'limits-secret-0123456789abcdef0123456789',
  });
  const own = { now: runtime.now, random: () => chance };
  const one = new ScanLimits(config, makeVault(store, new Sealer([])), own);
  const take = (ip: unknown = '203.0.113.7', headers: Record<string, string> = {}) =>
    one.take(app, new HttpRequest({ ip, headers }));
  let people = 0;
  /** Of a new client each time. */
  const anybody = () => take(`198.${people >> 16}.${(people >> 8) & 255}.${people++ & 255}`);
  return { take, anybody, one };
}

/** What so many more tries come to. */
async function taken(many: number, takes: (() => Promise<string>)[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let index = 0; index < many; index++) {
    const said = await takes[index % takes.length]!();
    counts[said] = (counts[said] ?? 0) + 1;
  }
  return counts;
}

describe('of an account', () => {
  it('120 in a minute from one process, and again in the next', async () => {
    const { anybody } = limits();
    expect(await taken(130, [anybody])).toEqual({ taken: 120, app: 10 });
    runtime.time += MINUTE - 1;
    expect(await anybody()).toBe('app');
    runtime.time += 1;
    expect(await taken(130, [anybody])).toEqual({ taken: 120, app: 10 });
  });

  it('120 in a minute, and not one more, from three processes in turn', async () => {
    const three = [0.1, 0.1, 0.8].map((chance) => limits(1_000, chance));
    const counts = await taken(
      600,
      three.map(
        ({ anybody }) =>
          () =>
            anybody(),
      ),
    );
    expect(counts).toEqual({ taken: 120, app: 480 });
  });

  it('and from three processes at once', async () => {
    const three = [0.1, 0.5, 0.5].map((chance) => limits(1_000, chance));
    const said = await Promise.all(
      three.flatMap(({ anybody }) => Array.from({ length: 100 }, () => anybody())),
    );
    expect(said.filter((one) => one === 'taken')).toHaveLength(120);
  });

  it('90,000 a day, by blocks of 50', async () => {
    const { anybody } = limits();
    let sum = 0;
    for (let minute = 0; minute < 760; minute++) {
      sum += (await taken(120, [anybody]))['taken'] ?? 0;
      runtime.time += MINUTE;
    }
    expect(sum).toBe(90_000);
    expect(await anybody()).toBe('app');
    runtime.time += 86_400_000;
    expect(await anybody()).toBe('taken');
  });

  it('a code costs one operation, and each fiftieth one more', async () => {
    const { anybody } = limits();
    await taken(51, [anybody]);
    expect(store.asked).toEqual(Array.from({ length: 53 }, () => 'setIfAbsent scan-slot'));
  });

  it('fails closed while the store is down, and takes nothing then', async () => {
    const { anybody } = limits();
    store.failing.add('setIfAbsent');
    expect(await taken(3, [anybody])).toEqual({ down: 3 });
    store.failing.clear();
    expect(await taken(130, [anybody])).toEqual({ taken: 120, app: 10 });
  });
});

describe('of a client', () => {
  it('so many in ten minutes, and others are not touched', async () => {
    const { take } = limits(10);
    expect(await taken(15, [take])).toEqual({ taken: 10, client: 5 });
    expect(await take('203.0.113.8')).toBe('taken');
    runtime.time += 10 * MINUTE - 1;
    expect(await take()).toBe('client');
    runtime.time += 1;
    expect(await take()).toBe('taken');
  });

  it('one client cannot use up what there is for all: whom it refuses costs no slot', async () => {
    const { take } = limits(10);
    await taken(500, [take]);
    expect(store.asked).toHaveLength(11);
  });

  it.each([
    ['a /64', ['2001:db8:1:2::1', '2001:DB8:1:2:ffff:ffff:ffff:ffff', '2001:0db8:0001:0002:0::9'], true],
    [
      'an address and the same one in IPv6',
      ['203.0.113.7', '::ffff:203.0.113.7', '::FFFF:203.0.113.7', '::ffff:cb00:7107'],
      true,
    ],
    ['an address with its zone', ['2001:db8:1:2::1', '2001:db8:1:2::1%eth0'], true],
    ['two /64', ['2001:db8:1:2::1', '2001:db8:1:3::1'], false],
    ['two addresses', ['203.0.113.7', '203.0.113.8'], false],
  ])('%s: %j', async (_name, ips, isOne) => {
    const { take } = limits(1);
    const said: string[] = [];
    for (const ip of ips) said.push(await take(ip));
    expect(said.slice(1)).toEqual(said.slice(1).map(() => (isOne ? 'client' : 'taken')));
  });

  it('the list of clients is bounded', async () => {
    const { take, one } = limits(1);
    const { clients } = one as unknown as { clients: { size: number; max: number } };
    store.failing.add('setIfAbsent');
    for (let index = 0; index < 10_100; index++) await take(`10.${index >> 8}.${index & 255}.1`);
    expect([clients.size, clients.max]).toEqual([10_000, 10_000]);
  });
});

describe('behind a proxy that is not trusted', () => {
  it.each(['10.0.0.1', '127.0.0.1', '::1', 'fd00::1', '100.64.0.9', '172.16.0.1', '169.254.1.1'])(
    '%s with X-Forwarded-For: nobody is limited by address, and one WARN says so',
    async (ip) => {
      const { take } = limits(1);
      const forwarded = { 'x-forwarded-for': '198.51.100.1' };
      expect(await taken(20, [() => take(ip, forwarded)])).toEqual({ taken: 20 });
      expect(logs.lines.filter(({ text }) => text.includes('trust proxy'))).toHaveLength(1);
    },
  );

  it.each([
    ['10.0.0.1', {}],
    ['203.0.113.7', { 'x-forwarded-for': '198.51.100.1' }],
    ['203.0.113.7', { 'x-forwarded-for': '' }],
    ['172.15.0.1', { 'x-forwarded-for': '1.1.1.1' }],
  ])('%s with %j is a client', async (ip, headers) => {
    const { take } = limits(1);
    const said = [await take(ip, headers as Record<string, string>), await take(ip, headers as never)];
    expect([said, logs.lines]).toEqual([['taken', 'client'], []]);
  });

  it.each([undefined, 7, '', 'unknown', '203.0.113.7, 1.1.1.1'])(
    'an address that is none (%j) limits nobody',
    async (ip) => {
      const { take } = limits(1);
      // `undefined` would be the default.
      expect([await take(ip ?? null), await take(ip ?? null)]).toEqual(['taken', 'taken']);
    },
  );
});
