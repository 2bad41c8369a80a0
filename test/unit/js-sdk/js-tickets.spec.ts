// The ticket of the JS-SDK: how often it is asked for, how long it is used, who else gets it.
import { Logger } from '@nestjs/common';
import { WechatApiError, WechatResponseError } from '../../../lib/index.js';
import { JsTickets, type TicketCalls } from '../../../lib/js-sdk/js-tickets.js';
import { expectFreeOf } from '../../support/canary.js';
import { failureOf } from '../../support/failure.js';
import { FlakyStore } from '../../support/flaky-store.js';
import { LogCapture } from '../../support/log-capture.js';
import { APP_ID, makeParts } from '../../support/parts.js';

const KEY = `wechat:${APP_ID}:js-ticket:jsapi`;
const SECRET = 'session-secret-canary-0123456789abcdef';
const MINUTE = 60_000;
const LIFE = 7_200_000;

/** An application of one or several processes with one store; WeChat answers what the test says. */
function setUp(sessionSecret: string | undefined = SECRET) {
  const store = new FlakyStore({ now: () => first.parts.runtime.now() });
  const asked: Parameters<TicketCalls['call']>[] = [];
  let answers: (nth: number) => unknown = (nth) => good(`ticket-canary-${nth}`);
  const start = () => {
    const parts = makeParts({ sessionSecret, publicUrl: 'https://shop.example.com' }, { store });
    const call: TicketCalls['call'] = async (...given) => {
      asked.push(given);
      return answers(asked.length);
    };
    const tickets = new JsTickets({ call }, parts.vault, parts.runtime);
    return { parts, tickets, of: async (app = parts.app) => (await tickets.of(app)).reveal() };
  };
  const first: ReturnType<typeof start> = start();
  return { ...first, store, asked, start, answer: (next: typeof answers) => void (answers = next) };
}

const good = (ticket: string, expires_in: unknown = 7200) => ({
  errcode: 0,
  errmsg: 'ok',
  ticket,
  expires_in,
});

describe('The ticket of the JS-SDK', () => {
  it('is asked for as the documentation says, and once for all who want it', async () => {
    const { of, asked, parts } = setUp();

    expect(await Promise.all([of(), of(), of()])).toEqual(Array(3).fill('ticket-canary-1'));
    expect(await of()).toBe('ticket-canary-1');
    expect(asked).toEqual([
      [parts.app, '/cgi-bin/ticket/getticket', { query: { type: 'jsapi' }, repeatable: true }],
    ]);
  });

  it.each([
    [0, 10_000],
    [0.999, 59_950],
  ])('is used until shortly before its end, with chance at %d for %d ms', async (chance, early) => {
    const { of, asked, parts } = setUp();
    parts.runtime.chance = chance;
    await of();

    parts.runtime.time += LIFE - early - 100;
    await of();
    expect(asked).toHaveLength(1);
    parts.runtime.time += 200;
    expect(await of()).toBe('ticket-canary-2');
  });

  it('with little left is used for nine tenths of it', async () => {
    const { of, asked, parts, answer } = setUp();
    answer((nth) => good(`t${nth}`, 100));
    await of();

    parts.runtime.time += 89_000;
    await of();
    expect(asked).toHaveLength(1);
    parts.runtime.time += 2_000;
    expect(await of()).toBe('t2');
  });

  it('is never taken to live longer than WeChat lets any live', async () => {
    const { of, asked, parts, answer } = setUp();
    answer((nth) => good(`t${nth}`, '86400'));
    await of();
    await of();
    expect(asked).toHaveLength(1);

    parts.runtime.time += LIFE - 1;
    await of();
    expect(asked).toHaveLength(2);
  });

  it('is not used any more when the clock has been set back', async () => {
    const { of, asked, parts } = setUp();
    await of();

    parts.runtime.time -= 2 * MINUTE;
    await of();
    expect(asked).toHaveLength(2);
  });

  it('is of its app alone', async () => {
    const { of, parts } = setUp();

    expect(await of()).toBe('ticket-canary-1');
    expect(await of({ ...parts.app, appId: 'wx000000000000other' })).toBe('ticket-canary-2');
    expect(await of()).toBe('ticket-canary-1');
  });
});

describe('The ticket in the store', () => {
  it('serves the other processes, sealed and no longer than it lives', async () => {
    const { of, asked, start, store, parts } = setUp();
    await of();
    const other = start();

    expect(await other.of()).toBe('ticket-canary-1');
    expect(asked).toHaveLength(1);
    expect(await store.get(KEY)).toMatch(/^v1\./);
    expectFreeOf(await store.get(KEY), ['ticket-canary-1']);
    parts.runtime.time += LIFE;
    expect(await store.get(KEY)).toBeUndefined();
  });

  it.each([
    ['an older end', -MINUTE, 'ticket-canary-1', 'ticket-canary-1'],
    ['a newer end', MINUTE / 2, 'theirs', 'theirs'],
    ['an end that nobody believes', 3 * LIFE, 'ticket-canary-1', 'ticket-canary-1'],
  ])('that was written meanwhile with %s', async (_, later, used, kept) => {
    const { of, start, answer, parts, store } = setUp();
    const theirs = { ticket: 'theirs', expiresAt: parts.runtime.now() + LIFE + later };
    answer(async () => {
      await parts.vault.write(KEY, theirs, LIFE);
      return good('ticket-canary-1');
    });

    expect(await of()).toBe(used);
    expect(await parts.vault.read(KEY)).toMatchObject({ value: { ticket: kept } });
    expect(await start().of()).toBe(kept);
    expect(await store.get(KEY)).toMatch(/^v1\./);
  });

  it.each([
    ['no JSON', 'nonsense'],
    ['sealed with another secret', 'v1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
  ])('that is %s counts as missing and is replaced', async (_, text) => {
    const { of, store, start, asked } = setUp();
    await store.set(KEY, text, LIFE);

    expect(await of()).toBe('ticket-canary-1');
    expect(await start().of()).toBe('ticket-canary-1');
    expect(asked).toHaveLength(1);
  });

  it.each([
    { ticket: '', expiresAt: Date.UTC(2026, 0, 1, 1) },
    { ticket: 'a\nb', expiresAt: Date.UTC(2026, 0, 1, 1) },
    { ticket: 't', expiresAt: '2026' },
    { ticket: 't' },
    { ticket: 't', expiresAt: Date.UTC(2026, 0, 1) },
    { ticket: 't', expiresAt: Date.UTC(2025, 0, 1) },
    { ticket: 't', expiresAt: Date.UTC(2126, 0, 1) },
    {},
  ])('is not used when it is %j', async (record) => {
    const { of, parts } = setUp();
    await parts.vault.write(KEY, record, LIFE);

    expect(await of()).toBe('ticket-canary-1');
  });

  it.each(['rejects', 'throws', 'throws text'] as const)('may be down: %s', async (mode) => {
    const { of, asked, store } = setUp();
    store.mode = mode;

    expect(await of()).toBe('ticket-canary-1');
    expect(await of()).toBe('ticket-canary-1');
    expect(asked).toHaveLength(1);
  });
});

describe('No ticket', () => {
  const refusal = () => {
    throw new WechatApiError({ errcode: 45009, errmsg: 'no', endpoint: '/cgi-bin/ticket/getticket' });
  };

  it('is the same error for all who asked meanwhile, and a new question for the next', async () => {
    const { of, asked, answer } = setUp();
    answer(refusal);
    const [one, two] = await Promise.all([failureOf(of), failureOf(of)]);

    expect(one).toBeInstanceOf(WechatApiError);
    expect(two).toBe(one);
    expect(asked).toHaveLength(1);
    answer(() => good('now'));
    expect(await of()).toBe('now');
  });

  it('takes nothing away from one that is asked for early and good for a while yet', async () => {
    const { of, asked, answer, parts } = setUp();
    await of();
    answer(refusal);
    parts.runtime.time += LIFE - 5_000;
    expect(await Promise.all([of(), of()])).toEqual(['ticket-canary-1', 'ticket-canary-1']);
    expect(asked).toHaveLength(2);
    parts.runtime.time += 5_000;

    expect(await failureOf(of)).toBeInstanceOf(WechatApiError);
  });

  it.each([
    undefined,
    null,
    'text',
    Buffer.from('file'),
    {},
    { ticket: 'ticket-canary' },
    { expires_in: 7200 },
    good(''),
    good('ticket canary'),
    good('ticket\ncanary'),
    good('t'.repeat(2049)),
    { ticket: ['ticket-canary'], expires_in: 7200 },
    good('ticket-canary', 0),
    good('ticket-canary', -1),
    good('ticket-canary', null),
    good('ticket-canary', 'soon'),
    good('ticket-canary', Infinity),
  ])('is what WeChat would not answer: %j', async (given) => {
    const { of, answer, store } = setUp();
    answer(() => given);
    const error = await failureOf(of);

    expect(error).toBeInstanceOf(WechatResponseError);
    expectFreeOf(error, ['ticket-canary', 'ticket canary']);
    expect(await store.get(KEY)).toBeUndefined();
  });
});

describe('What may be seen of tickets', () => {
  it('is nothing, in the object that holds them and in what the log says of an outage', async () => {
    const logs = new LogCapture();
    Logger.overrideLogger(logs);
    try {
      const { of, tickets, store } = setUp();
      await of();
      store.mode = 'rejects';
      const other = setUp();
      other.store.mode = 'throws';
      await other.of();

      expectFreeOf(tickets, ['ticket-canary']);
      expectFreeOf(logs, ['ticket-canary']);
      expect(logs.text).toContain('token store');
    } finally {
      Logger.overrideLogger(false);
    }
  });
});
