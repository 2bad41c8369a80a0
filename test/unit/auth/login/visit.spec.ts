// What is found out about a request, once, when it is first asked for.
import { Logger } from '@nestjs/common';
import { AGENTS } from '../../../support/browser.js';
import { LogCapture } from '../../../support/log-capture.js';
import { makeLogin, PAGE } from '../../../support/login-parts.js';

let logs: LogCapture;
beforeEach(() => Logger.overrideLogger((logs = new LogCapture())));
afterEach(() => Logger.overrideLogger(false));

const names = (apps: readonly { name: string }[]) => apps.map(({ name }) => name);

describe('A visit', () => {
  it('asks each hook once, under whatever rules it is judged', () => {
    const asked: string[] = [];
    const login = makeLogin({
      hooks: {
        detectClient: () => void asked.push('client'),
        selectApp: () => void asked.push('app'),
      },
    });
    const visit = login.visit();
    for (const one of [visit, visit.under({ scope: 'snsapi_userinfo' }), visit.under({ mode: 'silent' })]) {
      expect([one.client, names(one.serving), one.home?.name]).toEqual(['wechat', ['official'], 'official']);
    }
    expect(asked.toSorted()).toEqual(['app', 'client']);
    // Other apps are another question.
    expect(names(visit.under({ apps: ['website'] }).serving)).toEqual([]);
    expect(asked.filter((what) => what === 'app')).toHaveLength(2);
  });

  it.each<[string, () => unknown]>([
    ['throws', () => { throw new Error('x'); }],
    ['returns a promise', () => Promise.resolve('website')],
    ['returns nonsense', () => 7],
    ['returns nothing', () => undefined],
  ])('has the app and the client of the module where a hook %s', (_what, hook) => {
    const login = makeLogin({ hooks: { detectClient: hook as never, selectApp: hook as never } });
    const visit = login.visit();
    expect([visit.client, names(visit.serving)]).toEqual(['wechat', ['official']]);
  }); // prettier-ignore

  it('takes what hooks say where it can be taken', () => {
    const login = makeLogin({ hooks: { detectClient: () => 'desktop-browser', selectApp: () => 'website' } });
    expect([login.visit().client, names(login.visit().serving)]).toEqual(['desktop-browser', ['website']]);
    const none = makeLogin({ hooks: { selectApp: () => null } });
    expect(names(none.visit().serving)).toEqual([]);
    const wrong = makeLogin({ hooks: { selectApp: () => 'website' } });
    expect(names(wrong.visit().serving)).toEqual(['official']);
    expect(logs.lines).toEqual([{ level: 'warn', text: expect.stringContaining('none of its candidates') }]);
  });

  it('is of the client that development says', () => {
    const login = makeLogin({ dev: { client: 'wechat-desktop' } });
    expect(login.visit({ headers: { ...PAGE, 'user-agent': AGENTS.desktop } }).client).toBe('wechat-desktop');
  });

  it.each([
    ['the host that was asked for', 'b.example.com', 'b'],
    ['the host in capitals', 'B.EXAMPLE.COM', 'b'],
    ['a host that is none of ours', 'evil.example.com', 'a'],
    ['no host', undefined, 'a'],
  ])('is served first by the app of %s', (_what, host, first) => {
    const app = (name: string) => ({
      type: 'official-account' as const,
      appId: `wx00000000app${name}`,
      secret: name,
      publicUrl: `https://${name}.example.com`,
    });
    const login = makeLogin({ apps: { a: app('a'), b: app('b') }, publicUrl: undefined } as never);
    const visit = login.visit({ headers: { ...PAGE, host } });
    expect([names(visit.serving)[0], visit.home?.name]).toEqual([first, first]);
    expect(new URL(visit.destination).host).toBe(`${first}.example.com`);
  });

  it.each([
    ['/orders', '/orders'],
    ['/orders?a=1&b=2', '/orders?a=1&b=2'],
    ['/orders?code=c&a=1&state=s', '/orders?a=1'],
    ['//evil.example.com/x', '//evil.example.com/x'],
    ['http://evil.example.com/orders?a=1', '/orders?a=1'],
    [`/orders?long=${'x'.repeat(3_000)}`, '/orders'],
    ['/%E8%8C%B6', '/%E8%8C%B6'],
  ])('of %s is over at its own clean address', (path, expected) => {
    const { cleanDestination } = makeLogin().visit({ path });
    expect(cleanDestination.startsWith('https://shop.example.com/')).toBe(true);
    expect(cleanDestination.slice('https://shop.example.com'.length)).toBe(expected);
  });

  it.each([
    [{}, true, false],
    [{ 'sec-fetch-dest': 'iframe' }, false, false],
    [{ 'sec-purpose': 'prefetch' }, true, true],
  ])('with %j is a page, or one that is fetched ahead', (headers, isPage, isPrefetch) => {
    const visit = makeLogin().visit({ headers: { ...PAGE, ...headers } });
    expect([visit.isPage, visit.isPrefetch]).toEqual([isPage, isPrefetch]);
    const socket = makeLogin().visit({ headers: { ...PAGE, ...headers }, canNavigate: false });
    expect([socket.isPage, socket.isPrefetch]).toEqual([false, false]);
  });

  it.each([
    ['zh-CN,zh;q=0.9', 'zh'],
    ['en', 'en'],
    ['fr,en;q=0.5,zh;q=0.4', 'en'],
    [undefined, 'zh'],
  ])('with the languages %s is spoken to in %s', (language, lang) => {
    expect(makeLogin().visit({ headers: { ...PAGE, 'accept-language': language } }).lang).toBe(lang);
  });
});
