// The wxLogin.js of the mock: what its frame asks for, and what the page in the frame says.
import vm from 'node:vm';
import { CALLBACK, get, start, WEBSITE } from './kit.js';

const GIVEN = {
  id: 'code',
  appid: WEBSITE.appId,
  scope: 'snsapi_login',
  redirect_uri: 'https%3A%2F%2Fa.example',
  state: 's',
};

async function run(options: Record<string, unknown>) {
  const wechat = await start();
  const { status, headers, body } = await get(wechat, new URL(wechat.wxLoginScript).pathname);
  expect([status, headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
  const frames: Record<string, string>[] = [];
  const listeners = new Set<(event: object) => void>();
  const window = {
    addEventListener: (_: string, listener: (event: object) => void) => void listeners.add(listener),
    removeEventListener: (_: string, listener: (event: object) => void) => void listeners.delete(listener),
  } as Record<string, unknown>;
  const element = {
    innerHTML: 'old',
    appendChild: (frame: Record<string, string>) => void frames.push(frame),
  };
  const document = {
    createElement: () => ({}),
    getElementById: (id: string) => (id === 'code' ? element : null),
  };
  vm.runInNewContext(body, { window, document });
  const all = { ...GIVEN, ...options } as Record<string, unknown>;
  Reflect.construct(window['WxLogin'] as new (given: object) => object, [all]);
  expect(element.innerHTML).toBe('');
  return { wechat, src: frames[0]!['src']!, all, listeners };
}

describe('wxLogin.js', () => {
  it.each<[Record<string, unknown>, string, string]>([
    [{}, 'default', ''],
    [{ self_redirect: true }, 'true', ''],
    [{ self_redirect: false }, 'false', ''],
    [{ self_redirect: 'true' }, 'default', ''],
    [{ style: 'white', href: 'x%2Fy', lang: 'en', stylelite: 1, fast_login: 0, color_scheme: 'dark' }, 'default', '&style=white&href=x%2Fy&lang=en&stylelite=1&fast_login=0&color_scheme=dark'],
    [{ lang: 'cn', stylelite: '1', fast_login: '0', color_scheme: 'pink' }, 'default', ''],
  ])('with %j asks for what WeChat’s asks for', async (options, self, tail) => {
    const { wechat, src } = await run(options);
    expect(src).toBe(
      `${wechat.endpoints.open}/connect/qrconnect?appid=${WEBSITE.appId}&scope=snsapi_login` +
        `&redirect_uri=https%3A%2F%2Fa.example&state=s&login_type=jssdk&self_redirect=${self}` +
        `&styletype=&sizetype=&bgcolor=&rst=${tail}`,
    );
  }); // prettier-ignore

  it('puts texts together raw: an address that is not encoded loses its state', async () => {
    const { src } = await run({ redirect_uri: 'https://a.example/?x=1&state=mine' });
    expect(new URL(src).searchParams.getAll('state')).toEqual(['mine', 's']);
  });

  it('says when the frame is ready, by a message of WeChat only, until it is cleaned up', async () => {
    const ready: unknown[] = [];
    const { wechat, all, listeners } = await run({ onReady: (is: unknown) => void ready.push(is) });
    const say = (data: unknown, origin = wechat.endpoints.open) => {
      for (const listener of listeners) listener({ data, origin });
    };
    say('{"type":"status","status":"wxReady"}', 'https://evil.test');
    for (const other of ['{"type":"status"}', 'hello', null, { type: 'status', status: 'wxReady' }])
      say(other);
    expect(ready).toEqual([]);
    say('{"type":"status","status":"wxReady"}');
    expect(ready).toEqual([true]);
    (all['onCleanup'] as () => void)();
    expect(listeners.size).toBe(0);
  });

  it('is no call to WeChat’s API, and the page says nothing outside a frame of it', async () => {
    const { wechat, src } = await run({ redirect_uri: encodeURIComponent(CALLBACK) });
    expect(wechat.calls).toEqual([]);
    const framed = await get(wechat, new URL(src).pathname + new URL(src).search);
    expect(framed.body).toContain('wxReady');
    const nonce = /<script nonce="([^"]+)"/.exec(framed.body)![1]!;
    expect(framed.headers.get('content-security-policy')).toContain(`script-src 'nonce-${nonce}'`);
    const plain = await get(wechat, '/connect/qrconnect', {
      appid: WEBSITE.appId,
      scope: 'snsapi_login',
      redirect_uri: CALLBACK,
      response_type: 'code',
    });
    expect(plain.body).not.toContain('<script');
    expect(plain.headers.get('content-security-policy')).not.toContain('script-src');
  });
});
