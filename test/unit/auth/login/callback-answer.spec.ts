// What a person is answered when WeChat has sent them back, once it is known what came of it.
import type { LoginAttempt } from '../../../../lib/auth/login/callback-answer.js';
import { HttpException, Logger } from '@nestjs/common';
import { WechatApiError, type WechatEvent } from '../../../../lib/index.js';
import {
  attemptAfter,
  type PendingLogin,
  hashOf,
  hashOfPath,
} from '../../../../lib/auth/login/pending-logins.js';
import { NOT_ADMITTED } from '../../../../lib/auth/problems/problems.js';
import type { RouteRule } from '../../../../lib/auth/decorators/wechat-auth.decorator.js';
import type { SignInResult } from '../../../../lib/auth/login/sign-in.js';
import { rememberAttempt } from '../../../../lib/auth/login/silent-attempts.js';
import type { Verdict } from '../../../../lib/auth/http/verdict.js';
import { LogCapture } from '../../../support/log-capture.js';
import {
  cookiesOf,
  HOST,
  type Login,
  makeLogin,
  PAGE,
  pairOf,
  stateOf,
  wordOf,
} from '../../../support/login-parts.js';

let login: Login;
let logs: LogCapture;
let events: WechatEvent[];
beforeEach(() => {
  Logger.overrideLogger((logs = new LogCapture()));
  login = makeLogin();
  events = [];
  login.events.events$.subscribe((event) => events.push(event));
});
afterEach(() => Logger.overrideLogger(false));

const ORDERS = `${HOST}/orders?page=2`;
const SESSION = expect.stringMatching(/^__Host-wechat_session_[0-9a-f]{8}=v1\./);
const FLOW_GONE = expect.stringMatching(/^__Host-wechat_flow_[0-9a-f]{8}_[0-9a-f]{8}=; Max-Age=0;/);
const FLOW_KEPT = expect.stringMatching(/^__Host-wechat_flow_[0-9a-f]{8}_[0-9a-f]{8}=v1\.[^;]+; Max-Age=60;/);

function flowOf(changes: Partial<PendingLogin> = {}): PendingLogin {
  return {
    state: login.pendingLogins.createState(login.official, 0),
    scope: 'snsapi_base',
    returnTo: ORDERS,
    asked: hashOf(ORDERS),
    at: hashOfPath('/orders'),
    expiresAt: login.runtime.time + 600_000,
    ...changes,
  };
}

const signedIn = (
  identity: Parameters<Login['identity']>[0] = {},
  redirectTo?: string,
): Extract<SignInResult, { kind: 'signed-in' }> => ({
  kind: 'signed-in',
  reason: 'login',
  session: login.sessions.create(login.identity(identity)),
  ...(redirectTo === undefined ? {} : { redirectTo }),
});

const attemptOf = (changes: Partial<LoginAttempt> = {}): LoginAttempt => ({
  visit: visit(),
  app: login.official,
  restarts: 0,
  pending: flowOf(),
  returnTo: ORDERS,
  ...changes,
});

const visit = (cookies: readonly string[] = [], rule: Partial<RouteRule> = {}) =>
  login.visit({ path: '/orders?page=2&code=c&state=s', cookies }, rule);

/** The flow that the answer starts, as the browser will bring it back. */
function begunBy(verdict: Verdict): PendingLogin | undefined {
  const cookies = cookiesOf(verdict).map((pair) => {
    const equals = pair.indexOf('=');
    return { name: pair.slice(0, equals), value: pair.slice(equals + 1) };
  });
  return login.pendingLogins.find(login.official, cookies, stateOf(verdict));
}

const api = (errcode: number) => new WechatApiError({ errcode, errmsg: 'said WeChat', endpoint: '/sns/x' });

describe('Somebody who signed in', () => {
  interface OfOptions {
    flow?: Partial<PendingLogin>;
    returnTo?: string;
    cookies?: string[];
  }
  const of = (
    result: SignInResult,
    { flow = {}, returnTo = ORDERS, cookies = [] as string[] }: OfOptions = {},
  ) =>
    login.callbackAnswer.toResult(
      attemptOf({ visit: visit(cookies), pending: flowOf(flow), returnTo }),
      result,
    );

  it('gets the session and goes on, and the flow is kept for a minute', () => {
    expect(of(signedIn())).toEqual({
      kind: 'redirect',
      location: ORDERS,
      setCookies: [SESSION, FLOW_KEPT],
      signsIn: true,
    });
    expect(logs.lines).toEqual([]);
  });

  it('goes where the login handler says', () => {
    expect(wordOf(of(signedIn({}, `${HOST}/welcome`)))).toBe('/welcome');
  });

  it('is no longer one whose silent login came to nothing', () => {
    const tried = pairOf(rememberAttempt(login.official));
    expect(of(signedIn(), { cookies: [tried] })).toMatchObject({
      setCookies: [
        SESSION,
        FLOW_KEPT,
        expect.stringMatching(/^__Host-wechat_silent_[0-9a-f]{8}=; Max-Age=0;/),
      ],
    });
  });

  it('in a browser that is full of flows gets rid of the oldest', () => {
    const cookies = Array.from({ length: 5 }, (_, index) => {
      login.runtime.time += 1_000 + index;
      return pairOf(login.pendingLogins.start(login.official, [], flowOf()));
    });
    const oldest = cookies[0]!.split('=')[0];
    expect(of(signedIn(), { cookies })).toMatchObject({
      setCookies: [expect.stringContaining(`${oldest}=; Max-Age=0;`), SESSION, FLOW_KEPT],
    });
  });

  it.each<[asked: PendingLogin['scope'], granted: PendingLogin['scope'], word: string]>([
    ['snsapi_base', 'snsapi_base', '/orders?page=2'],
    ['snsapi_base', 'snsapi_userinfo', '/orders?page=2'],
    ['snsapi_userinfo', 'snsapi_userinfo', '/orders?page=2'],
    ['snsapi_login', 'snsapi_login', '/orders?page=2'],
    ['snsapi_userinfo', 'snsapi_base', 'page WECHAT_SCOPE_REQUIRED'],
    ['snsapi_login', 'snsapi_base', 'page WECHAT_SCOPE_REQUIRED'],
  ])('was asked for %s and granted %s: %s', (scope, granted, word) => {
    const verdict = of(signedIn({ scope: [granted] }), { flow: { scope } });
    expect(wordOf(verdict)).toBe(word);
    // What was given stays given.
    expect(verdict).toMatchObject({ setCookies: [SESSION, FLOW_KEPT] });
  });

  it('with less than was asked for is told what is missing', () => {
    expect(of(signedIn(), { flow: { scope: 'snsapi_userinfo' } })).toMatchObject({
      problem: { scope: 'snsapi_userinfo' },
    });
  });

  describe('whose answer has no room for the address', () => {
    const long = (path: string, query = 0) => `${HOST}${path}${query > 0 ? `?q=${'x'.repeat(query)}` : ''}`;

    it('loses the query, and the developer is told by the path alone', () => {
      expect(of(signedIn(), { returnTo: long('/orders', 4_000) })).toMatchObject({
        location: `${HOST}/orders`,
        setCookies: [SESSION, FLOW_KEPT],
      });
      expect(logs.lines).toEqual([
        { level: 'warn', text: expect.stringContaining('A login at "/orders" could not keep') },
      ]);
      expect(logs.text).not.toContain('xxx');
    });

    it('loses it as well where the login handler named it', () => {
      expect(wordOf(of(signedIn({}, long('/welcome', 4_000))))).toBe('/welcome');
    });

    it('goes to the default where the path alone is too long', () => {
      login = makeLogin({ returnTo: { default: '/start' } });
      expect(wordOf(of(signedIn(), { returnTo: long(`/${'p'.repeat(4_000)}`, 1) }))).toBe('/start');
    });

    it('has the less room for it the bigger the session is', () => {
      const returnTo = long('/orders', 1_000);
      expect(wordOf(of(signedIn(), { returnTo }))).toBe(returnTo.slice(HOST.length));
      const claims = { big: 'x'.repeat(1_700) };
      expect(wordOf(of(signedIn({ claims }), { returnTo }))).toBe('/orders');
    });
  });
});

describe('Somebody who did not sign in', () => {
  const of = (result: SignInResult) => login.callbackAnswer.toResult(attemptOf(), result);

  it('and looks at a snapshot is told so, and the flow is over', () => {
    expect(of({ kind: 'snapshot' })).toMatchObject({
      kind: 'page',
      problem: { code: 'SNAPSHOT_USER' },
      setCookies: [FLOW_GONE],
    });
  });

  it.each([
    [{ code: 'BANNED', message: 'You know why.' }, 'You know why.'],
    [{ code: 'BANNED' }, NOT_ADMITTED.text.en],
  ])('because the login handler said %j is told so, and the flow is over', (said, message) => {
    expect(of({ kind: 'refused', ...said })).toMatchObject({
      kind: 'page',
      problem: { code: 'LOGIN_REFUSED', reason: 'BANNED', message },
      setCookies: [FLOW_GONE],
    });
  });

  it('because they said no is told so, may try again, and counts as refused by themselves', () => {
    const verdict = login.callbackAnswer.toRefusal(attemptOf());
    expect(verdict).toMatchObject({
      kind: 'page',
      problem: { code: 'LOGIN_REFUSED', retryUrl: ORDERS, ref: expect.stringMatching(/^[0-9A-F]{10}$/) },
      setCookies: [FLOW_GONE],
    });
    expect(verdict).not.toHaveProperty('problem.reason');
    const { ref } = (verdict as Extract<Verdict, { kind: 'page' }>).problem;
    expect(events).toEqual([{ type: 'flow.refused', by: 'person', app: 'official', client: 'wechat', ref }]);
  });
});

describe('A flow that is lost', () => {
  const lose = (
    attempt: number,
    flow?: PendingLogin,
    error?: WechatApiError,
    rule: Partial<RouteRule> = {},
  ) => {
    const at = visit([], rule);
    const returnTo = flow?.returnTo || at.cleanDestination;
    const lost = { visit: at, app: login.official, restarts: attempt, returnTo, pending: flow };
    return login.callbackAnswer.toLost(lost, error);
  };

  it.each([
    [0, 1],
    [1, 2],
  ])('at attempt %d starts again as attempt %d', (attempt, next) => {
    for (const flow of [undefined, flowOf()]) {
      const verdict = lose(attempt, flow);
      expect(wordOf(verdict)).toBe('wechat');
      expect(stateOf(verdict)[0]).toBe(String(next));
      expect(attemptAfter([begunBy(verdict)!])).toBe(next + 1);
    }
    expect(events).toEqual(Array(2).fill(expect.objectContaining({ type: 'flow.restarted', attempt: next })));
  });

  it.each<
    [what: string, flow: Partial<PendingLogin> | undefined, scope: PendingLogin['scope'], returnTo: string]
  >([
    ['its cookie', undefined, 'snsapi_userinfo', ORDERS],
    ['its code', { returnTo: `${HOST}/cart` }, 'snsapi_base', `${HOST}/cart`],
    ['its code and its address', { returnTo: '' }, 'snsapi_base', ORDERS],
  ])('with %s goes on with what is left', (_what, changes, scope, returnTo) => {
    const flow = changes && flowOf(changes);
    expect(begunBy(lose(0, flow, undefined, { scope: 'snsapi_userinfo' }))).toMatchObject({
      scope,
      returnTo,
    });
  });

  it('goes on with the account that it upgrades', () => {
    expect(begunBy(lose(0, flowOf({ upgrades: 'oMing' })))).toMatchObject({ upgrades: 'oMing' });
    expect(begunBy(lose(0, flowOf()))).not.toHaveProperty('upgrades');
    expect(begunBy(lose(0))).not.toHaveProperty('upgrades');
  });

  it('for the third time with its cookie asks for cookies', () => {
    expect(lose(2)).toMatchObject({
      problem: { code: 'COOKIES_REQUIRED', retryUrl: ORDERS },
    });
    expect(events).toEqual([expect.objectContaining({ type: 'flow.failed', kind: 'cookies' })]);
  });

  it.each<[what: string, error: WechatApiError | undefined, status: number, kind: string]>([
    ['its state', undefined, 401, 'code'],
    ['its code', api(40029), 401, 'code'],
    ['patience', api(-1), 502, 'upstream'],
  ])('for the third time with %s has failed', (_what, error, statusCode, kind) => {
    expect(lose(2, flowOf({ returnTo: `${HOST}/cart` }), error)).toMatchObject({
      problem: { code: 'LOGIN_FAILED', statusCode, retryUrl: `${HOST}/cart` },
    });
    expect(events).toEqual([expect.objectContaining({ type: 'flow.failed', kind })]);
  });
});

describe('A login that failed', () => {
  const fail = (error: unknown) => login.callbackAnswer.toError(attemptOf(), error);

  it('is told with the reference that the log and the event have', () => {
    const verdict = fail(api(40125));
    const [event] = events;
    expect(event).toMatchObject({ type: 'flow.failed', app: 'official', client: 'wechat', errcode: 40125 });
    const { ref } = event as { ref: string };
    expect(verdict).toMatchObject({
      problem: { code: 'LOGIN_FAILED', statusCode: 502, retryUrl: ORDERS, ref },
      setCookies: [],
    });
    expect(logs.lines).toEqual([{ level: 'error', text: expect.stringContaining(`ref ${ref}`) }]);
  });

  it('fails before a page: no program is told of its code, and what a handler throws is a mistake', () => {
    fail(api(40029));
    fail(new HttpException('no', 418));
    expect(logs.lines.map(({ level }) => level)).toEqual(['debug', 'error']);
  });
});

it('People are answered in the language of their request', () => {
  const asked = { headers: { ...PAGE, 'accept-language': 'zh-CN' } };
  const verdict = login.callbackAnswer.toResult(attemptOf({ visit: login.visit(asked) }), {
    kind: 'refused',
    code: 'BANNED',
  });
  expect(verdict).toMatchObject({ lang: 'zh', problem: { message: NOT_ADMITTED.text.zh } });
});
