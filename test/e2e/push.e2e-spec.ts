// The message push in whole applications: what WeChat sends arrives once, answered before
// everything else, and what anybody else sends does not.
import {
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  Module,
  type NestInterceptor,
  Post,
  Scope,
  ValidationPipe,
  VersioningType,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import express from 'express';
import { map, type Observable } from 'rxjs';
import { type WechatEvent, WechatEvents, WechatOAuthModule, WechatOAuthService } from '../../lib/index.js';
import {
  type WechatPush,
  WechatPushHandler,
  WechatPushModule,
  type WechatPushModuleOptions,
  type WechatPushReply,
} from '../../lib/push/index.js';
import { ALL_APPS, PLATFORMS, type Running } from '../support/application.js';
import type { MockPushFields } from '../../lib/testing/index.js';
import { expectFreeOf } from '../support/canary.js';
import {
  FORMER_KEY,
  forge,
  post,
  PUSH,
  PUSH_APP_ID,
  PUSH_KEY,
  PUSH_TOKEN,
  request,
  settingsFor,
  sha1,
  textXml,
} from '../support/push-kit.js';
import { setStage } from '../support/stage.js';

class Handler extends WechatPushHandler {
  readonly pushes: WechatPush[] = [];
  answer: (push: WechatPush) => WechatPushReply | void | Promise<WechatPushReply | void> = () => undefined;

  async onPush(push: WechatPush): Promise<WechatPushReply | void> {
    this.pushes.push(push);
    return this.answer(push);
  }
}

const text = (Content: string) => ({ MsgType: 'text', Content });

describe.each(PLATFORMS)('%s', (_name, adapter) => {
  const stage = setStage(adapter);
  let handler: Handler;

  beforeEach(() => {
    handler = new Handler();
  });

  const start = (
    setup: Partial<Parameters<typeof stage.start>[0]> = {},
    register: WechatPushModuleOptions = {},
  ): Promise<Running> =>
    stage.start({
      options: { push: PUSH },
      ...setup,
      imports: [
        WechatPushModule.register({ handler: { useValue: handler }, ...register }),
        ...(setup?.imports ?? []),
      ],
    });

  const push = (more: Partial<Parameters<typeof stage.wechat.push>[0]> = {}) =>
    stage.wechat.push({ appId: PUSH_APP_ID, user: 'ming', fields: text('hi'), ...more });

  describe('What WeChat sends', () => {
    it.each([
      ['safe', 'xml'],
      ['safe', 'json'],
      ['compatible', 'xml'],
      ['compatible', 'json'],
    ] as const)('arrives, and the reply with it: %s mode, %s', async (mode, format) => {
      const { port, logs } = await start();
      handler.answer = () => ({ msgType: 'text', content: '收到 ]]> & <b>' });
      await stage.wechat.setPush(settingsFor(port, { mode, format }));
      const { reply, deliveries, outOfService } = await push();
      const openid = stage.wechat.openidOf(PUSH_APP_ID, 'ming');
      expect(handler.pushes).toEqual([
        expect.objectContaining({ app: 'default', openid, msgType: 'text', content: 'hi' }),
      ]);
      expect(Math.abs(handler.pushes[0]!.createdAt - Date.now())).toBeLessThan(60_000);
      expect(reply).toMatchObject({ ToUserName: openid, MsgType: 'text', Content: '收到 ]]> & <b>' });
      expect([deliveries.length, outOfService]).toEqual([1, false]);
      // The reply is encrypted, so nothing of it stands in the answer.
      expect(deliveries[0]!.body).not.toContain('收到');
      expectFreeOf(logs.lines, [PUSH_TOKEN, PUSH_KEY]);
      expect(logs.text).toContain('https://shop.example.com/wechat/push (default)');
    });

    it('is answered with success where there is nothing to say, and where there is no handler', async () => {
      const { port } = await start();
      await stage.wechat.setPush(settingsFor(port));
      expect((await push()).deliveries).toEqual([{ status: 200, body: 'success' }]);
      const without = await start({}, { handler: undefined });
      await stage.wechat.setPush(settingsFor(without.port));
      expect((await push()).deliveries).toEqual([{ status: 200, body: 'success' }]);
    });

    it('is refused in clear, with or without encrypt_type=raw', async () => {
      const { port } = await start();
      await stage.wechat.setPush(settingsFor(port, { mode: 'plain' }));
      const { deliveries, outOfService } = await push();
      expect(deliveries.map(({ status, body }) => [status, body])).toEqual([
        [403, ''],
        [403, ''],
        [403, ''],
      ]);
      expect(outOfService).toBe(true);
      const forged = forge({ message: textXml() });
      expect((await post(port, { ...forged, query: { ...forged.query, encrypt_type: 'raw' } })).status).toBe(
        403,
      );
      expect(handler.pushes).toEqual([]);
    });

    it.each([
      ['subscribe', 'qrscene_login_1', { event: 'subscribe', scene: 'login_1' }],
      ['SCAN', 'login_1', { event: 'scan', scene: 'login_1' }],
      ['unsubscribe', '', { event: 'unsubscribe' }],
    ])('is an event: %s', async (Event, EventKey, expected) => {
      const { port } = await start();
      await stage.wechat.setPush(settingsFor(port));
      for (const small of [false, true]) {
        stage.wechat.unsure.scanInSmallLetters = small;
        stage.wechat.clock.advance(1_000);
        await push({ fields: { MsgType: 'event', Event, EventKey, Ticket: 'T' } });
      }
      stage.wechat.unsure.scanInSmallLetters = false;
      expect(handler.pushes).toHaveLength(2);
      for (const one of handler.pushes) expect(one).toMatchObject({ msgType: 'event', ...expected });
    });

    it('is opened with the former key too, and answered with the same', async () => {
      const { port } = await start({
        options: { push: { ...PUSH, encodingAesKey: [PUSH_KEY, FORMER_KEY] } },
      });
      handler.answer = () => ({ msgType: 'text', content: 'ok' });
      for (const encodingAesKey of [PUSH_KEY, FORMER_KEY]) {
        await stage.wechat.setPush(settingsFor(port, { encodingAesKey }));
        expect((await push()).reply).toMatchObject({ Content: 'ok' });
      }
      await stage.wechat.setPush(settingsFor(port, { encodingAesKey: 'B'.repeat(43) }));
      expect((await push()).outOfService).toBe(true);
    });

    it('is told apart by app', async () => {
      const apps = {
        ...ALL_APPS!,
        official: { ...ALL_APPS!['official']!, push: PUSH },
        mini: { ...ALL_APPS!['mini']!, push: PUSH },
      };
      const { port, logs } = await start({ options: { apps } });
      const url = (name: string) => `http://127.0.0.1:${port}/wechat/push/${name}`;
      await stage.wechat.setPush(settingsFor(port, { url: url('official') }));
      await stage.wechat.setPush(
        settingsFor(port, { url: url('mini'), appId: apps.mini.appId, format: 'json' }),
      );
      await push();
      await push({ appId: apps.mini.appId });
      expect(handler.pushes.map(({ app }) => app)).toEqual(['official', 'mini']);
      expect(logs.text).toContain(
        '/wechat/push/official (official), https://shop.example.com/wechat/push/mini (mini)',
      );
      // The same token and key, but another app's address.
      await stage.wechat.setPush(settingsFor(port, { url: url('mini') }));
      expect((await push()).outOfService).toBe(true);
      expect(handler.pushes).toHaveLength(2);
      // Which app is meant nobody could tell; and these have no push.
      for (const path of ['/wechat/push', '/wechat/push/website', '/wechat/push/nobody', '/wechat/push/'])
        expect((await post(port, forge({ message: textXml() }), { path })).status).toBe(404);
    });
  });

  describe('What comes again', () => {
    it('gets the same reply, and is handled once', async () => {
      const { app, port } = await start();
      const events: WechatEvent[] = [];
      app.get(WechatEvents, { strict: false }).events$.subscribe((event) => events.push(event));
      let count = 0;
      handler.answer = () => ({ msgType: 'text', content: `no. ${++count}` });
      await stage.wechat.setPush(settingsFor(port));
      const { deliveries } = await push({ lostAnswers: 2, copies: 2 });
      expect(deliveries).toHaveLength(6);
      expect(new Set(deliveries.map(({ reply }) => JSON.stringify(reply))).size).toBe(1);
      expect(handler.pushes).toHaveLength(1);
      const received = events.filter(({ type }) => type === 'push.received');
      expect(received.map((event) => (event as { repeated: boolean }).repeated).sort()).toEqual([
        false,
        ...Array.from({ length: 5 }, () => true),
      ]);
      expectFreeOf(events, [PUSH_TOKEN, PUSH_KEY, 'hi', stage.wechat.openidOf(PUSH_APP_ID, 'ming')]);
    });

    it('may be a new push: another message id, another second, another code', async () => {
      const { port } = await start();
      await stage.wechat.setPush(settingsFor(port));
      const CreateTime = Math.floor(Date.now() / 1000);
      const scan = { MsgType: 'event', Event: 'SCAN', EventKey: 'a', Ticket: 't', CreateTime };
      const different: MockPushFields[] = [
        { ...text('hi'), MsgId: '23456789012345678', CreateTime },
        { ...text('hi'), MsgId: '23456789012345679', CreateTime },
        scan,
        { ...scan, EventKey: 'b' },
        { ...scan, CreateTime: CreateTime + 1 },
        { MsgType: 'event', Event: 'CLICK', EventKey: 'a', CreateTime },
        { MsgType: 'event', Event: 'x_finish', Id: '1', CreateTime },
        { MsgType: 'event', Event: 'x_finish', Id: '2', CreateTime },
      ];
      for (const fields of different) for (let again = 0; again < 2; again++) await push({ fields });
      expect(handler.pushes).toHaveLength(8);
    });
  });

  describe('A handler', () => {
    it('that throws is success for WeChat and one line in the log', async () => {
      const { port, logs } = await start();
      handler.answer = () => {
        throw new TypeError('canary of the handler');
      };
      await stage.wechat.setPush(settingsFor(port));
      const { deliveries } = await push({ lostAnswers: 1 });
      expect(deliveries).toEqual([
        { status: 200, body: 'success' },
        { status: 200, body: 'success' },
      ]);
      const lines = logs.lines.filter(({ level }) => level === 'error');
      expect(lines).toHaveLength(1);
      expect(lines[0]!.text).toContain('onPush for "default" failed on the message text');
      expect(lines[0]!.text).toContain('TypeError');
      expect(logs.text).not.toContain('canary');
    });

    it('whose reply is none is told so', async () => {
      const { port, logs } = await start();
      handler.answer = () => ({ msgType: 'text', content: '' });
      await stage.wechat.setPush(settingsFor(port));
      expect((await push()).deliveries).toEqual([{ status: 200, body: 'success' }]);
      expect(logs.text).toMatch(
        /error .*The reply of onPush has no text in "content"\. See the page docs\/push\.md/,
      );
    });

    it('may be of any scope, and inject our service and what its modules export', async () => {
      @Injectable()
      class Greeter {
        readonly word = '你好';
      }
      @Module({ providers: [Greeter], exports: [Greeter] })
      class GreeterModule {}
      @Injectable({ scope: Scope.REQUEST })
      class ScopedHandler extends WechatPushHandler {
        constructor(
          private readonly greeter: Greeter,
          private readonly service: WechatOAuthService,
        ) {
          super();
        }
        async onPush(): Promise<WechatPushReply> {
          const isThere = typeof this.service.getAuthorizeURL === 'function';
          return { msgType: 'text', content: `${this.greeter.word} ${isThere}` };
        }
      }
      const { port } = await start({}, { imports: [GreeterModule], handler: { useClass: ScopedHandler } });
      await stage.wechat.setPush(settingsFor(port));
      expect((await push()).reply).toMatchObject({ Content: '你好 true' });
    });
  });

  describe('In an application that has everything', () => {
    class Refuse implements CanActivate {
      canActivate = () => false;
    }
    class Wrap implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
        return next.handle().pipe(map((data: unknown) => ({ data })));
      }
    }
    @Catch()
    class Write implements ExceptionFilter {
      catch(): void {
        // Never asked for a push.
      }
    }
    @Controller('wechat/push')
    class Shadow {
      @Get() get(): string {
        return 'shadow';
      }
      @Post() post(): string {
        return 'shadow';
      }
    }

    it('is answered first: guard, interceptor, filter, pipe, prefix, version, a route at the same path', async () => {
      const { port } = await start({
        controllers: [Shadow],
        providers: [
          { provide: APP_GUARD, useClass: Refuse },
          { provide: APP_INTERCEPTOR, useClass: Wrap },
          { provide: APP_FILTER, useClass: Write },
        ],
        configure: (app) => {
          app.setGlobalPrefix('api');
          app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
          app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true }));
        },
      });
      handler.answer = () => ({ msgType: 'text', content: 'ok' });
      for (const format of ['xml', 'json'] as const) {
        await stage.wechat.setPush(settingsFor(port, { format }));
        expect((await push()).reply).toMatchObject({ Content: 'ok' });
      }
    });

    it('stands at a path of one’s own, beside a module that is not global', async () => {
      const main = WechatOAuthModule.forRoot({ ...stage.options({ push: PUSH }), isGlobal: false });
      const { port } = await stage.startModules({
        imports: [
          main,
          WechatPushModule.register({ path: '/hooks/wx', imports: [main], handler: { useValue: handler } }),
        ],
      });
      const url = `http://127.0.0.1:${port}/hooks/wx`;
      await stage.wechat.setPush(settingsFor(port, { url }));
      await stage.wechat.setPush(settingsFor(port, { url: `${url}/default` }));
      await push();
      expect(handler.pushes).toHaveLength(1);
      expect((await post(port, forge({ message: textXml() }))).status).toBe(404);
    });
  });

  describe('The start', () => {
    const failure = (options: object, register?: WechatPushModuleOptions) =>
      stage
        .startModules({
          imports: [WechatOAuthModule.forRoot(stage.options(options)), WechatPushModule.register(register)],
        })
        .then(
          () => 'started',
          (error: Error) => error.message,
        );

    it('says what is wrong', async () => {
      expect(await failure({})).toContain('option "push" is missing, and WechatPushModule is imported');
      expect(await failure({ push: PUSH }, { handler: { useValue: {} as Handler } })).toContain(
        'option "WechatPushModule.handler" has no onPush',
      );
      const alone = stage.startModules({ imports: [WechatPushModule.register()] });
      await expect(alone).rejects.toThrow('"WechatPushModule" finds no WechatOAuthModule');
      const two = [{}, { handler: { useValue: handler } }].map((one) => WechatPushModule.register(one));
      const twice = stage.startModules({
        imports: [WechatOAuthModule.forRoot(stage.options({ push: PUSH })), ...two],
      });
      await expect(twice).rejects.toThrow('is the same for two WechatPushModules');
      for (const path of [
        '',
        '/',
        'wechat',
        '/wechat/',
        '/a//b',
        '/a/../b',
        '/:app',
        '/a?b',
        '/ä',
        '/a\n',
        1,
      ])
        expect(() => WechatPushModule.register({ path: path as string })).toThrow('is not a path');
      expect(() => WechatPushModule.register({ handler: Handler as never })).toThrow(
        'is a class, not a provider',
      );
    });
  });

  describe('What others send', () => {
    const now = () => String(Math.floor(Date.now() / 1000));

    it('is the address check, or is refused without a word', async () => {
      const { port, logs } = await start();
      const [timestamp, nonce] = [now(), '1514711492'];
      const good = {
        signature: sha1(PUSH_TOKEN, timestamp, nonce),
        timestamp,
        nonce,
        echostr: '4375120948345356249',
      };
      const get = (query: Record<string, string> | string) =>
        request(port, `/wechat/push?${new URLSearchParams(query).toString()}`);
      const answer = await get(good);
      expect([answer.status, answer.body]).toEqual([200, good.echostr]);
      expect(answer.headers).toMatchObject({
        'content-type': 'text/plain; charset=utf-8',
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      });
      const old = String(Number(timestamp) - 302);
      const bad: (Record<string, string> | string)[] = [
        {},
        { ...good, signature: 'f'.repeat(40) },
        { ...good, signature: good.signature.toUpperCase() },
        { ...good, nonce: '1514711493' },
        { ...good, echostr: '' },
        { ...good, echostr: 'a b' },
        { ...good, echostr: '汉' },
        { ...good, echostr: 'a'.repeat(257) },
        { ...good, timestamp: old, signature: sha1(PUSH_TOKEN, old, nonce) },
        // The signature joins its values: the same bytes, cut elsewhere.
        { ...good, timestamp: `${timestamp}1`, nonce: nonce.slice(1) },
        { ...good, nonce: 'a-b', signature: sha1(PUSH_TOKEN, timestamp, 'a-b') },
        `${new URLSearchParams(good).toString()}&echostr=1`,
        `${new URLSearchParams(good).toString()}&timestamp=${timestamp}`,
      ];
      for (const query of bad) {
        const refused = await get(query);
        expect([refused.status, refused.body]).toEqual([403, '']);
        expect(refused.headers['content-type']).toBeUndefined();
      }
      expect(logs.lines.filter(({ text: line }) => line.includes('was refused'))).toHaveLength(bad.length);
      expect(logs.lines.filter(({ level }) => ['warn', 'error'].includes(level))).toEqual([]);
      expectFreeOf(logs.lines, [PUSH_TOKEN, PUSH_KEY]);
    });

    it('is no push, and refused without a word', async () => {
      const { port, logs } = await start();
      const good = forge({ message: textXml() });
      const changed = (query: Record<string, string>) => ({ ...good, query: { ...good.query, ...query } });
      const past = String(Number(now()) - 302);
      const future = String(Number(now()) + 302);
      const cdata = (encrypted: string) => `<Encrypt><![CDATA[${encrypted}]]></Encrypt>`;
      const bad: [string, { query: Record<string, string>; body: string | Buffer }][] = [
        ['another signature', changed({ msg_signature: 'f'.repeat(40) })],
        ['the signature of the address', changed({ msg_signature: good.query['signature']! })],
        ['another token', forge({ message: textXml(), token: 'OtherToken' })],
        ['another nonce', changed({ nonce: '415670742' })],
        ['bytes moved', changed({ nonce: good.query['nonce']!.slice(1), timestamp: `${now()}4` })],
        ['a nonce that is none', forge({ message: textXml(), nonce: 'a/b' })],
        ['an endless nonce', forge({ message: textXml(), nonce: '1'.repeat(33) })],
        ['a replay after five minutes', forge({ message: textXml(), timestamp: past })],
        ['a time to come', forge({ message: textXml(), timestamp: future })],
        ['no encrypt_type', changed({ encrypt_type: '' })],
        ['encrypt_type in capitals', changed({ encrypt_type: 'AES' })],
        ['another key', forge({ message: textXml(), key: FORMER_KEY })],
        ["another app's", forge({ message: textXml(), receiver: 'wx000000000website' })],
        ['a longer id', forge({ message: textXml(), receiver: `${PUSH_APP_ID}x` })],
        [
          'two Encrypt',
          forge({ message: textXml(), wrap: (one) => `<xml>${cdata(one)}${cdata(one)}</xml>` }),
        ],
        [
          'two Encrypt, one of them evil',
          forge({ message: textXml(), wrap: (one) => `<xml>${cdata('AAAA')}${cdata(one)}</xml>` }),
        ],
        [
          'an Encrypt that is no child',
          forge({ message: textXml(), wrap: (one) => `<xml><a>${cdata(one)}</a></xml>` }),
        ],
        [
          'elements in Encrypt',
          forge({ message: textXml(), wrap: (one) => `<xml><Encrypt><a>${one}</a></Encrypt></xml>` }),
        ],
        [
          'a comment in Encrypt',
          forge({ message: textXml(), wrap: (one) => `<xml><Encrypt>${one}<!-- --></Encrypt></xml>` }),
        ],
        [
          'blanks in Encrypt',
          forge({ message: textXml(), wrap: (one) => `<xml><Encrypt> ${one}</Encrypt></xml>` }),
        ],
        [
          'a document type',
          forge({ message: textXml(), wrap: (one) => `<!DOCTYPE xml><xml>${cdata(one)}</xml>` }),
        ],
        ['two keys', forge({ message: textXml(), wrap: (one) => `{"Encrypt":"AAAA","Encrypt":"${one}"}` })],
        ['an array', forge({ message: textXml(), wrap: (one) => `{"Encrypt":["${one}"]}` })],
        ['no body', { ...good, body: '' }],
        ['a form', { ...good, body: `Encrypt=${encodeURIComponent(good.encrypted)}` }],
        ['bytes', { ...good, body: Buffer.from([0xff, 0xfe, 0x00]) }],
        ['no message', forge({ message: '' })],
        ['a message in words', forge({ message: 'hello' })],
        [
          'a message without a person',
          forge({ message: '<xml><MsgType>text</MsgType><CreateTime>1</CreateTime></xml>' }),
        ],
        [
          'a message with two persons',
          forge({ message: textXml('hi', '<FromUserName>evil</FromUserName>') }),
        ],
        [
          'a message with a document type',
          forge({ message: `<!DOCTYPE a [<!ENTITY b "c">]>${textXml('&b;')}` }),
        ],
      ];
      for (const [what, one] of bad) {
        const answer = await post(port, one);
        expect([what, answer.status === 403 || answer.status === 400, answer.body]).toEqual([what, true, '']);
      }
      expect(handler.pushes).toEqual([]);
      expect(logs.lines.filter(({ text: line }) => line.includes('was refused'))).toHaveLength(bad.length);
      expect(logs.lines.filter(({ level }) => ['warn', 'error'].includes(level))).toEqual([]);
      expectFreeOf(logs.lines, [PUSH_TOKEN, PUSH_KEY, good.encrypted]);
      expect((await post(port, good)).body).toBe('success');
      expect(handler.pushes).toHaveLength(1);
    });

    it('does not smuggle anything past the signature beside Encrypt', async () => {
      const { port } = await start();
      const evil = '<FromUserName>evil</FromUserName><MsgId>9</MsgId>';
      await post(
        port,
        forge({ message: textXml(), wrap: (one) => `<xml>${evil}<Encrypt>${one}</Encrypt></xml>` }),
      );
      expect(handler.pushes).toEqual([
        expect.objectContaining({ openid: 'openid-1', msgId: '1234567890123456' }),
      ]);
    });

    it('reads control characters that people write', async () => {
      const { port } = await start();
      await post(port, forge({ message: textXml('a\u0008b') }));
      expect(handler.pushes).toEqual([expect.objectContaining({ content: 'a\ufffdb' })]);
    });

    it('knows two methods', async () => {
      const { port } = await start();
      for (const method of ['HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
        const answer = await request(port, '/wechat/push', { method });
        expect([answer.status, answer.body, answer.headers.allow]).toEqual([405, '', 'GET, POST']);
      }
    });

    it('takes a request line with a host, and no other spelling of the path', async () => {
      const { port } = await start();
      const { query, body } = forge({ message: textXml() });
      const headers = { 'content-type': 'text/xml' };
      const at = (target: string) =>
        request(port, `${target}?${new URLSearchParams(query).toString()}`, {
          method: 'POST',
          body,
          headers,
        });
      expect((await at('http://evil.example/wechat/push')).body).toBe('success');
      for (const target of [
        '/wechat/push/',
        '/wechat//push',
        '/Wechat/push',
        '/wechat/%70ush',
        '/wechat/push;x',
      ])
        expect((await at(target)).status).toBe(404);
    });
  });

  describe('The body', () => {
    const target = () =>
      `/wechat/push?${new URLSearchParams(forge({ message: textXml() }).query).toString()}`;

    it('has at most 256 KiB, whether its length is said or not', async () => {
      const { port } = await start();
      const large = Buffer.alloc(1_000_000, 'x');
      const said = await request(port, target(), { method: 'POST', body: large });
      expect([said.status, said.body]).toEqual([413, '']);
      const unsaid = await request(port, target(), {
        method: 'POST',
        headers: { 'transfer-encoding': 'chunked' },
        send: (outgoing) => outgoing.end(large),
      });
      expect([unsaid.status, unsaid.body, handler.pushes]).toEqual([413, '', []]);
      const pad = (size: number) =>
        forge({
          message: textXml(),
          wrap: (one) => `<xml><Encrypt>${one}</Encrypt>${' '.repeat(size)}</xml>`,
        });
      expect((await post(port, pad(250_000))).body).toBe('success');
      expect((await post(port, pad(262_144))).status).toBe(413);
    });

    it('may never come, which is nobody’s fault', async () => {
      const { port, logs } = await start();
      const gone = request(port, target(), {
        method: 'POST',
        headers: { 'content-length': 1000 },
        send: (outgoing) => outgoing.write('<xml>', () => outgoing.destroy()),
      });
      await expect(gone).rejects.toThrow();
      expect((await post(port, forge({ message: textXml() }))).body).toBe('success');
      expect(logs.lines.filter(({ level }) => ['warn', 'error'].includes(level))).toEqual([]);
    });
  });

  if (_name === 'Express') {
    it.each<[string, (app: INestApplication) => void, 'xml' | 'json']>([
      ['a parser of texts', (app) => void app.use(express.text({ type: '*/*' })), 'xml'],
      ['a parser of bytes', (app) => void app.use(express.raw({ type: '*/*' })), 'xml'],
      ['a parser of JSON', (app) => void app.use(express.json()), 'json'],
    ])('is read behind %s', async (_what, configure, format) => {
      const { port } = await start({ configure });
      await stage.wechat.setPush(settingsFor(port, { format }));
      expect((await push()).deliveries).toEqual([{ status: 200, body: 'success' }]);
      expect(handler.pushes).toHaveLength(1);
    });
  }
});
