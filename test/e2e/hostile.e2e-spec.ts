// Whatever is sent, byte by byte: a typed refusal or a login that begins, never an accident, never
// a session, never a way out. Generated, with a fixed seed.
import net from 'node:net';
import { Controller, Get, Post, UseGuards } from '@nestjs/common';
import fc from 'fast-check';
import { onlyCookie, readCookies } from '../../lib/auth/http/cookies.js';
import { allowedReturnAddress } from '../../lib/auth/http/return-address.js';
import { detectClient } from '../../lib/auth/http/client-detection.js';
import { HttpRequest } from '../../lib/auth/http/http-request.js';
import { resolveConfig } from '../../lib/config/resolve-config.js';
import { WechatAuth, WechatAuthController, WechatAuthGuard } from '../../lib/index.js';
import { type SignedIn, signInAs } from '../../lib/testing/index.js';
import {
  ALL_APPS,
  PLATFORMS,
  type Running,
  SHOP,
  startApplication,
  startWechat,
} from '../support/application.js';
import { AGENTS, Browser } from '../support/browser.js';
import { watchForCrashes } from '../support/stage.js';

const EXCHANGE = '/sns/oauth2/access_token';
// Hundreds of requests for each property: how long they take says how busy the machine is, and
// nothing about the answers.
const LIMIT_MS = 60_000;
const SETTINGS = { seed: 20_260_101, numRuns: 250 };
let handled = 0;

@Controller('orders')
@UseGuards(WechatAuthGuard)
class OrdersController {
  @Get()
  list() {
    handled++;
    return 'orders';
  }

  @WechatAuth({ scope: 'snsapi_userinfo' })
  @Get('profile')
  profile() {
    handled++;
    return 'profile';
  }

  @Get(['deep/:a', 'deep/:a/:b', 'deep/:a/:b/:c'])
  deep() {
    handled++;
    return 'deep';
  }

  @Post()
  create() {
    handled++;
    return 'created';
  }
}

interface RawAnswer {
  status: number;
  headers: [name: string, value: string][];
  body: string;
}

/** Sends exactly these bytes, which no client library would. */
function sendRaw(port: number, head: string, body = ''): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = net.connect(port, '127.0.0.1', () =>
      socket.write(Buffer.from(`${head}\r\n\r\n${body}`, 'latin1')),
    );
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => {
      const [top = '', ...rest] = Buffer.concat(chunks).toString('latin1').split('\r\n\r\n');
      const [line = '', ...lines] = top.split('\r\n');
      const headers = lines.map((one): [string, string] => {
        const colon = one.indexOf(':');
        return [one.slice(0, colon).toLowerCase(), one.slice(colon + 1).trim()];
      });
      resolve({ status: Number(line.split(' ')[1]), headers, body: rest.join('\r\n\r\n') });
    });
  });
}

/** Pieces that meant something to some parser, somewhere. */
const PIECES = [
  ...'/?&=#%\\@:;.,<>"\'()[]{}|^`~!*$+-_ \t',
  '//',
  '..',
  './',
  '%00',
  '%0d%0a',
  '%2f',
  '%5c',
  '%',
  '%zz',
  '%e8%8c%b6',
  '\u00e9',
  '\u00ff',
  '\u0080',
  'a',
  '0',
  'evil.example',
  'https://evil.example',
  'https:',
  'javascript:',
  'data:',
  '@evil.example',
  'shop.example.com',
  '.evil.example',
  '__proto__',
  'constructor',
  'code=',
  'state=',
  'returnTo=',
  'null',
  'undefined',
  'v1.',
  'Bearer ',
  '[object Object]',
  '${7*7}',
  '{{7}}',
  "' OR 1=1",
  '<script>',
];
const word = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((pieces) => pieces.join('')),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 24 }) },
  { weight: 1, arbitrary: fc.webUrl({ withFragments: true, withQueryParameters: true }) },
);
/** Halves of surrogate pairs cannot be percent-encoded. */
const wellFormed = (text: string) => text.replace(/\p{Surrogate}/gu, '');
/** What can stand in a header: no line ends, one byte each. */
const headerWord = word.map((text) =>
  text.replace(/[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]/g, ''),
);
/** What can stand in a request line. */
const targetWord = headerWord.map((text) => text.replace(/[\t ]/g, ''));

describe('Hostile input', () => {
  describe.each(PLATFORMS)('on %s', (_platform, adapter) => {
    let wechat: Awaited<ReturnType<typeof startWechat>>;
    let running: Running;
    let crashes: ReturnType<typeof watchForCrashes>;
    let somebody: SignedIn;
    let flow: { name: string; value: string; state: string; code: string };

    beforeAll(async () => {
      crashes = watchForCrashes();
      wechat = await startWechat();
      running = await startApplication({
        wechat,
        adapter,
        controllers: [OrdersController, WechatAuthController],
        options: {
          apps: ALL_APPS,
          defaultApp: 'official',
          returnTo: { origins: ['https://app.example.com'] },
        },
      });
      somebody = signInAs(running.app, { app: 'official', openid: 'oSomebody000000000000000001' });
    });

    beforeEach(async () => {
      handled = 0;
      wechat.clearCalls();
      const browser = new Browser().route(SHOP, running.port);
      const start = await browser.visit(`${SHOP}/orders`);
      const { redirectTo } = await wechat.authorize(start.headers.location!);
      const { searchParams } = new URL(redirectTo!);
      const [cookie] = await browser.jar.getCookies(SHOP);
      flow = {
        name: cookie!.key,
        value: cookie!.value,
        state: searchParams.get('state')!,
        code: searchParams.get('code')!,
      };
    });

    afterEach(() => {
      expect(handled).toBe(0);
      expect(crashes.crashes).toEqual([]);
    });

    afterAll(async () => {
      crashes.stop();
      await running.app.close();
      await wechat.close();
    });

    const ask = (target: string, headers: Record<string, string> = {}, method = 'GET', body = '') => {
      const all: Record<string, string> = {
        host: 'shop.example.com',
        'user-agent': AGENTS.wechat,
        accept: 'text/html',
        ...(body ? { 'content-length': String(Buffer.byteLength(body, 'latin1')) } : {}),
        ...headers,
        connection: 'close',
      };
      const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
      return sendRaw(running.port, [`${method} ${target} HTTP/1.1`, ...lines].join('\r\n'), body);
    };

    /**
     * Refused, or sent to WeChat or to ourselves; 431 and 505 are Node's own words for requests
     * that never reached us.
     */
    function check({ status, headers }: RawAnswer, allowed = [302, 400, 401, 403, 404, 502, 431, 505]): void {
      expect(allowed).toContain(status);
      for (const [name, value] of headers) {
        if (name === 'location') {
          const { origin, searchParams } = new URL(value);
          expect([SHOP, 'https://app.example.com', wechat.endpoints.open]).toContain(origin);
          if (origin === wechat.endpoints.open) {
            expect(new URL(searchParams.get('redirect_uri')!).origin).toBe(SHOP);
            expect(searchParams.get('state')).toMatch(/^[0-9a-f]{32}$/);
          }
        }
        if (name === 'set-cookie') {
          expect(value).toMatch(
            /^__Host-wechat_(flow_[0-9a-f]{8}_[0-9a-f]{8}=(v1\.[\w-]+)?|session_[0-9a-f]{8}=|silent_[0-9a-f]{8}(_[\w-]{11})?=1?|out=[\w-]{11}); Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
          );
          expect(value.length).toBeLessThan(4_096);
        }
      }
      expect(handled).toBe(0);
    }

    it(
      'in the code of a genuine callback signs nobody in',
      async () => {
        await fc.assert(
          fc.asyncProperty(word, fc.boolean(), async (code, encoded) => {
            const text = encoded
              ? encodeURIComponent(wellFormed(code))
              : code.replace(/[^\u0021-\u00ff]|[#&\u007f]/g, '');
            const answer = await ask(`/orders?code=${text}&state=${flow.state}`, {
              cookie: `${flow.name}=${flow.value}`,
            });
            check(answer);
          }),
          SETTINGS,
        );
        for (const { query } of wechat.callsTo(EXCHANGE))
          expect(query['code']).toMatch(/^[\x21-\x7e]{1,512}$/);
        // One state, one exchange: all but the first well-formed one were refused without asking
        // WeChat.
        expect(wechat.callsTo(EXCHANGE).length).toBeLessThanOrEqual(1);
      },
      LIMIT_MS,
    );

    it(
      'in the query of a callback, with the cookie of the flow or without, signs nobody in',
      async () => {
        const parameter = fc.tuple(
          fc.constantFrom('code', 'state', 'returnTo', 'app', 'scope', 'code[]', 'state[x]', '__proto__'),
          targetWord,
        );
        await fc.assert(
          fc.asyncProperty(
            fc.array(parameter, { maxLength: 5 }),
            fc.boolean(),
            fc.boolean(),
            async (parameters, genuine, withCookie) => {
              const query = parameters.map(([name, value]) => `${name}=${value.replaceAll('&', '')}`);
              if (genuine) query.push(`state=${flow.state}`);
              const headers: Record<string, string> = withCookie
                ? { cookie: `${flow.name}=${flow.value}` }
                : {};
              for (const path of ['/orders', '/orders/profile', '/wechat/login'])
                check(await ask(`${path}?${query.join('&')}`, headers));
            },
          ),
          { ...SETTINGS, numRuns: 120 },
        );
      },
      LIMIT_MS,
    );

    it(
      'in a state is somebody else’s state, unless it is ours',
      async () => {
        const changed = fc
          .tuple(fc.nat(31), fc.constantFrom(...'0123456789abcdefABCDEF'))
          .map(([at, digit]) => flow.state.slice(0, at) + digit + flow.state.slice(at + 1));
        await fc.assert(
          fc.asyncProperty(fc.oneof(changed, targetWord), async (state) => {
            fc.pre(state !== flow.state);
            const answer = await ask(`/orders?code=${flow.code}&state=${state.replace(/[&#]/g, '')}`, {
              cookie: `${flow.name}=${flow.value}`,
            });
            check(answer);
          }),
          SETTINGS,
        );
        expect(wechat.callsTo(EXCHANGE)).toEqual([]);
      },
      LIMIT_MS,
    );

    it(
      'in the request line runs no handler',
      async () => {
        const path = fc.oneof(
          fc.array(targetWord, { maxLength: 4 }).map((words) => `/orders/deep/${words.join('/')}`),
          targetWord.map((text) => `/orders${text}`),
          targetWord.map((text) => `//orders/${text}`),
          targetWord.map((text) => `http://evil.example/orders${text}`),
          targetWord,
        );
        await fc.assert(
          fc.asyncProperty(
            path,
            fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH'),
            async (target, method) => {
              check(
                await ask(target === '' ? '/' : target, {}, method),
                [302, 400, 401, 403, 404, 415, 431, 505],
              );
            },
          ),
          { ...SETTINGS, numRuns: 400 },
        );
      },
      LIMIT_MS,
    );

    it(
      'in any header changes nothing but the way of the refusal',
      async () => {
        const name = fc.constantFrom(
          'host',
          'cookie',
          'authorization',
          'accept',
          'accept-language',
          'user-agent',
          'origin',
          'referer',
          'x-requested-with',
          'sec-fetch-mode',
          'sec-fetch-dest',
          'sec-fetch-site',
          'x-forwarded-host',
          'x-forwarded-proto',
          'forwarded',
          'x-http-method-override',
          'x-original-url',
        );
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.tuple(name, headerWord), { minLength: 1, maxLength: 5 }),
            async (pairs) => {
              check(await ask('/orders?a=b', Object.fromEntries(pairs)));
              check(await ask(`/orders?code=x&state=${flow.state}`, Object.fromEntries(pairs)));
            },
          ),
          SETTINGS,
        );
      },
      LIMIT_MS,
    );

    it(
      'in cookies and tokens, made of parts of genuine ones, is nobody',
      async () => {
        const [name = '', value = ''] = somebody.cookie.split(/=(.*)/s);
        const token = somebody.bearer.slice(7);
        const genuine = [value, token, flow.value];
        const junk = fc.oneof(
          headerWord,
          fc
            .tuple(fc.constantFrom(...genuine), fc.nat(400), fc.nat(400))
            .map(([text, from, to]) => text.slice(from, to)),
          fc
            .tuple(fc.constantFrom(...genuine), fc.constantFrom(...genuine), fc.nat(200))
            .map(([one, two, at]) => one.slice(0, at) + two.slice(at)),
          fc.tuple(fc.constantFrom(...genuine), headerWord).map(([text, tail]) => text + tail),
        );
        const known = fc.constantFrom(
          name,
          flow.name,
          flow.name.replace('flow', 'silent'),
          `${name} `,
          '',
          '__proto__',
        );
        // Names that only begin like ours.
        const near = headerWord.map((tail) => flow.name.slice(0, -8) + tail.replace(/[;=]/g, ''));
        const names = fc.oneof(known, near);
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.tuple(names, junk), { maxLength: 8 }),
            junk,
            async (cookies, bearer) => {
              fc.pre(bearer.trim() !== token);
              // The genuine session is the one thing that may not be in there.
              const cookie = cookies
                .filter(([, one]) => one.trim() !== value)
                .map(([one, two]) => `${one}=${two}`)
                .join('; ');
              check(await ask('/orders', { cookie }));
              check(await ask('/orders', { cookie, authorization: `Bearer ${bearer}` }));
              check(
                await ask(`/orders?code=${flow.code}x&state=${flow.state}`, {
                  cookie: cookie.replaceAll(flow.value, 'x'),
                }),
              );
            },
          ),
          { ...SETTINGS, numRuns: 150 },
        );
        expect(wechat.callsTo(EXCHANGE)).toEqual([]);
      },
      LIMIT_MS,
    );

    it(
      'in the address to return to leads nowhere else',
      async () => {
        await fc.assert(
          fc.asyncProperty(word, async (returnTo) => {
            const query = `returnTo=${encodeURIComponent(wellFormed(returnTo))}`;
            check(await ask(`/wechat/login?${query}`));
            check(await ask(`/wechat/login?${query}`, { cookie: somebody.cookie }));
            check(await ask(`/wechat/logout?${query}`, { cookie: somebody.cookie }, 'POST'), [303]);
          }),
          SETTINGS,
        );
      },
      LIMIT_MS,
    );

    it(
      'in the body of a mini program’s login signs nobody in',
      async () => {
        const body = fc.oneof(
          fc.json(),
          fc
            .record({
              app: fc.oneof(fc.constantFrom('mini', 'mobile', 'official', '__proto__'), word),
              code: fc.oneof(word, fc.jsonValue()),
            })
            .map((value) => JSON.stringify(value)),
          headerWord,
        );
        await fc.assert(
          fc.asyncProperty(body, async (text) => {
            const bytes = Buffer.from(text, 'utf8').toString('latin1');
            const answer = await ask(
              '/wechat/session',
              { 'content-type': 'application/json' },
              'POST',
              bytes,
            );
            check(answer, [400, 401, 502]);
            expect(answer.body).not.toMatch(/"token":|"identity":/);
          }),
          SETTINGS,
        );
      },
      LIMIT_MS,
    );
  });

  describe('to the parts that read it', () => {
    const config = resolveConfig(
      {
        appId: 'wx00000000official',
        secret: 's',
        publicUrl: `${SHOP}/app`,
        returnTo: { origins: ['https://app.example.com'] },
      },
      false,
    );

    it(
      'comes out of the address check as an address on an allowed origin, or not at all',
      () => {
        const near = fc
          .tuple(fc.constantFrom(SHOP, 'https://app.example.com', 'https:', '//', '/', ''), word)
          .map((parts) => parts.join(''));
        fc.assert(
          fc.property(fc.oneof(word, near, fc.anything()), (value) => {
            const allowed = allowedReturnAddress(config, config.defaultApp!, value);
            if (allowed === undefined) return;
            const url = new URL(allowed);
            expect(config.returnTo.origins.has(url.origin)).toBe(true);
            expect([url.href, url.username, url.password]).toEqual([allowed, '', '']);
            expect(allowed).toMatch(/^[\x21-\x7e]{1,1024}$/);
            expect(allowedReturnAddress(config, config.defaultApp!, allowed)).toBe(allowed);
          }),
          { ...SETTINGS, numRuns: 3_000 },
        );
      },
      LIMIT_MS,
    );

    it(
      'comes out of the cookie reader as pairs of what was in it',
      () => {
        fc.assert(
          fc.property(
            fc.oneof(
              word,
              fc.string({ unit: 'binary' }),
              fc.array(word).map((words) => words.join(';')),
            ),
            (header) => {
              for (const { name, value } of readCookies(header)) {
                expect(header).toContain(name);
                expect(header).toContain(value);
                expect(name + value).not.toContain(';');
                expect([undefined, value]).toContain(onlyCookie(readCookies(header), name));
              }
            },
          ),
          { ...SETTINGS, numRuns: 2_000 },
        );
      },
      LIMIT_MS,
    );

    it(
      'never makes a path that does not begin with a slash, nor throws',
      () => {
        fc.assert(
          fc.property(fc.oneof(word, fc.webUrl(), fc.string({ unit: 'binary' })), word, (url, text) => {
            const request = new HttpRequest({
              url,
              headers: { accept: text, 'accept-language': text, 'sec-fetch-mode': text } as never,
            });
            expect(request.path[0]).toBe('/');
            expect(request.path).not.toContain('?');
            expect(
              [request.prefersChinese, request.isPageNavigation, request.opensPage].every(
                (one) => typeof one === 'boolean',
              ),
            ).toBe(true);
            expect(typeof detectClient(text)).toBe('string');
          }),
          { ...SETTINGS, numRuns: 3_000 },
        );
      },
      LIMIT_MS,
    );
  });
});
