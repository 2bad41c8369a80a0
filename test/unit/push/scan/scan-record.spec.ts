// The steps of a login by a scan, in every order: nobody gets in by a way that is not one.
import fc from 'fast-check';
import {
  agree,
  claim,
  disown,
  fail,
  isLiving,
  isOver,
  isScanRecord,
  OVER_MS,
  refuse,
  type Scanned,
  SCANNED_MS,
  type ScanRecord,
  scan,
  statusOf,
} from '../../../../lib/push/scan/scenes/scan-record.js';

const T = 1_000_000;
const LIFETIME = 300_000;
const DIGITS = '012345';
const seat = { browser: 'Chrome', system: 'Windows', place: '203.0.*.*' };
const waiting: ScanRecord = { stage: 'waiting', url: 'http://u', since: T, until: T + LIFETIME, seat };
const scanned = scan(waiting, 'oMing', T, DIGITS) as Scanned;
const byTicket = scan(waiting, 'oMing', T, 'v1.ticket') as Scanned;
const agreed = agree(byTicket, 'oMing', T)!;
const claimed = claim(scanned, T);
const result = { kind: 'refused', code: 'NO' } as const;
const finished: ScanRecord = { ...claimed, result };
const ended = refuse(scanned, 'oMing', T)!;
const STAGES = { waiting, scanned, agreed, claimed, finished, void: ended } as const;

describe('each step at each stage', () => {
  // What the owner, and what a stranger comes to; undefined: nothing happens.
  it.each<[keyof typeof STAGES, Record<string, string | undefined>]>([
    ['waiting', { scan: 'scanned', scanOther: 'scanned' }],
    ['scanned', { scanOther: 'void', agree: 'agreed', refuse: 'void' }],
    ['agreed', { scanOther: 'void', refuse: 'void' }],
    ['claimed', {}],
    ['finished', { disown: 'void' }],
    ['void', {}],
  ])('%s', (stage, expected) => {
    const record = STAGES[stage];
    const steps = (now: number) => ({
      scan: scan(record, 'oMing', now, '999999')?.stage,
      scanOther: scan(record, 'oStranger', now, '999999')?.stage,
      agree: agree(record, 'oMing', now)?.stage,
      agreeOther: agree(record, 'oStranger', now)?.stage,
      refuse: refuse(record, 'oMing', now)?.stage,
      refuseOther: refuse(record, 'oStranger', now)?.stage,
      disown: disown(record, 'oMing', now)?.stage,
      disownOther: disown(record, 'oStranger', now)?.stage,
    });
    const none = Object.fromEntries(Object.keys(steps(T)).map((name) => [name, undefined]));
    expect(steps(T)).toEqual({ ...none, ...expected });
    // At its very end a stage is over; what is finished can be disowned for as long as it is there.
    expect(steps(record.until)).toEqual({ ...none, ...(stage === 'finished' ? expected : {}) });
    const living = ['waiting', 'scanned', 'agreed'].includes(stage);
    expect([isLiving(record, record.until - 1), isLiving(record, record.until)]).toEqual([living, false]);
    expect([isOver(record, record.until - 1), isOver(record, record.until)]).toEqual([false, living]);
  });
});

it.each<[string, ScanRecord | undefined, string, string]>([
  ['nothing', undefined, 'waiting', 'waiting'],
  ['waiting', waiting, 'waiting', 'expired'],
  ['scanned', scanned, 'scanned', 'expired'],
  ['agreed', agreed, 'agreed', 'expired'],
  ['claimed with digits', claimed, 'scanned', 'expired'],
  ['claimed by the button', claim(agreed as Scanned, T), 'agreed', 'expired'],
  ['finished', finished, 'finished', 'finished'],
  ['void', ended, 'void', 'void'],
])('%s is told as %s', (_name, record, now, later) => {
  expect([statusOf(record, T), statusOf(record, T + 10 * LIFETIME)]).toEqual([now, later]);
});

it('three wrong digits end it, and not two', () => {
  const [once, twice] = [fail(scanned, T), fail(fail(scanned, T) as Scanned, T)];
  expect([once, twice]).toMatchObject([
    { stage: 'scanned', tries: 1, until: scanned.until },
    { stage: 'scanned', tries: 2, until: scanned.until },
  ]);
  expect(fail(twice as Scanned, T + 5)).toEqual({
    stage: 'void',
    why: 'digits',
    url: 'http://u',
    since: T,
    seat,
    until: T + 5 + OVER_MS,
    openid: 'oMing',
    at: T,
  });
});

it('the same person again keeps digits and tries', () => {
  const failed = fail(scanned, T);
  expect(scan(failed, 'oMing', T + 1_000, '999999')).toBeUndefined();
  expect(scanned).toMatchObject({ sent: DIGITS, openid: 'oMing', until: T + SCANNED_MS });
});

it('what is void holds neither digits nor a result', () => {
  expect(Object.keys(disown(finished, 'oMing', T)!).sort()).toEqual(Object.keys(ended).sort());
  expect(ended).not.toHaveProperty('sent');
});

it.each([
  {},
  { ...waiting, stage: 'Waiting' },
  { ...waiting, seat: null },
  { ...waiting, seat: 'x' },
  { ...waiting, until: '1' },
  { ...waiting, since: Number.NaN },
  { ...waiting, url: undefined },
])('%j is no record', (value) => expect(isScanRecord(value)).toBe(false));
it('each stage is one', () => {
  for (const record of Object.values(STAGES)) expect(isScanRecord({ ...record })).toBe(true);
});

type Move = { who: 'oMing' | 'oStranger'; what: string; after: number };
const moves = fc.array(
  fc.record({
    who: fc.constantFrom('oMing' as const, 'oStranger' as const),
    what: fc.constantFrom('scan', 'agree', 'refuse', 'wrong', 'right', 'late'),
    after: fc.integer({ min: 0, max: 60_000 }),
  }),
  { maxLength: 25 },
);

/** As the door makes them: digits only where digits were sent, a claim only where it may be. */
function play(list: Move[], sent: string): { records: ScanRecord[]; claims: string[]; nows: number[] } {
  let [record, now]: [ScanRecord, number] = [waiting, T];
  const [records, claims, nows] = [[record], [] as string[], [now]];
  for (const { who, what, after } of list) {
    now += what === 'late' ? LIFETIME : after;
    const asked = isLiving(record, now) && record.stage === 'scanned' ? record : undefined;
    let next: ScanRecord | undefined;
    if (what === 'scan') next = scan(record, who, now, sent);
    if (what === 'agree') next = agree(record, who, now);
    if (what === 'refuse') next = refuse(record, who, now);
    if (what === 'wrong' && asked) next = fail(asked, now);
    const mayClaim = what === 'right' && (asked ?? (isLiving(record, now) && record.stage === 'agreed'));
    if (mayClaim) {
      next = claim(record as Scanned, now);
      claims.push((record as Scanned).openid);
    }
    record = next ?? record;
    records.push(record);
    nows.push(now);
  }
  return { records, claims, nows };
}

describe('whatever people do, in whatever order', () => {
  it('nothing comes back from the end, and nobody claims twice', () => {
    fc.assert(
      fc.property(moves, (list) => {
        const { records, claims, nows } = play(list, DIGITS);
        expect(claims.length).toBeLessThanOrEqual(1);
        for (let index = 1; index < records.length; index++) {
          const before = records[index - 1]!;
          const isEnd = before.stage === 'void' || isOver(before, nows[index]!);
          const hasChanged = records[index] !== before;
          expect(hasChanged && (isEnd || before.stage === 'finished')).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('a second openid while it lives ends it for both', () => {
    fc.assert(
      fc.property(moves, (list) => {
        const { records, nows } = play(list, DIGITS);
        for (const [index, { who, what }] of list.entries()) {
          const [before, now] = [records[index]!, nows[index + 1]!];
          if (what !== 'scan' || !isLiving(before, now) || before.stage === 'waiting') continue;
          const after = records[index + 1]!;
          expect(after.stage).toBe(before.openid === who ? before.stage : 'void');
        }
      }),
      { numRuns: 500 },
    );
  });

  it('whoever is signed in scanned first, alone, and in time', () => {
    fc.assert(
      fc.property(moves, (list) => {
        const { records, claims } = play(list, DIGITS);
        if (claims.length === 0) return;
        const first = list.find(({ what }) => what === 'scan')!;
        expect(claims).toEqual([first.who]);
        expect(records.some(({ stage }) => stage === 'void')).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
