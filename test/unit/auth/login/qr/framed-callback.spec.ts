// The end of a login by a QR code in a page: in the frame of the code, and in the top window.
import { Logger } from '@nestjs/common';
import { writeLogoutMark } from '../../../../../lib/auth/session/logout-mark.js';
import { WechatApiError, type WechatQrLoginOptions } from '../../../../../lib/index.js';
import { AGENTS } from '../../../../support/browser.js';
import {
  cookiesOf,
  HOST,
  type Login,
  makeLogin,
  PAGE,
  pairOf,
  tokenAnswer,
  wordOf,
} from '../../../../support/login-parts.js';

beforeAll(() => Logger.overrideLogger(false));

const WWW = 'https://www.example.com';
const DESK = { ...PAGE, 'user-agent': AGENTS.desktop };
const FRAME = { ...DESK, 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'same-origin' };
const LOGIN = { isLoginRoute: true, mode: 'required' } as const;

let login: Login;
beforeEach(() => {
  login = makeLogin({ returnTo: { origins: [WWW, 'https://www.coffee.test'] } });
  login.answer(async () => tokenAnswer({ scope: ['snsapi_login'] }));
});

/** A page has shown a code: where WeChat leads after the scan, and what the browser keeps. */
function shown(options: WechatQrLoginOptions = {}, at: Login = login) {
  const response = new Map<string, string>();
  const request = at.requestOf({
    path: '/wechat/login/qr',
    headers: { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' },
  });
  const { redirect_uri, state } = at.qrLogins.start(request, response, {
    returnTo: `${HOST}/shop?cups=2`,
    selfRedirect: true,
    ...options,
  });
  const back = new URL(decodeURIComponent(redirect_uri));
  back.searchParams.set('code', 'c');
  back.searchParams.set('state', state);
  return { state, path: back.pathname + back.search, cookies: [pairOf(response.get('Set-Cookie')!)] };
}

type Headers = Record<string, string | undefined>;
const open = (
  { path, cookies }: { path: string; cookies: readonly string[] },
  headers: Headers = FRAME,
  method = 'GET',
) => login.judge({ path, headers, cookies, method }, LOGIN);

describe('A callback in the frame of a code', () => {
  it('is finished when our own document asks, and tells the page around it', async () => {
    const verdict = await open(shown());
    expect(verdict).toMatchObject({
      kind: 'handover',
      ok: true,
      status: 200,
      location: `${HOST}/shop?cups=2`,
      framed: { target: HOST, ancestors: `${HOST} ${WWW}` },
    });
    expect(cookiesOf(verdict).join()).toContain('__Host-wechat_session_');
    expect(login.exchanged).toBe(1);
  });

  it.each(['cross-site', 'same-site', 'none', '', undefined, 'same-origin, same-origin', 'SAME-ORIGIN'])(
    'reads no cookie and touches no code while Sec-Fetch-Site is %s',
    async (site) => {
      const at = shown();
      for (const cookies of [at.cookies, []]) {
        const verdict = await open({ ...at, cookies }, { ...FRAME, 'sec-fetch-site': site });
        expect(verdict).toEqual({ kind: 'bounce', ancestors: `${HOST} ${WWW}` });
      }
      // Somebody signed in is no reason to say more.
      const signedIn = [...at.cookies, login.cookieOf({ app: 'website', appId: login.website.appId })];
      expect(wordOf(await open({ ...at, cookies: signedIn }, { ...FRAME, 'sec-fetch-site': site }))).toBe(
        'bounce',
      );
      expect(login.exchanged).toBe(0);
      expect(wordOf(await open(at))).toBe(`tells ${HOST} true`);
    },
  );

  it.each<[string, Headers, string, string?]>([
    ['a frameset', { ...FRAME, 'sec-fetch-dest': 'frame' }, `tells ${HOST} true`],
    ['an object', { ...FRAME, 'sec-fetch-dest': 'object' }, '401'],
    ['an embed', { ...FRAME, 'sec-fetch-dest': 'embed' }, '401'],
    ['a fenced frame', { ...FRAME, 'sec-fetch-dest': 'fencedframe' }, '401'],
    ['a frame twice', { ...FRAME, 'sec-fetch-dest': 'iframe, iframe' }, '401'],
    ['a fetch', { ...FRAME, 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }, '401'],
    ['a frame that is fetched ahead', { ...FRAME, 'sec-purpose': 'prefetch' }, '503'],
    ['HEAD', { ...FRAME, method: 'HEAD' }, '401'],
    ['POST', { ...FRAME, method: 'POST' }, '401'],
  ])('%s', async (_what, { method, ...headers }, word) => {
    expect(wordOf(await open(shown(), headers, method))).toBe(word);
    expect(login.exchanged).toBe(word.startsWith('tells') ? 1 : 0);
  }); // prettier-ignore

  it('of a login that was not begun for a frame is refused, whoever asks', async () => {
    const top = shown({ selfRedirect: false });
    for (const site of ['same-origin', 'cross-site']) {
      expect(wordOf(await open(top, { ...FRAME, 'sec-fetch-site': site }))).toBe('401');
    }
    const ordinary = await login.judge({ headers: DESK });
    const state = new URL((ordinary as { location: string }).location).searchParams.get('state')!;
    const path = `/orders?code=c&state=${state}`;
    expect(wordOf(await open({ path, cookies: cookiesOf(ordinary) }))).toBe('401');
    // Nobody makes the one of the other.
    const forged = { ...top, path: top.path.replace(`state=e`, 'state=f') };
    expect(wordOf(await open(forged))).toBe('401');
    expect(login.exchanged).toBe(0);
  });

  it('is believed for what its cookie says, not for its state alone', async () => {
    const { pendingLogins, website } = login;
    const facts = { scope: 'snsapi_login', returnTo: `${HOST}/`, asked: '', at: '' } as const;
    for (const [qr, word] of [
      ['frame', `tells ${HOST} true`],
      ['top', '401'],
      [undefined, '401'],
    ] as const) {
      const state = pendingLogins.createState(website, 'frame');
      const flow = qr ? { ...facts, state, qr } : { ...facts, state };
      const cookies = [pairOf(pendingLogins.start(website, [], flow))];
      const path = `/wechat/login?code=${qr}&state=${state}`;
      expect(wordOf(await open({ path, cookies }))).toBe(word);
    }
    expect(login.exchanged).toBe(1);
  });

  it('cannot be finished by the state of one flow and the cookie of another', async () => {
    const [one, other] = [shown(), shown()];
    expect(wordOf(await open({ ...one, cookies: other.cookies }))).toBe(`tells ${HOST} false`);
    expect(login.exchanged).toBe(0);
  });

  it('with several states or codes is nobody’s', async () => {
    const at = shown();
    expect(wordOf(await open({ ...at, path: `${at.path}&state=${at.state}` }))).toBe('401');
    const verdict = await open({ ...at, path: `${at.path}&code=d` });
    expect([wordOf(verdict), (verdict as { framed?: object }).framed]).toEqual([
      'page BAD_LOGIN_REQUEST',
      { target: HOST, ancestors: `${HOST} ${WWW}` },
    ]);
    expect(login.exchanged).toBe(0);
  });

  it.each<[string, (at: ReturnType<typeof shown>) => readonly string[]]>([
    ['whose cookie is gone', () => []],
    ['that is over', ({ cookies }) => ((login.runtime.time += 1_800_000), cookies)],
    ['that somebody signed out after', ({ cookies }) => [...cookies, pairOf(writeLogoutMark([login.website], 'AAAAAAAAAAA')[0]!)]],
    ['whose cookie came twice', ({ cookies }) => [...cookies, ...cookies]],
  ])('of a login %s tells so and shows no second code', async (_what, shows) => {
    const at = shown();
    const verdict = await open({ ...at, cookies: shows(at) });
    expect(verdict).toMatchObject({ kind: 'handover', ok: false, status: 401, location: `${HOST}/shop?cups=2` });
    expect(cookiesOf(verdict)).toEqual([]);
    expect(login.exchanged).toBe(0);
  }); // prettier-ignore

  it('that comes again tells the same, to the same browser only', async () => {
    const at = shown();
    const kept = cookiesOf(await open(at));
    login.runtime.time += 30_000;
    const again = await open({ ...at, cookies: kept });
    expect(again).toMatchObject({ ok: true, location: `${HOST}/shop?cups=2`, framed: { target: HOST } });
    expect(wordOf(await open({ ...at, cookies: [] }))).toBe(`tells ${HOST} false`);
    expect(login.exchanged).toBe(1);
  });

  it('tells the origin of its own returnTo, not that of the address', async () => {
    const at = shown({ returnTo: `${WWW}/a` });
    const path = at.path.replace(
      encodeURIComponent(`${WWW}/a`),
      encodeURIComponent('https://www.coffee.test/'),
    );
    expect(path).not.toBe(at.path);
    expect(await open({ ...at, path })).toMatchObject({
      ok: true,
      location: `${WWW}/a`,
      framed: { target: WWW },
    });
  });

  it('tells nobody of an unlisted origin', async () => {
    const at = shown();
    const path = at.path.replace(
      encodeURIComponent(`${HOST}/shop?cups=2`),
      encodeURIComponent('https://evil.test/'),
    );
    expect(path).not.toBe(at.path);
    expect(await open({ path, cookies: [] })).toMatchObject({
      ok: false,
      location: `${HOST}/`,
      framed: { target: HOST },
    });
  });

  it('says no to the person in the frame, and the page around it hears so', async () => {
    login.admit(async () => ({ refuse: { code: 'BANNED', message: 'not you' } }));
    const verdict = await open(shown());
    expect(verdict).toMatchObject({
      kind: 'page',
      problem: { code: 'LOGIN_REFUSED', message: 'not you' },
      framed: { target: HOST, ancestors: `${HOST} ${WWW}` },
    });
  });

  it('goes where the login handler says when nobody answers', async () => {
    login.admit(async () => ({ redirectTo: '/welcome' }));
    expect(await open(shown())).toMatchObject({
      ok: true,
      location: `${HOST}/welcome`,
      framed: { target: HOST },
    });
  });

  it('is answered at a route of its app only', async () => {
    const at = shown();
    const asked = { path: at.path, headers: FRAME, cookies: at.cookies };
    expect(wordOf(await login.judge(asked, { apps: ['official'] }))).toBe('401');
    expect(wordOf(await login.judge({ ...asked, canNavigate: false }))).toBe('401');
    expect(login.exchanged).toBe(0);
  });
});

describe('A callback in the top window', () => {
  it.each([true, false])('of a code in a page (self_redirect %s) ends at returnTo', async (selfRedirect) => {
    const verdict = await open(shown({ selfRedirect }), { ...DESK, 'sec-fetch-site': 'cross-site' });
    expect([wordOf(verdict), login.exchanged]).toEqual(['/shop?cups=2', 1]);
    expect(cookiesOf(verdict).join()).toContain('__Host-wechat_session_');
  });

  it.each([true, false])(
    'of a login that is over does so too, not at a second code: %s',
    async (selfRedirect) => {
      const at = shown({ selfRedirect });
      login.runtime.time += 1_800_000;
      for (const cookies of [at.cookies, []]) {
        const verdict = await open({ ...at, cookies }, DESK);
        expect(verdict).toEqual({ kind: 'redirect', location: `${HOST}/shop?cups=2`, setCookies: [] });
      }
      expect(login.exchanged).toBe(0);
    },
  );

  it('of somebody else’s login signs nobody in', async () => {
    const attacker = shown({ selfRedirect: false });
    const victim = shown({ selfRedirect: false });
    for (const cookies of [[], victim.cookies]) {
      const verdict = await open({ ...attacker, cookies }, DESK);
      expect([wordOf(verdict), cookiesOf(verdict)]).toEqual(['/shop?cups=2', []]);
    }
    expect(login.exchanged).toBe(0);
  });

  it('whose code is no good is a page that leads back, not a second code', async () => {
    login.answer(() =>
      Promise.reject(new WechatApiError({ errcode: 40_163, errmsg: 'code been used', endpoint: '/sns' })),
    );
    const verdict = await open(shown({ selfRedirect: false }), DESK);
    expect(wordOf(verdict)).toBe('page LOGIN_FAILED');
    expect(verdict).toMatchObject({ problem: { retryUrl: `${HOST}/shop?cups=2` } });
  });

  it('without a code says that the person refused', async () => {
    const at = shown({ selfRedirect: false });
    expect(wordOf(await open({ ...at, path: at.path.replace('code=c', 'code=') }, DESK))).toBe(
      'page LOGIN_REFUSED',
    );
  });
});
