// What goes out when the module answers by itself: cookies, headers, status and body, in the calls
// that an adapter of Nest gets.
import { Logger } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ResponseWriter } from '../../../../lib/auth/http/response-writer.js';
import { type PageBrand, renderProblemPage } from '../../../../lib/auth/problems/problem-page.js';
import { makeProblem } from '../../../../lib/auth/problems/problems.js';
import type { WechatHooks } from '../../../../lib/index.js';
import { LogCapture } from '../../../support/log-capture.js';

let logs: LogCapture;
beforeEach(() => Logger.overrideLogger((logs = new LogCapture())));
afterEach(() => Logger.overrideLogger(false));

const RESPONSE = { platform: 'response' };

/** An adapter that writes down what it is asked to send, and of which response. */
class Adapter {
  /** What the application has set before. */
  headers: Record<string, string> = {};
  setCookies: string[] = [];
  sent: unknown[] | undefined;
  begun: unknown = false;

  isHeadersSent = (response: unknown) => this.of(response, this.begun);
  getHeader? = (response: unknown, name: string) => this.of(response, this.headers[name]);
  setHeader = (response: unknown, name: string, value: string) =>
    void this.of(response, (this.headers[name] = value));
  appendHeader = (response: unknown, name: string, value: string) => {
    if (name !== 'Set-Cookie') throw new Error(`appended ${name}`);
    this.of(response, this.setCookies.push(value));
  };
  reply = (response: unknown, body: unknown, status: number) => this.end(response, 'reply', status, body);

  private end(response: unknown, ...what: unknown[]): void {
    if (this.sent) throw new Error('answered twice');
    this.sent = this.of(response, what);
  }

  private of<T>(response: unknown, value: T): T {
    if (response !== RESPONSE) throw new Error('another response');
    return value;
  }
}

let adapter: Adapter;
let answer: ResponseWriter;
beforeEach(() => {
  adapter = new Adapter();
  answer = new ResponseWriter(adapter as unknown as AbstractHttpAdapter, RESPONSE);
});

const PRIVATE = { 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' };
const COOKIES = ['a=1; Path=/', 'b=2; Path=/'];

describe('An answer', () => {
  it.each([
    [true, true],
    [false, false],
    [undefined, false],
  ])('whose headers are sent: %s, has begun: %s', (begun, expected) => {
    adapter.begun = begun;
    expect(answer.hasBegun).toBe(expected);
  });

  it('gets each cookie in a field of its own, in their order', () => {
    answer.setCookies(COOKIES);
    expect([adapter.setCookies, adapter.headers]).toEqual([COOKIES, {}]);
  });

  it('of a guarded route is kept from shared caches, and of a public one is not', () => {
    answer.pass({ kind: 'pass', identity: undefined, setCookies: ['a=1'], unguarded: true });
    expect([adapter.setCookies, adapter.headers]).toEqual([['a=1'], {}]);
    answer.pass({ kind: 'pass', identity: undefined, setCookies: ['b=2'] });
    expect([adapter.setCookies, adapter.headers]).toEqual([['a=1', 'b=2'], { 'Cache-Control': 'private' }]);
    expect(adapter.sent).toBeUndefined();
  });
});

describe('A redirect', () => {
  it.each([
    ['https://shop.example.com/orders', 'https://shop.example.com/orders#'],
    ['https://shop.example.com/orders#top', 'https://shop.example.com/orders#top'],
    ['https://shop.example.com', 'https://shop.example.com/#'],
    ['https://shop.example.com/订单?q=茶', 'https://shop.example.com/%E8%AE%A2%E5%8D%95?q=%E8%8C%B6#'],
    ['/订单', '/%E8%AE%A2%E5%8D%95#'],
  ])('to %s is a 302 to %s', (location, address) => {
    answer.redirect({ kind: 'redirect', location, setCookies: COOKIES });
    expect(adapter.sent).toEqual(['reply', 302, undefined]);
    expect([adapter.setCookies, adapter.headers]).toEqual([COOKIES, { ...PRIVATE, Location: address }]);
  });

  it.each([
    ['https://shop.example.com/orders', 'https://shop.example.com/orders'],
    ['https://shop.example.com/orders#top', 'https://shop.example.com/orders#top'],
  ])('of a POST to %s is a 303 without a fragment of ours', (location, address) => {
    answer.redirect({ kind: 'redirect', location, setCookies: [] }, 303);
    expect([adapter.sent, adapter.headers['Location']]).toEqual([['reply', 303, undefined], address]);
  });
});

describe('A page', () => {
  const problem = makeProblem('LOGIN_FAILED', 'en', 'REF0123456', { retryUrl: 'https://shop.example.com/a' });
  const never = new Promise<never>(() => {});
  const BASE = new URL('https://shop.example.com/app/');

  /** Shows the problem, with a pause that never ends where nothing else is said. */
  async function show(
    renderProblem: unknown,
    {
      base = undefined as URL | undefined,
      sleep = (): Promise<void> => never,
      brand = undefined as PageBrand | undefined,
    } = {},
  ) {
    const pauses: number[] = [];
    const runtime = { sleep: (ms: number) => (pauses.push(ms), sleep()) };
    const hooks = (renderProblem === undefined ? {} : { renderProblem }) as WechatHooks;
    const verdict = { kind: 'page', problem, lang: 'en', setCookies: COOKIES, base } as const;
    await answer.page(verdict, { hooks, runtime, brand });
    return pauses;
  }

  const PAGE = renderProblemPage(problem, 'en');
  const OURS = ['reply', 502, PAGE.html];
  const HEADERS = {
    ...PRIVATE,
    'Content-Type': 'text/html; charset=utf-8',
    'X-Frame-Options': 'DENY',
  };

  it('is the built-in one where the application has none', async () => {
    expect(await show(undefined)).toEqual([]);
    expect(adapter.sent).toEqual(OURS);
    expect(adapter.headers).toEqual({ ...HEADERS, 'Content-Security-Policy': PAGE.policy });
    expect([adapter.setCookies, logs.lines]).toEqual([COOKIES, []]);
  });

  it('of ours has our policy, whatever the application has set', async () => {
    adapter.headers = { 'Content-Security-Policy': "script-src 'self'", 'X-Frame-Options': 'SAMEORIGIN' };
    await show(undefined);
    expect(adapter.headers).toEqual({ ...HEADERS, 'Content-Security-Policy': PAGE.policy });
  });

  it.each([
    ['/logo.png?v=2', BASE, 'https://shop.example.com/app/logo.png'],
    ['https://cdn.example.com/logo.png', undefined, 'https://cdn.example.com/logo.png'],
    ['/logo.png', undefined, undefined],
  ])('of ours has the logo %s below %s, if anybody knows where that is', async (logoUrl, base, source) => {
    await show(undefined, { base, brand: { name: 'Tea', logoUrl, color: undefined } });
    const [, , html] = adapter.sent as string[];
    expect(html).toContain('<span>Tea</span>');
    expect(html!.includes('<img')).toBe(source !== undefined);
    expect(/img-src ([^;]+);/.exec(adapter.headers['Content-Security-Policy']!)?.[1]).toBe(source);
  });

  it.each([
    ['at once', () => ({ status: 418, html: '<p>own' })],
    ['later', async () => ({ status: 418, html: '<p>own' })],
  ])('of the application is shown instead when it comes %s', async (_when, render) => {
    expect(await show(render)).toEqual([5_000]);
    expect(adapter.sent).toEqual(['reply', 418, '<p>own']);
    expect(adapter.headers).toEqual({ ...HEADERS, 'Content-Security-Policy': "frame-ancestors 'none'" });
    expect([adapter.setCookies, logs.lines]).toEqual([COOKIES, []]);
  });

  it.each([
    [200, '<p>own'],
    [204, ''],
    [599, '<p>own'],
  ])('of the application may have the status %s and be %j', async (status, html) => {
    await show(() => ({ status, html }));
    expect(adapter.sent).toEqual(['reply', status, html]);
  });

  it.each([
    ['Content-Security-Policy', "script-src 'self'"],
    ['X-Frame-Options', 'SAMEORIGIN'],
  ])('of the application keeps the %s that it has set, and gets the other', async (name, value) => {
    adapter.headers = { [name]: value };
    await show(() => ({ status: 200, html: '<p>own' }));
    expect(adapter.headers).toEqual({
      ...HEADERS,
      'Content-Security-Policy': "frame-ancestors 'none'",
      [name]: value,
    });
  });

  it('of the application is protected too where an adapter cannot say what is set', async () => {
    delete adapter.getHeader;
    await show(() => ({ status: 200, html: '<p>own' }));
    expect(adapter.headers).toMatchObject({ 'X-Frame-Options': 'DENY' });
  });

  it.each([undefined, null, ''])('of the application is no redirect to %j', async (redirect) => {
    await show(() => ({ redirect, status: 418, html: '<p>own' }));
    expect([adapter.sent, adapter.headers['Location']]).toEqual([['reply', 418, '<p>own'], undefined]);
  });

  it('is made from the problem', async () => {
    const asked: unknown[] = [];
    await show((...args: unknown[]) => void asked.push(...args));
    expect(asked).toEqual([problem]);
  });

  it('is the built-in one where the application leaves this problem to us', async () => {
    await show(() => undefined);
    expect([adapter.sent, logs.lines]).toEqual([OURS, []]);
  });

  it.each([
    ['/sorry', BASE, 'https://shop.example.com/app/sorry#'],
    ['/sorry', undefined, '/sorry#'],
    ['//other.example.com/sorry', BASE, '//other.example.com/sorry#'],
    ['https://other.example.com/sorry', BASE, 'https://other.example.com/sorry#'],
    ['https://other.example.com/sorry', undefined, 'https://other.example.com/sorry#'],
  ])('of the application may be elsewhere: %s below %s', async (redirect, base, address) => {
    await show(() => ({ redirect, status: 418, html: '<p>own' }), { base });
    expect([adapter.sent, adapter.headers['Location']]).toEqual([['reply', 302, undefined], address]);
    expect([adapter.setCookies, adapter.headers, logs.lines]).toEqual([
      COOKIES,
      { ...PRIVATE, Location: address },
      [],
    ]);
  });

  const failed = (why: string) => [
    {
      level: 'error',
      text: expect.stringContaining(
        `hooks.renderProblem ${why}; the built-in page was shown, ref REF0123456`,
      ),
    },
  ];

  it.each([
    null,
    '',
    '<p>own',
    7,
    {},
    { redirect: 7 },
    { redirect: undefined },
    { redirect: '' },
    { status: 200 },
    { html: '<p>own' },
    { status: '200', html: '<p>own' },
    { status: 200.5, html: '<p>own' },
    { status: 0, html: '<p>own' },
    { status: 101, html: '<p>own' },
    { status: 199, html: '<p>own' },
    { status: 600, html: '<p>own' },
    { status: 200, html: 7 },
  ])('is the built-in one where the application gives %j', async (own) => {
    await show(() => own);
    expect(adapter.sent).toEqual(OURS);
    expect(logs.lines).toEqual(failed('returned neither { redirect } nor { status, html }'));
  });

  it.each([
    ['RangeError', new RangeError('secret')],
    ['string', 'secret'],
    ['object', null],
  ])(
    'is the built-in one where the application throws a %s, of which no more is told',
    async (name, error) => {
      await show(() => {
        throw error;
      });
      expect(adapter.sent).toEqual(OURS);
      adapter.sent = undefined;
      await show(() => Promise.reject(error));
      expect(adapter.sent).toEqual(OURS);
      expect(logs.lines).toEqual([...failed(`threw ${name}`), ...failed(`threw ${name}`)]);
      expect(logs.text).not.toContain('secret');
    },
  );

  it('is the built-in one where that of the application is too long in coming', async () => {
    await show(() => never, { sleep: async () => {} });
    expect(adapter.sent).toEqual(OURS);
    expect(logs.lines).toEqual(failed('took longer than 5 s'));
  });

  it.each([
    ['a page', { status: 418, html: '<p>own' }],
    ['an address', { redirect: '/sorry' }],
    ['nothing', undefined],
  ])(
    'is nobody’s when somebody else has answered meanwhile, and the application gives %s',
    async (_w, own) => {
      await show(async () => {
        adapter.begun = true;
        return own;
      });
      expect([adapter.sent, adapter.setCookies, adapter.headers]).toEqual([undefined, [], {}]);
    },
  );
});
