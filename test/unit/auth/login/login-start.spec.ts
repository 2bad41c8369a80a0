// Where a login begins: the address at WeChat, and the cookie of the flow.
import { Logger } from '@nestjs/common';
import { AGENTS } from '../../../support/browser.js';
import {
  cookiesOf,
  HOST,
  type Login,
  makeLogin,
  PAGE,
  stateOf,
  wordOf,
} from '../../../support/login-parts.js';

let login: Login;
beforeAll(() => Logger.overrideLogger(false));
beforeEach(() => {
  login = makeLogin();
});

const begin = (path = '/orders', cookies: string[] = [], rule = {}) => login.judge({ path, cookies }, rule);
const addressOf = async (path?: string, rule = {}) => {
  const verdict = await begin(path, [], rule);
  return new URL((verdict as { location: string }).location);
};

describe('A login that begins', () => {
  it('is sent to WeChat with the parameters in its order, and the fragment last', async () => {
    const { href } = await addressOf('/orders?private=1');
    expect(href).toMatch(
      /^https:\/\/open\.weixin\.qq\.com\/connect\/oauth2\/authorize\?appid=wx00000000official&redirect_uri=https%3A%2F%2Fshop\.example\.com%2Forders&response_type=code&scope=snsapi_base&state=[0-9a-f]{32}#wechat_redirect$/,
    );
  });

  it('never shows WeChat the query, and brings it back by the cookie', async () => {
    const begun = await begin('/orders?private=1');
    expect((begun as { location: string }).location).not.toContain('private');
    const back = { path: `/orders?code=c&state=${stateOf(begun)}`, cookies: cookiesOf(begun) };
    expect(wordOf(await login.judge(back))).toBe('/orders?private=1');
  });

  it.each([
    [{}, 'snsapi_base'],
    [{ scope: 'snsapi_base' }, 'snsapi_base'],
    [{ scope: 'snsapi_userinfo' }, 'snsapi_userinfo'],
    [{ scope: 'snsapi_login' }, 'snsapi_userinfo'],
  ])('by the rule %j asks for %s', async (rule, scope) => {
    expect((await addressOf('/orders', rule)).searchParams.get('scope')).toBe(scope);
  });

  it('on a computer asks for the only scope that websites know', async () => {
    const verdict = await login.judge({ headers: { ...PAGE, 'user-agent': AGENTS.desktop } });
    expect((verdict as { location: string }).location).toMatch(
      /qrconnect\?appid=wx000000000website.*scope=snsapi_login/,
    );
  });

  it('sets one cookie that names the flow and no secret, for ten minutes', async () => {
    const begun = await begin();
    expect((begun as { setCookies: readonly string[] }).setCookies).toEqual([
      expect.stringMatching(
        /^__Host-wechat_flow_[0-9a-f]{8}_[0-9a-f]{8}=v1\.[\w-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ]);
  });

  it('comes to nothing ten minutes later', async () => {
    const begun = await begin();
    login.runtime.time += 600_000;
    const back = { path: `/orders?code=c&state=${stateOf(begun)}`, cookies: cookiesOf(begun) };
    expect([wordOf(await login.judge(back)), login.exchanged]).toEqual(['wechat', 0]);
  });

  it('keeps five flows in a browser at most, the oldest goes', async () => {
    let cookies: string[] = [];
    const states: string[] = [];
    for (let turn = 0; turn < 7; turn++) {
      login.runtime.time += 1_000;
      const begun = await begin(`/orders/${turn}`, cookies);
      const gone = (begun as { setCookies: readonly string[] }).setCookies
        .filter((line) => line.includes('=; Max-Age=0'))
        .map((line) => line.split('=')[0]);
      cookies = [...cookies.filter((pair) => !gone.includes(pair.split('=')[0])), ...cookiesOf(begun)];
      states.push(stateOf(begun));
    }
    expect(cookies).toHaveLength(5);
    const received = cookies.map((pair) => ({ name: pair.split('=')[0]!, value: pair.split('=')[1]! }));
    const alive = states.map(
      (state) => login.pendingLogins.find(login.official, received, state) !== undefined,
    );
    expect(alive).toEqual([false, false, true, true, true, true, true]);
  });

  it.each([
    ['an application’s own code', '/orders?code=coupon', 0],
    ['a code where a flow has begun', '/orders?code=c', 1],
  ])('twice over is counted by %s', async (_what, path, expected) => {
    const begun = await begin('/orders');
    const cookies = expected === 0 ? [] : cookiesOf(begun);
    const again = await begin(path, cookies);
    expect(stateOf(again)[0]).toBe(String(expected));
  });

  it('is counted by logins that ended well and left no session', async () => {
    const jar = new Map<string, string>();
    const keep = (pairs: readonly string[]) => {
      // The browser keeps everything but the session.
      for (const pair of pairs) if (!pair.includes('session')) jar.set(pair.split('=')[0]!, pair);
      return [...jar.values()];
    };
    const attempts: string[] = [];
    for (let turn = 0; turn < 4; turn++) {
      const begun = await begin('/orders', [...jar.values()]);
      if (begun.kind !== 'redirect') {
        attempts.push(wordOf(begun));
        break;
      }
      attempts.push(stateOf(begun)[0]!);
      const cookies = keep(cookiesOf(begun));
      keep(cookiesOf(await login.judge({ path: `/orders?code=c${turn}&state=${stateOf(begun)}`, cookies })));
    }
    expect(attempts).toEqual(['0', '1', '2', 'page COOKIES_REQUIRED']);
  });

  it('to an address that no header has room for keeps its path', async () => {
    const begun = await begin(`/orders?long=${'x'.repeat(2_900)}`);
    expect(wordOf(begun)).toBe('wechat');
    const back = { path: `/orders?code=c&state=${stateOf(begun)}`, cookies: cookiesOf(begun) };
    expect(wordOf(await login.judge(back))).toBe('/orders');
    const size = (begun as { setCookies: readonly string[]; location: string }).setCookies.join('').length;
    expect(size).toBeLessThan(4_000);
  });

  it('is told of: started, restarted, failed', async () => {
    const told: string[] = [];
    login.events.events$.subscribe((event) => told.push(event.type));
    const begun = await begin();
    let state = stateOf(begun);
    for (let turn = 0; turn < 3; turn++) {
      const again = await login.judge({ path: `/orders?code=c&state=${state}` });
      if (again.kind === 'redirect') state = stateOf(again);
    }
    expect(told).toEqual(['flow.started', 'flow.restarted', 'flow.restarted', 'flow.failed']);
    expect(HOST).toBe('https://shop.example.com');
  });
});
