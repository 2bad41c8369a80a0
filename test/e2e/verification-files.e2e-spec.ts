// The files by which WeChat sees that a domain is ours: exactly these, at exactly these addresses,
// in front of everything that an application has.
import http from 'node:http';
import {
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  type INestApplication,
  Injectable,
  type NestInterceptor,
  type OnModuleInit,
  ValidationPipe,
  VersioningType,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, HttpAdapterHost } from '@nestjs/core';
import { map } from 'rxjs';
import { WechatAuthController, type WechatAppOptions } from '../../lib/index.js';
import { ALL_APPS, PLATFORMS } from '../support/application.js';
import { setStage } from '../support/stage.js';

const CONTENT = 'A1b2C3d4E5f6G7h8';
const MP = `MP_verify_${CONTENT}.txt`;
const OTHER = '6ynZPDvfTF.txt';

@Injectable()
class ClosedGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Injectable()
class Envelope implements NestInterceptor {
  intercept(_context: unknown, next: CallHandler) {
    return next.handle().pipe(map((data) => ({ data })));
  }
}

@Catch()
class CatchAll implements ExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}
  catch(_error: unknown, host: { switchToHttp(): { getResponse(): unknown } }): void {
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), { caught: true }, 418);
  }
}

/** As ServeStaticModule answers every address that nobody else does, with the page of a router. */
@Injectable()
class SinglePage implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}
  onModuleInit(): void {
    const { httpAdapter } = this.host;
    const page = (_request: unknown, response: unknown) => httpAdapter.reply(response, '<app-root>', 200);
    httpAdapter.get(httpAdapter.getType() === 'express' ? '/{*any}' : '/*', page);
  }
}

@Controller(':page')
class EverythingController {
  @Get()
  page() {
    return 'a page';
  }
}

const STRICT = (app: INestApplication) => {
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true }));
  app.setGlobalPrefix('api');
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  app.enableCors({ origin: true, credentials: true });
};

/** As much of Fastify as a plugin needs. */
interface Plugins {
  register(
    plugin: (child: { get(path: string, handler: () => Promise<string>): void }) => Promise<void>,
  ): void;
}

interface Got {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

/** With the request line as it is given. */
function ask(port: number, path: string, host = 'shop.example.com', method = 'GET'): Promise<Got> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: '127.0.0.1', port, path, method, headers: { host }, agent: false },
      (answer) => {
        let body = '';
        answer.setEncoding('latin1').on('data', (text: string) => (body += text));
        answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, body }));
      },
    );
    request.on('error', reject).end();
  });
}

describe.each(PLATFORMS)('Verification files on %s', (_platform, adapter) => {
  const stage = setStage(adapter);

  it.each<[string, Parameters<typeof stage.start>[0]]>([
    ['an application of nothing else', {}],
    [
      'an application that lets nobody in',
      {
        providers: [
          { provide: APP_GUARD, useClass: ClosedGuard },
          { provide: APP_INTERCEPTOR, useClass: Envelope },
          { provide: APP_FILTER, useClass: CatchAll },
        ],
        controllers: [EverythingController, WechatAuthController],
        configure: STRICT,
      },
    ],
    ['a single-page application', { providers: [SinglePage] }],
    ['an application with a route for everything', { controllers: [EverythingController] }],
  ])('are answered as they are, in %s', async (_what, setUp = {}) => {
    const verificationFiles = { [MP]: CONTENT, [OTHER]: 'what is in it' };
    const { port } = await stage.start({ ...setUp, options: { verificationFiles } });
    for (const [name, content] of Object.entries(verificationFiles)) {
      const { status, headers, body } = await ask(port, `/${name}`);
      expect([status, body]).toEqual([200, content]);
      expect(headers).toMatchObject({
        'content-type': 'text/plain',
        'content-length': String(content.length),
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-cache, no-transform',
      });
      expect(headers).not.toHaveProperty('set-cookie');
      const head = await ask(port, `/${name}`, undefined, 'HEAD');
      expect([head.status, head.body, head.headers['content-length']]).toEqual([
        200,
        '',
        String(content.length),
      ]);
    }
    // WeChat is told nothing of how it got here: a proxy names another host, or none of ours.
    expect((await ask(port, `/${MP}`, '127.0.0.1:3000')).body).toBe(CONTENT);
  });

  it.each([
    `/${MP}?`,
    `/${MP}?x=1`,
    `/${MP}#x`,
    `/${MP}/`,
    `//${MP}`,
    `/./${MP}`,
    `/x/../${MP}`,
    `/api/${MP}`,
    `/${MP.toLowerCase()}`,
    `/${MP.toUpperCase()}`,
    `/${MP.replace('.txt', '.TXT')}`,
    `/${MP.replace('M', '%4D')}`,
    `/${MP.replace('.', '%2e')}`,
    `/${MP.replace('txt', 'tx')}`,
    `/${MP}%00`,
    `/${MP}%0a`,
    `/${MP};a=b`,
    `/${MP.replace(CONTENT, 'B1b2C3d4E5f6G7h8')}`,
    `/${MP.replace('MP', 'WW')}`,
    '/MP_verify_*.txt',
    '/.txt',
    '/__proto__',
    '/constructor',
    `http://shop.example.com/${MP}`,
    `http://evil.example.com/${MP}`,
  ])('are not answered at %s', async (path) => {
    const { port } = await stage.start({ options: { verificationFiles: [MP] } });
    const { status, body } = await ask(port, path);
    expect([status >= 400, body.includes('"statusCode"') || body === '' || status === 400]).toEqual([
      true,
      true,
    ]);
    expect(body === CONTENT).toBe(false);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('are not answered to %s', async (method) => {
    const { port } = await stage.start({ options: { verificationFiles: [MP] } });
    expect((await ask(port, `/${MP}`, undefined, method)).status).toBe(404);
  });

  it('of an app are answered at its host and nowhere else', async () => {
    const { official, website } = ALL_APPS as Record<string, WechatAppOptions>;
    const { port } = await stage.start({
      options: {
        verificationFiles: ['WW_verify_0123456789abcdef.txt'],
        apps: {
          official: { ...official!, verificationFiles: [MP] },
          website: {
            ...website!,
            publicUrl: 'https://club.example.com/tea',
            verificationFiles: { [OTHER]: 'of the club' },
          },
        },
      },
    });
    const at = async (host: string) =>
      Promise.all(
        [`/${MP}`, `/${OTHER}`, '/WW_verify_0123456789abcdef.txt'].map(
          async (path) => (await ask(port, path, host)).status,
        ),
      );
    expect(await at('shop.example.com')).toEqual([200, 404, 200]);
    expect(await at('SHOP.example.com:443')).toEqual([200, 404, 200]);
    expect(await at('shop.example.com:80')).toEqual([200, 404, 200]);
    expect(await at('club.example.com')).toEqual([404, 200, 200]);
    for (const host of [
      'shop.example.com:8443',
      'www.shop.example.com',
      'example.com',
      'shop.example.com.evil.example',
      'club.example.com, shop.example.com',
      '',
    ])
      expect([host, ...(await at(host))]).toEqual([host, 404, 404, 200]);
    // The root, as the application sees it: a proxy takes the path of publicUrl away.
    expect((await ask(port, `/tea/${OTHER}`, 'club.example.com')).status).toBe(404);
  });

  it('stand in front of a plugin of Fastify that answers everything', async () => {
    const { port } = await stage.start({
      options: { verificationFiles: [MP] },
      configure: (app) => {
        const instance = app.getHttpAdapter().getInstance() as Partial<Plugins>;
        instance.register?.(async (child) => child.get('/*', async () => 'a page'));
      },
    });
    expect((await ask(port, `/${MP}`)).body).toBe(CONTENT);
  });

  it('are no matter of an application that has none', async () => {
    const { port } = await stage.start({ controllers: [EverythingController] });
    expect((await ask(port, `/${MP}`)).body).toBe('a page');
  });
});
