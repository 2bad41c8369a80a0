// WeChat's QR code in a page, with a window and a script of the test's own.
import { type QrLoginOptions, showQrLogin, WechatQrLoginError } from '../../../lib/client/index.js';
import type { QrWindow } from '../../../lib/client/qr-login.js';

const PAGE = 'https://www.example.com/teas?cups=2#notes';
const API = 'https://shop.example.com';
const MINUTE = 60_000;

class Page implements QrWindow {
  now = 1_800_000_000_000;
  readonly asked: { url: string; init: Record<string, unknown> }[] = [];
  readonly trips: string[] = [];
  readonly told: unknown[][] = [];
  /** What WeChat's script was called with, and how often it was cleaned up. */
  readonly codes: Record<string, unknown>[] = [];
  cleaned = 0;
  frame = { postMessage: (...said: unknown[]) => void this.told.push(said) };
  element = {
    id: '',
    emptied: 0,
    querySelector: () => (this.codes.length > 0 ? { contentWindow: this.frame as unknown } : null),
    replaceChildren: () => void this.element.emptied++,
  };
  timers = new Map<number, { act: () => void; at: number }>();
  listeners = new Set<(event: never) => void>();
  problems: WechatQrLoginError[] = [];
  Date = { now: () => this.now };
  location = {
    href: PAGE,
    origin: new URL(PAGE).origin,
    assign: (url: string) => void this.trips.push(url),
    reload: () => void this.trips.push('reload'),
  };
  answer: () => { status: number; body: unknown } = () => ({ status: 200, body: this.given() });

  given = (changes: object = {}) => ({
    appid: 'wx1',
    scope: 'snsapi_login',
    redirect_uri: encodeURIComponent(`${API}/wechat/login?returnTo=x`),
    state: `f${this.asked.length}`,
    self_redirect: true,
    expiresAt: this.now + 30 * MINUTE,
    ...changes,
  });

  WxLogin = ((page: Page) =>
    function (options: Record<string, unknown>) {
      page.codes.push({ ...options });
      options['onCleanup'] = () => void page.cleaned++;
    })(this) as never;

  fetch = async (url: string, init: object) => {
    this.asked.push({ url, init: init as Record<string, unknown> });
    const { status, body } = this.answer();
    if (status === 0) throw new TypeError('Failed to fetch');
    return { ok: status === 200, status, json: async () => body };
  };
  addEventListener = (_: 'message', listener: never) => void this.listeners.add(listener);
  removeEventListener = (_: 'message', listener: never) => void this.listeners.delete(listener);
  setTimeout = (act: () => void, ms: number) => {
    const id = Math.random();
    this.timers.set(id, { act, at: this.now + ms });
    return id;
  };
  clearTimeout = (id: unknown) => void this.timers.delete(id as number);

  async open(options: Partial<QrLoginOptions> = {}) {
    const code = showQrLogin({
      element: this.element as never,
      baseUrl: API,
      selfRedirect: true,
      window: this,
      onProblem: (problem) => void this.problems.push(problem),
      ...options,
    });
    await settle();
    return code;
  }

  async pass(ms: number): Promise<void> {
    this.now += ms;
    for (const [id, { act, at }] of this.timers) {
      if (at > this.now) continue;
      this.timers.delete(id);
      act();
    }
    await settle();
  }

  hear(event: object = {}): void {
    const whole = { data: { type: 'wechat-login', ok: true }, origin: API, source: this.frame, ...event };
    for (const listener of this.listeners) listener(whole as never);
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const isSettled = async (promise: Promise<void>) => {
  let settled = false;
  void promise.then(() => (settled = true));
  await settle();
  return settled;
};

let page: Page;
beforeEach(() => {
  page = new Page();
});

describe('A code in a page', () => {
  it('is asked for with cookies, and shown as it was given', async () => {
    await page.open({ app: 'website', wx: { stylelite: 1, lang: 'en' } });
    const [{ url, init }] = page.asked as [(typeof page.asked)[0]];
    expect(url).toBe(
      `${API}/wechat/login/qr?${new URLSearchParams({ returnTo: PAGE, self_redirect: 'true', app: 'website' })}`,
    );
    expect(init).toMatchObject({ credentials: 'include' });
    expect(page.element.id).toMatch(/^wechat-qr-\d+$/);
    const { expiresAt: _, ...given } = { ...page.given(), state: 'f1' };
    expect(page.codes).toEqual([{ stylelite: 1, lang: 'en', ...given, id: page.element.id }]);
  });

  it.each([
    [{ baseUrl: '/api/', loginPath: '/auth/wechat/' }, 'https://www.example.com/api/auth/wechat/login/qr'],
    [{ baseUrl: undefined as never }, 'https://www.example.com/wechat/login/qr'],
  ])('is asked for where the application is: %j', async (options, address) => {
    await page.open({ ...options, returnTo: '/a\\b' });
    const { origin, pathname, searchParams } = new URL(page.asked[0]!.url);
    expect([origin + pathname, searchParams.get('returnTo')]).toEqual([
      address,
      'https://www.example.com/a/b',
    ]);
  });

  it.each([
    { baseUrl: '//evil.test' },
    { baseUrl: 'javascript:alert(1)' },
    { baseUrl: 'https://a.example.com/?x' },
    { baseUrl: 'https://user@a.example.com' },
    { baseUrl: 'https://user:pw@a.example.com/api' },
    { baseUrl: 'https://a.example.com\\b' },
    { loginPath: '//evil.test' },
    { loginPath: 'wechat' },
    { returnTo: 'javascript:alert(1)' },
  ])('is not asked for at %j', async (options) => {
    await expect(page.open(options)).rejects.toThrow(TypeError);
    expect(page.asked).toEqual([]);
  });

  it('needs WeChat’s script', async () => {
    page.WxLogin = undefined as never;
    await expect(page.open()).rejects.toThrow(/wxLogin\.js/);
  });

  it('is renewed before it is over, and the script of the old one cleaned up', async () => {
    await page.open();
    await page.pass(28 * MINUTE - 1);
    expect(page.codes).toHaveLength(1);
    await page.pass(1);
    expect([page.codes.map(({ state }) => state), page.cleaned]).toEqual([['f1', 'f2'], 1]);
  });

  it.each([-5 * 3_600_000, 5 * 3_600_000, Number.NaN])(
    'is renewed in time by a clock that is off by %d ms',
    async (off) => {
      page.answer = () => ({ status: 200, body: page.given({ expiresAt: page.now + off }) });
      await page.open();
      await page.pass(27 * MINUTE);
      expect(page.codes).toHaveLength(1);
      await page.pass(MINUTE);
      expect(page.codes).toHaveLength(2);
    },
  );

  it.each<[string, { status: number; body: unknown }, object]>([
    ['refused', { status: 403, body: { message: 'no', code: 'BAD_LOGIN_REQUEST', reason: 'ORIGIN_NOT_ALLOWED', ref: 'AB' } }, { message: 'no', statusCode: 403, code: 'BAD_LOGIN_REQUEST', reason: 'ORIGIN_NOT_ALLOWED', ref: 'AB' }],
    ['nonsense', { status: 200, body: 'hello' }, { statusCode: 200 }],
    ['nothing', { status: 200, body: null }, { statusCode: 200 }],
    ['unreachable', { status: 0, body: null }, { message: 'No answer came.' }],
  ])('where the answer is %s is asked for again after a pause', async (_what, answer, problem) => {
    page.answer = () => answer;
    await page.open();
    expect(page.problems).toEqual([expect.objectContaining(problem)]);
    expect(page.problems[0]).toBeInstanceOf(WechatQrLoginError);
    await page.pass(9_999);
    expect(page.asked).toHaveLength(1);
    page.answer = () => ({ status: 200, body: page.given() });
    await page.pass(1);
    expect(page.codes).toHaveLength(1);
  }); // prettier-ignore
});

describe('The end in the frame', () => {
  it('is heard, answered to its exact origin, and the page goes to returnTo', async () => {
    const code = await page.open({ returnTo: '/account' });
    page.hear();
    expect(page.told).toEqual([[{ type: 'wechat-login-received' }, API]]);
    expect(await isSettled(code.signedIn)).toBe(true);
    expect(page.trips).toEqual(['https://www.example.com/account']);
    expect([page.listeners.size, page.timers.size]).toEqual([0, 0]);
  });

  it('loads the page anew where returnTo is the page itself', async () => {
    await page.open();
    page.hear();
    expect(page.trips).toEqual([PAGE, 'reload']);
  });

  it('leaves the page where it is when it is told so', async () => {
    const code = await page.open({ stay: true });
    page.hear();
    expect([await isSettled(code.signedIn), page.trips]).toEqual([true, []]);
  });

  it('is taken away with its frame afterwards, once', async () => {
    const code = await page.open({ stay: true });
    page.hear();
    code.close();
    code.close();
    expect([page.element.emptied, page.cleaned]).toEqual([1, 1]);
  });

  it.each<[string, object]>([
    ['of another origin', { origin: 'https://evil.example.com' }],
    ['of WeChat', { origin: 'https://open.weixin.qq.com' }],
    ['of a page without one', { origin: 'null' }],
    ['of another window', { source: {} }],
    ['of nobody', { source: null }],
    ['about something else', { data: { type: 'wechat-login-received', ok: true } }],
    ['without a result', { data: { type: 'wechat-login' } }],
    ['with a word for yes', { data: { type: 'wechat-login', ok: 'true' } }],
    ['as text', { data: '{"type":"wechat-login","ok":true}' }],
    ['of nothing', { data: null }],
  ])('is not believed to a message %s', async (_what, event) => {
    const code = await page.open();
    page.hear(event);
    expect([await isSettled(code.signedIn), page.told, page.trips]).toEqual([false, [], []]);
  });

  it('that went wrong stays to be read, and then there is another code', async () => {
    const code = await page.open();
    page.hear({ data: { type: 'wechat-login', ok: false } });
    expect(page.problems).toEqual([expect.objectContaining({ code: 'LOGIN_OVER' })]);
    expect(page.told).toHaveLength(1);
    await page.pass(10_000);
    expect([page.codes.length, await isSettled(code.signedIn), page.trips]).toEqual([2, false, []]);
  });

  it('is not waited for in a code that was taken away', async () => {
    const code = await page.open();
    code.close();
    code.close();
    page.hear();
    await page.pass(60 * MINUTE);
    expect([page.asked.length, page.element.emptied, page.cleaned, page.told]).toEqual([1, 1, 1, []]);
  });

  it('shows no code that comes after it was taken away', async () => {
    const opening = page.open();
    (await opening).close();
    const late = new Page();
    const code = showQrLogin({ element: late.element as never, baseUrl: API, window: late });
    code.close();
    await settle();
    expect([late.codes, late.timers.size, late.listeners.size]).toEqual([[], 0, 0]);
  });
});
