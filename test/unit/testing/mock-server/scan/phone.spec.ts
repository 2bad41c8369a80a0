// The phone's pages: a code opened by hand, the chat after it, and whom they serve.
import type { WechatMockServer } from '../../../../../lib/testing/index.js';
import { createQrCode, OFFICIAL, officialLink, start, WEBSITE } from '../kit.js';
import { FORM, send } from '../send.js';
import { Tab } from '../tab.js';
import { PushTarget } from './push-target.js';

const { appId } = OFFICIAL;
let wechat: WechatMockServer;
let target: PushTarget;
let url: string;

beforeEach(async () => {
  wechat = await start();
  target = new PushTarget();
  url = await create();
});
afterEach(() => target.close());

async function create(scene = 'login_1'): Promise<string> {
  const action_info = { scene: { scene_str: scene } };
  const asked = { expire_seconds: 300, action_name: 'QR_STR_SCENE', action_info };
  return String((await createQrCode(wechat, asked))['url']);
}
const path = () => new URL(url).pathname;
const post = (body = 'user=ming', headers: Record<string, string> = {}, to = path()) =>
  send(wechat, 'POST', { 'content-type': FORM, ...headers }, body, to);
const why = ({ body }: { body: string }) => /data-testid="why"[^>]*>([^<]*)/.exec(body)?.[1]?.trim();

describe('A code', () => {
  it('shows the account and everybody who has a phone, and is no call to WeChat', async () => {
    wechat.clearCalls();
    const tab = await new Tab(wechat).open(url);
    for (const { id } of wechat.users) expect(tab.shows(`phone-of-${id}`)).toBe(true);
    expect(tab.html).toContain('示例公众号');
    expect(tab.html).not.toMatch(/<script|style="|\son\w+=|帐号|您/);
    expect(tab.headers.get('content-security-policy')).toMatch(/form-action 'self'; frame-ancestors 'none'$/);
    expect([wechat.calls, target.got]).toEqual([[], []]);
  });

  it('leads from a person to the chat, with the links and lines of the answer', async () => {
    await target.attach(wechat);
    target.says('Hi <b>\n<a href="https://a.example.com/x?a=1&b=2">look\nhere</a> <a href="http://b">b</a>');
    const tab = await new Tab(wechat).open(url);
    expect(tab.shows('no-push')).toBe(false);
    await tab.press('phone-of-ming');
    expect(tab.answers.map(({ status }) => status)).toEqual([200, 303, 200]);
    expect(tab.url).toBe(`${wechat.endpoints.open}/mock/chat/${appId}/ming`);
    expect(target.got).toMatchObject([{ Event: 'subscribe', EventKey: 'qrscene_login_1' }]);
    expect(tab.html).toContain('小明 的手机');
    expect(tab.html).toContain('公众号已经回复。');
    expect(tab.html).toContain(
      'Hi &lt;b&gt;<br /><a href="https://a.example.com/x?a=1&amp;b=2" rel="noreferrer">look<br />here</a> ' +
        '<a href="http://b/" rel="noreferrer">b</a>',
    );
    expect(tab.html).not.toContain('target=');
    expect(tab.headers.get('referrer-policy')).toBe('no-referrer');
    expect(wechat.chat(appId, 'ming')).toHaveLength(1);
  });

  it.each([
    'javascript:alert(1)',
    ' JaVaScRiPt:alert(1)',
    'java\tscript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    '/relative',
    '//b.example.com',
    '',
    'https://',
    `weixin://x`,
  ])('makes no link of %j', async (href) => {
    await target.attach(wechat);
    target.says(`<a href="${href}">look</a>`);
    const tab = await new Tab(wechat).open(url);
    await tab.press('phone-of-ming');
    expect(tab.html).toMatch(/<p>\s*look\s*<\/p>/);
    expect(tab.html).not.toMatch(/<a /);
  });

  it.each([`https://x/'"><script>alert(1)</script>`, '<img src=x onerror=alert(1)>'])(
    'shows markup as text: %s',
    async (evil) => {
      wechat.addUser({ id: 'evil', nickname: evil });
      await target.attach(wechat);
      target.says(`${evil}<a href="https://x/?<script>'">${evil}</a>`);
      const tab = await new Tab(wechat).open(url);
      await tab.press('phone-of-evil');
      expect(tab.shows('from-account')).toBe(true);
      expect(tab.html).not.toMatch(/<script|<img src=x/);
    },
  );

  it('says whether the account answered', async () => {
    await target.attach(wechat);
    const outcome = async (answer: () => string | undefined) => {
      target.answer = answer;
      const tab = await new Tab(wechat).open(`${url}?lang=en`);
      await tab.press('phone-of-qiang');
      return /data-testid="outcome"[^>]*>([^<]*)/.exec(tab.html)![1];
    };
    expect(await outcome(() => 'success')).toBe('The push has arrived, and the account said nothing.');
    expect(await outcome(() => 'nonsense')).toBe('The application gave no answer that WeChat takes.');
    const chat = await send(wechat, 'GET', {}, undefined, `/mock/chat/${appId}/qiang`);
    expect(chat.body).toContain('该服务号暂时无法提供服务');
    const empty = await send(wechat, 'GET', {}, undefined, `/mock/chat/${appId}/hong?lang=en`);
    expect(empty.body).toContain('Nothing was pushed yet.');
  });

  it('says that no push is set up, and lets nobody follow then', async () => {
    const tab = await new Tab(wechat).open(`${url}?lang=en`);
    expect(tab.html).toMatch(/data-testid="no-push">[^<]*Call setPush\(\) in your code first\./);
    await tab.press('phone-of-ming');
    expect(tab.answers.at(-1)!.status).toBe(409);
    expect(why({ body: tab.html })).toContain('Call setPush()');
    expect(wechat.user('ming').follower).toBe(false);
  });

  it('keeps the language of the address through the form, and takes the browser’s', async () => {
    await target.attach(wechat);
    expect((await post('user=ming', {}, `${path()}?lang=en`)).location).toBe(
      `/mock/chat/${appId}/ming?lang=en`,
    );
    expect((await post('user=ming')).location).toBe(`/mock/chat/${appId}/ming`);
    const english = await send(wechat, 'GET', { 'accept-language': 'en' }, undefined, path());
    expect(english.body).toContain('Whose phone scanned it?');
  });

  it('makes the browser the phone of that person, so that links in the chat know who comes', async () => {
    await target.attach(wechat);
    const tab = await new Tab(wechat).open(url);
    await tab.press('phone-of-hong');
    await tab.open(officialLink({ scope: 'snsapi_base' }));
    expect(tab.url).toMatch(/^http:\/\/127\.0\.0\.1:3000\/cb\?code=/);
  });

  it('is gone when it has expired, while its chat stays', async () => {
    await target.attach(wechat);
    await post();
    wechat.clock.advance(300_000);
    const page = await send(wechat, 'GET', {}, undefined, path());
    expect([page.status, why(page)]).toEqual([410, '二维码已过期。请在应用的页面上换一个新的。']);
    expect((await post('user=hong')).status).toBe(410);
    expect([wechat.user('hong').follower, target.got.length]).toEqual([false, 1]);
    expect((await send(wechat, 'GET', {}, undefined, `/mock/chat/${appId}/ming`)).status).toBe(200);
  });

  it.each([
    '/q/',
    '/q/x',
    '/q/__proto__',
    '/mock/chat/',
    `/mock/chat/${appId}`,
    `/mock/chat/${appId}/nobody`,
  ])('is not there: %s', async (unknown) => {
    const page = await send(wechat, 'GET', { 'accept-language': 'en' }, undefined, unknown);
    expect([page.status, why(page)]).toEqual([404, expect.stringMatching(/^There is no such/)]);
    expect(page.body).toContain('href="/"');
  });

  it('is not there below itself either', async () => {
    for (const unknown of [`${path()}/x`, `/mock/chat/${appId}/ming/x`, `/mock/chat/x/ming`])
      expect((await send(wechat, 'GET', {}, undefined, unknown)).status).toBe(404);
    const chat = `/mock/chat/${WEBSITE.appId}/ming`;
    expect((await send(wechat, 'GET', {}, undefined, chat)).body).toContain('还没有推送过消息');
  });
});

describe('The desk', () => {
  const desk = async (lang = 'cn') => {
    const { body } = await send(wechat, 'GET', {}, undefined, `/?lang=${lang}`);
    return body.slice(body.indexOf('id="scans"'), body.indexOf('id="calls"'));
  };

  it('leads to the codes that live, newest first, and cuts their scenes', async () => {
    for (let index = 0; index < 6; index++) await create(`scene-${index}-of-many`);
    await create(`<b>"`);
    const scans = await desk();
    expect(scans).toContain('示例公众号');
    expect(scans.match(/data-testid="scan-code"/g)).toHaveLength(5);
    expect(scans).toContain('还有 3 个没有列出');
    expect(scans).toContain('<code>scene-…</code>');
    expect(scans).toContain('剩 300 秒');
    expect(scans.indexOf('&lt;b&gt;&quot;')).toBeLessThan(scans.indexOf('scene-…'));
    expect(scans).not.toMatch(/of-many|login_1|<b>"/);
    const link = /href="(\/q\/[^"]*)"/.exec(scans)![1]!;
    expect((await send(wechat, 'GET', {}, undefined, link)).status).toBe(200);
  });

  it('lists no code that has expired, and permanent ones for ever', async () => {
    wechat.clock.advance(299_001);
    expect(await desk('en')).toContain('1 s left');
    wechat.clock.advance(999);
    expect(await desk('en')).toContain('None yet.');
    await createQrCode(wechat, {
      action_name: 'QR_LIMIT_SCENE',
      action_info: { scene: { scene_id: 100_000 } },
    });
    wechat.clock.advance(1e12);
    expect(await desk()).toMatch(/<code>100000<\/code><\/a ><small>永久/);
  });
});

describe('The form', () => {
  beforeEach(() => target.attach(wechat));

  it.each<[number, string, string, Record<string, string>]>([
    [400, 'nobody', '', {}],
    [400, 'an unknown person', 'user=nobody', {}],
    [400, 'two', 'user=ming&user=hong', {}],
    [400, 'another field', 'user=ming&scene=x', {}],
    [413, 'a megabyte', `user=${'x'.repeat(1024 * 1024)}`, {}],
    [415, 'JSON', '{"user":"ming"}', { 'content-type': 'application/json' }],
    [403, 'another site', 'user=ming', { origin: 'https://evil.example.com' }],
    [403, 'a hidden origin', 'user=ming', { origin: 'null' }],
    [403, 'what the browser calls cross-site', 'user=ming', { 'sec-fetch-site': 'cross-site' }],
    [403, 'a name that points here', 'user=ming', { host: 'evil.example.com' }],
  ])('answers %d, and nobody scans: %s', async (status, _, body, headers) => {
    const answer = await post(body, headers);
    expect([answer.status, why(answer)]).toEqual([status, expect.any(String)]);
    expect([target.got, wechat.user('ming').follower]).toEqual([[], false]);
  });

  it('is taken from the page itself, and twice', async () => {
    const own = { origin: wechat.endpoints.open, 'sec-fetch-site': 'same-origin' };
    expect((await post('user=ming', own)).status).toBe(303);
    expect((await post('user=ming', own)).status).toBe(303);
    expect(target.got.map(({ Event }) => Event)).toEqual(['subscribe', 'SCAN']);
  });

  it('knows no other method', async () => {
    for (const method of ['PUT', 'DELETE', 'OPTIONS']) {
      const answer = await send(wechat, method, {}, undefined, path());
      expect([answer.status, answer.headers['allow']]).toEqual([405, 'GET, HEAD, POST']);
    }
    const chat = await post('user=ming', {}, `/mock/chat/${appId}/ming`);
    expect([chat.status, chat.headers['allow']]).toEqual([405, 'GET, HEAD']);
    expect((await send(wechat, 'HEAD', {}, undefined, path())).status).toBe(200);
  });

  it('shows nothing to a name that points here', async () => {
    for (const page of [path(), `/mock/chat/${appId}/ming`]) {
      const seen = await send(wechat, 'GET', { host: 'evil.example.com' }, undefined, page);
      expect(seen.status).toBe(403);
      expect(seen.body).not.toContain('示例公众号');
    }
  });

  it('meets no fault that is injected', async () => {
    wechat.inject('*', { reset: true, times: Infinity });
    expect((await post()).status).toBe(303);
  });
});
