// The mock's own page at `/`: what it shows, what its forms do, and whom it serves.
import { DEFAULT_MOCK_APPS, type WechatMockServer } from '../../../../lib/testing/index.js';
import { codeFor, exchange, get, json, MINI, OFFICIAL, qrLink, start, WEBSITE } from './kit.js';
import { FORM, send, type Sent } from './send.js';

const AUTH = '/sns/auth';

function post(
  wechat: WechatMockServer,
  fields: Record<string, string> | string,
  headers: Record<string, string> = {},
): Promise<Sent> {
  const body = typeof fields === 'string' ? fields : new URLSearchParams(fields).toString();
  return send(wechat, 'POST', { 'content-type': FORM, ...headers }, body);
}

const FAULT = { do: 'inject', path: AUTH, fault: '45009' };
const why = ({ body }: Sent) => /data-testid="why"[^>]*>([^<]*)/.exec(body)?.[1]?.trim();

describe('GET /', () => {
  it('shows apps, hosts, people and codes, and is no call to WeChat', async () => {
    const wechat = await start({ apps: undefined });
    const { status, headers, body } = await send(wechat, 'GET');
    expect(status).toBe(200);
    for (const { appId, secret } of DEFAULT_MOCK_APPS) {
      expect(body).toContain(appId);
      expect(body).toContain(String(secret));
    }
    expect(body).toContain('127.0.0.1 · localhost');
    for (const { id, nickname } of wechat.users) {
      expect(body).toContain(`data-testid="person-${id}"`);
      expect(body).toContain(nickname);
    }
    expect(body).toMatch(/data-testid="snapshot-note"[^>]*>[^<]*静默登录（snsapi_base）[^<]*普通身份/);
    expect(body).toContain('还没有请求');
    const links = [...body.matchAll(/href="(\/mock\/wx-login[^"]*)"/g)].map(([, link]) => link!);
    expect(links).toHaveLength(2 * 4);
    for (const link of links) {
      expect(await json(wechat, link.replaceAll('&amp;', '&'))).toHaveProperty('code');
    }
    expect(wechat.calls).toEqual([]);
    const policy = headers['content-security-policy'];
    expect(policy).toMatch(/^default-src 'none'; style-src 'nonce-[\w+/=]+'; img-src 'self';/);
    expect(policy).toMatch(/form-action 'self'; frame-ancestors 'none'$/);
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['referrer-policy']).toBe('same-origin');
    expect(body).not.toMatch(/<script|style="|\son\w+=/);
    expect(body).not.toMatch(/帐号|您/);
  });

  it('keeps the secrets of one’s own apps to itself, even under a well-known appId', async () => {
    const { appId } = DEFAULT_MOCK_APPS[0]!;
    const wechat = await start({
      apps: [
        { ...OFFICIAL, secret: ['topsecret', 'othersecret'] },
        { ...OFFICIAL, appId, secret: 'topsecret' },
      ],
    });
    const { body } = await send(wechat, 'GET');
    expect(body).not.toMatch(/topsecret|othersecret/);
    expect(body.match(/不显示（你自己的）/g)).toHaveLength(2);
  });

  it('has no body for HEAD, and nothing for other methods', async () => {
    const wechat = await start();
    const head = await send(wechat, 'HEAD');
    expect([head.status, head.body, head.headers['content-type']]).toEqual([
      200,
      '',
      'text/html; charset=utf-8',
    ]);
    for (const method of ['PUT', 'DELETE', 'OPTIONS']) {
      const answer = await send(wechat, method);
      expect([answer.status, answer.headers['allow']]).toEqual([405, 'GET, HEAD, POST']);
    }
  });

  it('speaks English where the address or the browser says so', async () => {
    const wechat = await start();
    const lang = async (path: string, accept?: string) =>
      /<html lang="([\w-]+)"/.exec(
        (
          await send(
            wechat,
            'GET',
            accept === undefined ? {} : { 'accept-language': accept },
            undefined,
            path,
          )
        ).body,
      )![1];
    expect(await lang('/')).toBe('zh-CN');
    expect(await lang('/', 'zh-TW,en')).toBe('zh-CN');
    expect(await lang('/', '*')).toBe('zh-CN');
    expect(await lang('/', 'en-GB,zh')).toBe('en');
    expect(await lang('/?lang=cn', 'en')).toBe('zh-CN');
    expect(await lang('/?lang=en', 'zh')).toBe('en');
    expect(await lang('/?lang=<b>', 'zh')).toBe('zh-CN');
    const english = await send(wechat, 'GET', {}, undefined, '/?lang=en');
    expect(english.body).toContain('WeChat mock server');
    expect(english.body).toContain('action="/?lang=en"');
  });

  it('shows the last calls, cut short where a secret may stand', async () => {
    const wechat = await start();
    const code = await codeFor(wechat, 'ming');
    const tokens = await exchange(wechat, OFFICIAL, code);
    const token = String(tokens['access_token']);
    await json(wechat, '/sns/userinfo', { access_token: token, openid: 'o', lang: 'en' });
    await json(wechat, '/sns/what', { secret: 'x', AppSecret: 'y1234567', odd: 'abcdefghij' });
    await wechat.authorize(
      qrLink({ redirect_uri: 'http://u:pw@localhost:3000/cb?token=inside#code=inner', state: 'statestate' }),
    );
    const { body } = await send(wechat, 'GET');
    const calls = body.slice(body.indexOf('id="calls"'), body.indexOf('id="faults"'));
    const shown = calls.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
    expect(shown).toContain(`secret=… code=${code.slice(0, 6)}… grant_type=authorization_code`);
    expect(shown).toContain(`access_token=${token.slice(0, 6)}… openid=o lang=en`);
    expect(shown).toContain('secret=… AppSecret=… odd=abcdef…');
    expect(shown).toMatch(/GET \/sns\/what 404 · 40066/);
    expect(shown).toContain('redirect_uri=http://…@localhost:3000/cb response_type=code');
    for (const secret of [code, token, OFFICIAL.secret, 'y1234567', 'inside', 'inner', 'pw@', 'statestate']) {
      expect(body).not.toContain(secret);
    }
  });

  it('shows a bounded number of everything, and nothing that could run', async () => {
    const evil = `"'><script>alert(1)</script>`;
    const wechat = await start({ apps: [{ ...OFFICIAL, name: evil }, MINI] });
    for (let index = 0; index < 300; index++) wechat.addUser({ id: `u${index}`, nickname: evil });
    for (let index = 0; index < 150; index++) wechat.inject('*', { body: evil, times: Infinity });
    const params = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`p${index}${evil}`, evil]));
    for (let index = 0; index < 30; index++) await get(wechat, `/${'x'.repeat(2000)}`, params);
    const { body, status } = await send(wechat, 'GET');
    expect(status).toBe(200);
    expect(body).not.toContain('<script');
    expect(body.match(/data-testid="person-/g)).toHaveLength(50);
    expect(body.match(/\/mock\/wx-login/g)).toHaveLength(50);
    expect(body).toContain('还有 254 个没有列出');
    expect(body).toContain('还有 50 个没有列出');
    expect(body).toContain('20 / 30');
    expect(body.match(/GET \/x{79}…/g)).toHaveLength(20);
    expect(body.length).toBeLessThan(200_000);
  });

  it('shows faults that a test injected, and what autoConsent does', async () => {
    const wechat = await start({ autoConsent: { user: 'hong', allow: false } });
    wechat.inject(AUTH, { errcode: -1, errmsg: 'busy', times: 3 });
    wechat.inject(AUTH, { answer: { openid: 'o' }, afterEffect: true });
    wechat.inject('*', { body: Buffer.from('abc'), status: 503, times: Infinity });
    await get(wechat, AUTH);
    const { body } = await send(wechat, 'GET');
    expect(body).toMatch(/errcode: -1, errmsg: busy · 还有 2 次/);
    expect(body).toMatch(/afterEffect: true, answer: openid · 还有 1 次/);
    expect(body).toMatch(/status: 503, body: 3 B · 直到清除/);
    expect(body).toMatch(/hong 总是拒绝/);
  });

  it('names people without a nickname by their id, and says where any port will do', async () => {
    const wechat = await start({
      apps: [{ ...OFFICIAL, domains: ['app'], anyPort: true }, MINI],
      users: [{ id: 'nobody', nickname: ' ' }],
    });
    const { body } = await send(wechat, 'GET');
    expect(body).toMatch(/data-testid="code-wxmini-nobody" >nobody<\/a/);
    expect(body).toContain('app (任意端口)');
  });

  it('is cut when it meets something that is not the visitor’s fault, and lives on', async () => {
    let broken = false;
    const wechat = await start();
    await json(wechat, AUTH);
    const call = wechat.calls[0]!;
    Object.defineProperty(call, 'at', {
      get: () => {
        if (broken) throw new Error('no time');
        return 0;
      },
    });
    broken = true;
    await expect(send(wechat, 'GET')).rejects.toThrow(/socket hang up|ECONNRESET/);
    broken = false;
    expect((await send(wechat, 'GET')).status).toBe(200);
  });

  it('lives with a clock that tells no time', async () => {
    const wechat = await start({ now: () => NaN });
    await get(wechat, AUTH);
    expect((await send(wechat, 'GET')).status).toBe(200);
  });
});

describe('POST /', () => {
  it('injects a fault and leads back; the next request meets it', async () => {
    const wechat = await start();
    const answer = await post(wechat, FAULT, {
      origin: wechat.endpoints.open,
      'sec-fetch-site': 'same-origin',
    });
    expect([answer.status, answer.location, answer.body]).toEqual([303, '/#faults', '']);
    expect((await json(wechat, AUTH)).errcode).toBe(45009);
    expect((await json(wechat, AUTH)).errcode).toBe(41001);
    expect(wechat.calls.map(({ path }) => path)).toEqual([AUTH, AUTH]);
    const english = await send(wechat, 'POST', { 'content-type': FORM }, 'do=clear', '/?lang=en');
    expect(english.location).toBe('/?lang=en#faults');
  });

  it.each(['40029', '40163', '40125', '45009', '48001', '-1'])('knows the errcode %s', async (fault) => {
    const wechat = await start();
    await post(wechat, { ...FAULT, fault, times: '2', delay: '1' });
    expect((await json(wechat, AUTH)).errcode).toBe(Number(fault));
    expect((await json(wechat, AUTH)).errcode).toBe(Number(fault));
    expect((await json(wechat, AUTH)).errcode).toBe(41001);
  });

  it('knows the faults that are no errcode, and the pages', async () => {
    const wechat = await start();
    const injected = async (fields: Record<string, string>) => {
      await post(wechat, { do: 'clear' });
      await post(wechat, { ...FAULT, always: '1', ...fields });
      const { body } = await send(wechat, 'GET');
      return /data-testid="waiting".*?<li>(.*?)<\/li>/
        .exec(body)![1]!
        .replace(/<[^>]*>/g, '')
        .trim();
    };
    expect(await injected({ fault: 'hang' })).toBe('/sns/auth · hang: true · 直到清除');
    expect(await injected({ fault: 'slow' })).toBe('/sns/auth · delayMs: 3000 · 直到清除');
    expect(await injected({ fault: 'slow', delay: '1' })).toBe('/sns/auth · delayMs: 1 · 直到清除');
    expect((await json(wechat, AUTH)).errcode).toBe(41001);
    expect(await injected({ fault: 'empty', path: '*' })).toBe('* · empty: true · 直到清除');
    expect((await get(wechat, AUTH)).body).toBe('');
    await injected({ fault: 'broken' });
    expect((await get(wechat, AUTH)).body).toBe('{"access_token":"61_cut');
    await injected({ fault: 'reset' });
    await expect(get(wechat, AUTH)).rejects.toThrow('fetch failed');
    await injected({ fault: '10003', path: '/connect/qrconnect' });
    expect((await wechat.authorize(qrLink())).page!.errcode).toBe(10003);
  });

  it('clears everything, by whomever it was injected', async () => {
    const wechat = await start();
    wechat.inject('*', { hang: true, times: Infinity });
    await post(wechat, { ...FAULT, always: '1' });
    expect((await post(wechat, { do: 'clear' })).status).toBe(303);
    expect((await json(wechat, AUTH)).errcode).toBe(41001);
    expect((await send(wechat, 'GET')).body).not.toContain('data-testid="waiting"');
  });

  it.each<[string, Record<string, string> | string, RegExp]>([
    ['no field', '', /^表单的 do 不对。可用：inject, clear。$/],
    ['another deed', { do: 'stop' }, /^表单的 do &quot;stop&quot; 不对/],
    [
      'an unknown address',
      { ...FAULT, path: '/sns/none' },
      /path &quot;\/sns\/none&quot; 不对。可用：\*, \/connect/,
    ],
    ['an address of the mock itself', { ...FAULT, path: '/' }, /path &quot;\/&quot; 不对/],
    ['an inherited name', { ...FAULT, fault: 'constructor' }, /fault &quot;constructor&quot; 不对/],
    ['no fault', { do: 'inject', path: AUTH }, /fault 不对。可用：40029, 40163/],
    ['negative times', { ...FAULT, times: '-1' }, /times &quot;-1&quot; 不对。可用：1 – 10000/],
    ['no times', { ...FAULT, times: '0' }, /times/],
    ['huge times', { ...FAULT, times: '10001' }, /times/],
    ['times without end', { ...FAULT, times: 'Infinity' }, /times/],
    ['times in another notation', { ...FAULT, times: '1e3' }, /times/],
    ['half a time', { ...FAULT, times: '1.5' }, /times/],
    ['times beyond numbers', { ...FAULT, times: '9'.repeat(400) }, /times &quot;9{64}&quot;/],
    ['always, or not', { ...FAULT, always: '0' }, /always &quot;0&quot; 不对。可用：1。/],
    ['a negative delay', { ...FAULT, delay: '-5' }, /delay &quot;-5&quot; 不对。可用：0 – 600000/],
    ['a delay of days', { ...FAULT, delay: '600001' }, /delay/],
    ['a doubled field', 'do=inject&path=*&path=*&fault=hang', /表单的 path 不止一个。/],
    ['an unknown field', { ...FAULT, errcode: '1' }, /errcode &quot;1&quot; 不对/],
    ['a field called as objects are', { ...FAULT, ['__proto__x']: '1' }, /__proto__x/],
    ['markup', { ...FAULT, fault: '<b>' }, /&quot;&lt;b&gt;&quot;/],
  ])('answers 400 with what is possible: %s', async (_, fields, message) => {
    const wechat = await start();
    const answer = await post(wechat, fields);
    expect(answer.status).toBe(400);
    expect(why(answer)).toMatch(message);
    expect((await json(wechat, AUTH)).errcode).toBe(41001);
  });

  it('says it in English too', async () => {
    const wechat = await start();
    const answer = await post(wechat, { ...FAULT, times: '-1' }, { 'accept-language': 'en' });
    expect(why(answer)).toBe('times &quot;-1&quot; in the form is wrong. Possible: 1 – 10000.');
    expect(answer.body).toContain('Nothing was done');
  });

  it.each([undefined, 'application/json', 'text/plain', 'multipart/form-data; boundary=x', `${FORM}x`])(
    'answers 415 for the type %s',
    async (type) => {
      const wechat = await start();
      const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
      expect((await send(wechat, 'POST', headers, 'do=inject&path=*&fault=hang')).status).toBe(415);
      expect((await json(wechat, AUTH)).errcode).toBe(41001);
    },
  );

  it('takes the type with a charset', async () => {
    const wechat = await start();
    expect((await post(wechat, FAULT, { 'content-type': `${FORM}; charset=UTF-8` })).status).toBe(303);
  });

  it('answers 413 for a megabyte, keeps none of it, and cuts what has no end', async () => {
    const wechat = await start();
    const answer = await post(wechat, { ...FAULT, fault: 'x'.repeat(1024 * 1024) });
    expect([answer.status, why(answer)]).toEqual([413, '表单太大，最多 64 KiB。']);
    await expect(post(wechat, 'x'.repeat(9 * 1024 * 1024))).rejects.toThrow(
      /ECONNRESET|EPIPE|socket hang up/,
    );
    expect((await json(wechat, AUTH)).errcode).toBe(41001);
  });

  it('keeps a hundred faults at most', async () => {
    const wechat = await start();
    for (let index = 0; index < 99; index++) wechat.inject('*', { hang: true });
    expect((await post(wechat, FAULT)).status).toBe(303);
    const answer = await post(wechat, FAULT);
    expect([answer.status, why(answer)]).toEqual([409, '已有 100 个故障在等待。请先清除。']);
    expect((await post(wechat, { do: 'clear' })).status).toBe(303);
    expect((await post(wechat, FAULT)).status).toBe(303);
  });
});

describe('other sites', () => {
  it.each<[string, (own: string) => Record<string, string>]>([
    ['another origin', () => ({ origin: 'https://evil.example.com' })],
    ['another port', () => ({ origin: 'http://127.0.0.1:1' })],
    ['another name of this machine', (own) => ({ origin: own.replace('127.0.0.1', 'localhost') })],
    ['an origin that is hidden', () => ({ origin: 'null' })],
    ['an origin that is none', () => ({ origin: 'http://' })],
    ['a name that begins like ours', (own) => ({ origin: `${own}.evil.example.com` })],
    ['what the browser calls cross-site', () => ({ 'sec-fetch-site': 'cross-site' })],
    ['what the browser calls same-site', (own) => ({ origin: own, 'sec-fetch-site': 'same-site' })],
    ['several origins', (own) => ({ origin: `${own} https://evil.example.com` })],
  ])('cannot send the form: %s', async (_, headers) => {
    const wechat = await start();
    wechat.inject(AUTH, { errcode: -1 });
    for (const fields of [{ ...FAULT, path: '*' }, { do: 'clear' }]) {
      const answer = await post(wechat, fields, headers(wechat.endpoints.open));
      expect([answer.status, why(answer)]).toEqual([403, expect.stringContaining('来自别的网站')]);
    }
    expect((await json(wechat, AUTH)).errcode).toBe(-1);
    expect((await json(wechat, AUTH)).errcode).toBe(41001);
  });

  it.each([
    'evil.example.com',
    'evil.example.com:8765',
    '127.0.0.1.evil.example.com',
    'localhost.evil.com',
    'a b',
  ])('that make their name point here see and do nothing: %j', async (host) => {
    const wechat = await start();
    await json(wechat, AUTH, { access_token: 'x', openid: 'o' });
    const seen = await send(wechat, 'GET', { host });
    expect([seen.status, why(seen)]).toEqual([403, expect.stringContaining('不接受别的域名')]);
    expect(seen.body).not.toContain(WEBSITE.appId);
    const form = await post(wechat, FAULT, {
      host,
      origin: `http://${host}`,
      'sec-fetch-site': 'same-origin',
    });
    expect(form.status).toBe(403);
    expect((await json(wechat, AUTH)).errcode).toBe(41001);
  });

  it.each([
    'localhost:8765',
    '127.0.0.1',
    '[::1]:8765',
    '192.168.1.5:8765',
    'mac.local',
    'mock:8765',
    'host.docker.internal',
  ])('are not meant by %s', async (host) => {
    const wechat = await start();
    expect((await send(wechat, 'GET', { host })).status).toBe(200);
    expect((await post(wechat, FAULT, { host, origin: `http://${host}` })).status).toBe(303);
  });

  it('are not meant by the name it was told to listen on', async () => {
    const { judgeHost } = await import('../../../../lib/testing/mock-server/desk/visitors.js');
    const asked = { headers: { host: 'Mock.Dev.Example.com:8765' } } as never;
    expect(() => judgeHost(asked, 'mock.dev.example.com')).not.toThrow();
    const nothing = [{ headers: {} }, { headers: { host: '' } }] as never[];
    for (const strange of [asked, ...nothing]) {
      expect(() => judgeHost(strange, '0.0.0.0')).toThrow(/Open it by the address of this machine/);
    }
  });
});
