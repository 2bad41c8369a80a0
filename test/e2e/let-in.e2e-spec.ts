// A guard that is overridden in a test of the application: handlers still learn who is there.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Controller, Get, type INestApplication, Req, UseGuards } from '@nestjs/common';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebSocket } from 'ws';
import {
  getWechatIdentity,
  WechatAuth,
  WechatAuthGuard,
  type WechatIdentity,
  WechatOAuthModule,
  WechatUser,
} from '../../lib/index.js';
import { letIn, MockServerError } from '../../lib/testing/index.js';
import { PLATFORMS, SESSION_SECRET, SHOP } from '../support/application.js';
import { thrownBy } from '../support/failure.js';
import { browserFor } from '../support/stage.js';

@Controller()
@UseGuards(WechatAuthGuard)
class Pages {
  @Get('me')
  me(@WechatUser() user: WechatIdentity) {
    return user;
  }

  @WechatAuth({ scope: 'snsapi_userinfo' })
  @Get('nickname')
  nickname(@WechatUser('nickname') nickname: string, @Req() request: object) {
    return { nickname, same: getWechatIdentity(request)?.nickname };
  }
}

@Resolver()
@UseGuards(WechatAuthGuard)
class Orders {
  @Query(() => String)
  me(@WechatUser('openid') openid: string) {
    return openid;
  }
}

/** Keeps no handshake: nothing is known of the socket but itself. */
@WebSocketGateway()
@UseGuards(WechatAuthGuard)
class Gateway {
  @SubscribeMessage('me')
  me(@WechatUser('openid') openid: string) {
    return { event: 'me', data: openid };
  }
}

describe.each(PLATFORMS)('letIn on %s', (_, adapter) => {
  let app: INestApplication;
  let port: number;

  async function start(person?: Partial<WechatIdentity>) {
    const module = await Test.createTestingModule({
      imports: [
        WechatOAuthModule.forRoot({
          appId: 'wx00000000official',
          secret: 'secretcanaryofficial000000000000',
          publicUrl: SHOP,
          sessionSecret: SESSION_SECRET,
        }),
        GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true }),
      ],
      controllers: [Pages],
      providers: [Orders, Gateway],
    })
      .overrideGuard(WechatAuthGuard)
      .useValue(letIn(person))
      .compile();
    app = module.createNestApplication(adapter(), { logger: false });
    app.useWebSocketAdapter(new WsAdapter(app));
    await app.listen(0, '127.0.0.1');
    port = (app.getHttpServer().address() as AddressInfo).port;
    return browserFor({ port });
  }

  afterEach(() => app.close());

  it('needs nothing but the call', async () => {
    const browser = await start();

    expect((await browser.fetch(`${SHOP}/me`)).json()).toEqual({
      app: 'default',
      appId: 'wx0000000000000000',
      openid: 'o-test',
      scope: ['snsapi_base'],
      isSnapshotUser: false,
    });
  });

  it('is whoever the test names, whatever the route demands', async () => {
    const browser = await start({ openid: 'o-ming', nickname: 'Ming' });

    expect((await browser.fetch(`${SHOP}/nickname`)).json()).toEqual({ nickname: 'Ming', same: 'Ming' });
    expect((await browser.visit(`${SHOP}/me`)).json()).toMatchObject({ openid: 'o-ming' });
  });

  it('works in resolvers', async () => {
    const browser = await start({ openid: 'o-ming' });

    const answer = await browser.fetch(`${SHOP}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ me }' }),
    });
    expect(answer.json()).toEqual({ data: { me: 'o-ming' } });
  });

  it('works in gateways', async () => {
    await start({ openid: 'o-ming' });
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    await once(socket, 'open');
    socket.send(JSON.stringify({ event: 'me' }));
    const [data] = (await once(socket, 'message')) as [Buffer];
    socket.close();

    expect(JSON.parse(data.toString())).toEqual({ event: 'me', data: 'o-ming' });
  });
});

describe('letIn', () => {
  const before = process.env['NODE_ENV'];
  afterEach(() => {
    process.env['NODE_ENV'] = before;
  });

  it('is refused in production', () => {
    process.env['NODE_ENV'] = 'production';

    expect(thrownBy(MockServerError, () => letIn()).message).toContain('letIn');
  });

  it('takes only what an identity has', () => {
    // @ts-expect-error no field of an identity
    expect(letIn({ openId: 'o-ming' })).toHaveProperty('canActivate');
    // @ts-expect-error scopes are a list
    expect(letIn({ scope: 'snsapi_base' })).toHaveProperty('canActivate');
  });
});
