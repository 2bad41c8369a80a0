// The ready-made routes in the document of @nestjs/swagger, which they know only by the metadata it
// reads.
import { Controller, Get, UseGuards } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { ALL_APPS, PLATFORMS, SESSION_SECRET } from '../support/application.js';
import {
  WechatAuthController,
  WechatAuthGuard,
  type WechatOAuthModuleOptions,
  WechatSessionService,
} from '../../lib/index.js';
import { browserFor, setStage } from '../support/stage.js';

@Controller('member')
class MemberController extends WechatAuthController {}

@Controller('orders')
@UseGuards(WechatAuthGuard)
class OrdersController {
  @Get()
  list() {
    return [];
  }
}

const METHODS = {
  '/wechat/login': 'get',
  '/wechat/callback': 'get',
  '/wechat/me': 'get',
  '/wechat/logout': 'post',
  '/wechat/session': 'post',
};

describe.each(PLATFORMS)('The document on %s', (_name, adapter) => {
  const stage = setStage(adapter);

  async function documentOf(options: Partial<WechatOAuthModuleOptions> = { apps: ALL_APPS }) {
    const running = await stage.start({
      controllers: [WechatAuthController, MemberController, OrdersController],
      options,
    });
    const builder = new DocumentBuilder();
    const schemes = running.app.get(WechatSessionService).securitySchemes();
    for (const [name, scheme] of Object.entries(schemes)) builder.addSecurity(name, scheme);
    return { running, schemes, document: SwaggerModule.createDocument(running.app, builder.build()) };
  }

  it('names every answer of the routes, and none that Nest made up', async () => {
    const { document } = await documentOf();
    const answers = Object.entries(METHODS).map(([path, method]) => {
      const operation = document.paths[path]![method as 'get']!;
      expect(operation.summary).toMatch(/\w{4}/);
      return [path, Object.keys(operation.responses)];
    });
    expect(Object.fromEntries(answers)).toEqual({
      '/wechat/login': ['204', '302', '400', '401', '403', '502', '503'],
      '/wechat/callback': ['302', '400', '401', '403', '404', '502', '503'],
      '/wechat/me': ['200', '503'],
      '/wechat/logout': ['204', '303', '403', '503'],
      '/wechat/session': ['200', '400', '401', '403', '502', '503'],
    });
    for (const [path, item] of Object.entries(document.paths)) {
      // Those of a class that extends the controller as well; the application's own are its own.
      const own = path.replace('/member', '/wechat');
      if (path.startsWith('/member'))
        expect(JSON.stringify(item)).toBe(
          JSON.stringify(document.paths[own]).replaceAll('WechatAuth', 'Member'),
        );
    }
    expect(document.paths['/orders']!.get!.security).toBeUndefined();
  });

  it('says what a code is traded with, so that it can be tried', async () => {
    const { document } = await documentOf();
    const { requestBody, responses, parameters } = document.paths['/wechat/session']!.post!;
    expect(requestBody).toMatchObject({
      required: true,
      content: { 'application/json': { schema: { required: ['code'], properties: { app: {}, code: {} } } } },
    });
    expect(parameters).toEqual([]);
    expect(responses['200']).toMatchObject({
      content: { 'application/json': { schema: { required: ['token', 'expiresAt', 'identity'] } } },
    });
    expect(document.paths['/wechat/login']!.get!.parameters).toEqual(
      ['returnTo', 'app', 'scope'].map((name) =>
        expect.objectContaining({ in: 'query', name, required: false, schema: { type: 'string' } }),
      ),
    );
  });

  it('says by which cookie and which token, by their real names', async () => {
    const { running, document, schemes } = await documentOf({ apps: ALL_APPS });
    expect(Object.keys(schemes)).toEqual(['wechat-cookie', 'wechat-cookie-website', 'wechat-bearer']);
    expect(document.components!.securitySchemes).toEqual(schemes);
    for (const path of ['/wechat/me', '/wechat/logout'] as const) {
      const { security } = document.paths[path]![METHODS[path] as 'get']!;
      expect(security).toEqual([{ 'wechat-cookie': [] }, { 'wechat-bearer': [] }, {}]);
      for (const name of security!.flatMap((one) => Object.keys(one))) expect(schemes).toHaveProperty(name);
    }
    const answers = await browserFor(running).follow(`https://shop.example.com/orders`);
    const cookies = answers.flatMap(({ headers }) => headers['set-cookie'] ?? []);
    const { name } = schemes['wechat-cookie'] as { name: string };
    expect(cookies.some((line) => line.startsWith(`${name}=v1`))).toBe(true);
  });

  it('holds what the routes answer', async () => {
    const { running, document } = await documentOf();
    const schemaOf = (path: string, method: 'get' | 'post', status: string) => {
      const response = document.paths[path]![method]!.responses[status] as {
        content: Record<string, { schema: { properties: object; required: string[] } }>;
      };
      return response.content['application/json']!.schema;
    };
    const code = stage.wechat.loginCode({ appId: ALL_APPS!['mini']!.appId, user: 'ming' });
    const browser = browserFor(running);
    const post = async (body: object) => {
      const answer = await browser.fetch('https://shop.example.com/wechat/session', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return [answer.status, JSON.parse(answer.body) as Record<string, unknown>] as const;
    };
    for (const [status, body] of [await post({ app: 'mini', code }), await post({ app: 'none', code })]) {
      const { properties, required } = schemaOf('/wechat/session', 'post', String(status));
      expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(body)));
      expect(Object.keys(body)).toEqual(expect.arrayContaining(required));
    }
    const me = JSON.parse((await browser.fetch('https://shop.example.com/wechat/me')).body) as object;
    expect(Object.keys(me)).toEqual(schemaOf('/wechat/me', 'get', '200').required);
  });

  it.each([
    [false, undefined],
    [{ header: 'X-Tea' }, { type: 'apiKey', in: 'header', name: 'x-tea' }],
    [true, { type: 'http', scheme: 'bearer' }],
  ])('knows the header of session.bearer: %j', async (bearer, scheme) => {
    const { schemes } = await documentOf({ session: { bearer }, sessionSecret: SESSION_SECRET });
    expect(schemes['wechat-bearer']).toEqual(scheme);
    expect(JSON.stringify(schemes)).not.toContain(SESSION_SECRET);
  });
});
