// `@WechatUser` with pipes, as Nest's own parameter decorators take them, wherever the guard works.
import { once } from 'node:events';
import { Controller, Get, Inject, Injectable, type PipeTransform, UseGuards } from '@nestjs/common';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebSocket } from 'ws';
import { WechatAuth, WechatAuthGuard, type WechatIdentity, WechatUser } from '../../lib/index.js';
import { signInAs } from '../../lib/testing/index.js';
import { PLATFORMS, SHOP } from '../support/application.js';
import { browserFor, setStage } from '../support/stage.js';

interface Row {
  id: number;
  openid: string;
}

@Injectable()
class Users {
  find = (openid: string): Promise<Row> => Promise.resolve({ id: 7, openid });
}

/** A row of the user table for whoever is signed in. */
@Injectable()
class LoadUserPipe implements PipeTransform<WechatIdentity | string | undefined, Promise<Row | null>> {
  constructor(@Inject(Users) private readonly users: Users) {}

  async transform(value: WechatIdentity | string | undefined): Promise<Row | null> {
    if (value === undefined) return null;
    return this.users.find(typeof value === 'string' ? value : value.openid);
  }
}

class PrefixPipe implements PipeTransform<unknown, string> {
  constructor(private readonly prefix: string) {}

  transform = (value: unknown) => this.prefix + JSON.stringify(value);
}

@Controller()
@UseGuards(WechatAuthGuard)
class Pages {
  @Get('row')
  row(@WechatUser(LoadUserPipe) row: Row) {
    return row;
  }

  @Get('row-of-field')
  rowOfField(@WechatUser('openid', LoadUserPipe) row: Row) {
    return row;
  }

  @Get('several')
  several(@WechatUser('app', new PrefixPipe('a'), new PrefixPipe('b')) text: string) {
    return { text };
  }

  @Get('mixed')
  mixed(@WechatUser(LoadUserPipe, new PrefixPipe('row ')) text: string) {
    return { text };
  }

  @Get('no-field')
  noField(@WechatUser(undefined, LoadUserPipe) row: Row) {
    return row;
  }

  @WechatAuth({ mode: 'optional' })
  @Get('nobody')
  nobody(@WechatUser(LoadUserPipe) row: Row | null) {
    return { row };
  }
}

@Resolver()
@UseGuards(WechatAuthGuard)
class Rows {
  @Query(() => String)
  async row(@WechatUser('openid', LoadUserPipe) row: Row) {
    return `${row.id} ${row.openid}`;
  }
}

@WebSocketGateway()
@UseGuards(WechatAuthGuard)
class Gateway {
  handleConnection(client: { request?: unknown }, request: unknown) {
    client.request = request;
  }

  @SubscribeMessage('row')
  row(@WechatUser(LoadUserPipe) row: Row) {
    return { event: 'row', data: row };
  }
}

describe.each(PLATFORMS)('@WechatUser with pipes on %s', (_, adapter) => {
  const stage = setStage(adapter);

  async function start() {
    const running = await stage.start({
      controllers: [Pages],
      imports: [GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true })],
      providers: [Users, Rows, Gateway],
      configure: (app) => app.useWebSocketAdapter(new WsAdapter(app)),
    });
    const { cookie } = signInAs(running.app, { openid: 'o-ming' });
    return { ...running, cookie, browser: browserFor(running) };
  }

  it.each([
    ['row', { id: 7, openid: 'o-ming' }],
    ['row-of-field', { id: 7, openid: 'o-ming' }],
    ['several', { text: 'b"a\\"default\\""' }],
    ['mixed', { text: 'row {"id":7,"openid":"o-ming"}' }],
    ['no-field', { id: 7, openid: 'o-ming' }],
  ])('gives a handler what they made: %s', async (path, expected) => {
    const { browser, cookie } = await start();

    const answer = await browser.fetch(`${SHOP}/${path}`, { headers: { cookie } });
    expect([answer.status, answer.json()]).toEqual([200, expected]);
  });

  it('asks them for nobody too, and not before the guard', async () => {
    const { browser } = await start();

    expect((await browser.fetch(`${SHOP}/nobody`)).json()).toEqual({ row: null });
    expect((await browser.fetch(`${SHOP}/row`)).status).toBe(401);
  });

  it('works in resolvers', async () => {
    const { browser, cookie } = await start();

    const answer = await browser.fetch(`${SHOP}/graphql`, {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/json', origin: SHOP },
      body: JSON.stringify({ query: '{ row }' }),
    });
    expect(answer.json()).toEqual({ data: { row: '7 o-ming' } });
  });

  it('works in gateways', async () => {
    const { port, cookie } = await start();
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { cookie, origin: SHOP } });
    await once(socket, 'open');
    socket.send(JSON.stringify({ event: 'row' }));
    const [data] = (await once(socket, 'message')) as [Buffer];
    socket.close();

    expect(JSON.parse(data.toString())).toEqual({ event: 'row', data: { id: 7, openid: 'o-ming' } });
  });
});

describe('The types of @WechatUser', () => {
  it('refuse what is neither a field nor a pipe', () => {
    class NoPipe {
      parse = String;
    }
    const wrong = [
      // @ts-expect-error no field of an identity
      () => WechatUser('accessToken'),
      // @ts-expect-error no pipe
      () => WechatUser(NoPipe),
      // @ts-expect-error no pipe
      () => WechatUser('openid', NoPipe),
      // @ts-expect-error one field at a time
      () => WechatUser('openid', 'unionid'),
      // @ts-expect-error the field comes first
      () => WechatUser(LoadUserPipe, 'openid'),
    ];
    const right = [
      () => WechatUser(),
      () => WechatUser('openid'),
      () => WechatUser(LoadUserPipe),
      () => WechatUser(new PrefixPipe('a'), LoadUserPipe),
      () => WechatUser('claims', LoadUserPipe, new PrefixPipe('a')),
    ];
    for (const decorate of [...wrong, ...right]) expect(decorate()).toBeInstanceOf(Function);
  });
});
