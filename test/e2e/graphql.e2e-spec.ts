// The guard in front of resolvers: a real GraphQL server, asked over HTTP and over a WebSocket.
import { type CanActivate, type ExecutionContext, Injectable, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import {
  Args,
  Field,
  GraphQLModule,
  Mutation,
  ObjectType,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { WebSocket } from 'ws';
import {
  WechatAuth,
  WechatAuthController,
  WechatAuthGuard,
  type WechatIdentity,
  type WechatOAuthModuleOptions,
  WechatSessionService,
  WechatUser,
} from '../../lib/index.js';
import { signInAs, type SignInAsIdentity } from '../../lib/testing/index.js';
import { ALL_APPS, PLATFORMS, type Running, SHOP } from '../support/application.js';
import type { Answer, Browser } from '../support/browser.js';
import { guardedAt } from '../support/guarded.js';
import { Meeting } from '../support/meeting.js';
import { browserFor, expectLogin, setStage } from '../support/stage.js';

const APP_ORIGIN = 'https://app.example.com';
const EVIL = 'https://evil.example.com';

/** The handlers that ran. */
const ran: string[] = [];
const meeting = new Meeting();

@Injectable()
class MeetingGuard implements CanActivate {
  canActivate = () => meeting.attend();
}

@Injectable()
class OwnGuard implements CanActivate {
  constructor(private readonly sessions: WechatSessionService) {}

  async canActivate(context: ExecutionContext) {
    return (await this.sessions.authenticate(context)) !== undefined;
  }
}

@Resolver()
@UseGuards(WechatAuthGuard)
class OrdersResolver {
  @Query(() => String)
  me(@WechatUser() user: WechatIdentity) {
    ran.push('me');
    return JSON.stringify(user);
  }

  @Query(() => String)
  openid(@WechatUser('openid') openid: string) {
    ran.push('openid');
    return openid;
  }

  @WechatAuth({ scope: 'snsapi_userinfo' })
  @Query(() => String)
  nickname(@WechatUser('nickname') nickname: string) {
    ran.push('nickname');
    return nickname;
  }

  @WechatAuth({ mode: 'optional' })
  @Query(() => String)
  greeting(@WechatUser('openid') openid?: string) {
    return `Hello ${openid ?? 'stranger'}`;
  }

  @WechatAuth({ mode: 'silent' })
  @Query(() => String)
  offer(@WechatUser('openid') openid?: string) {
    return `For ${openid ?? 'everybody'}`;
  }

  @WechatAuth({ mode: 'off' })
  @Query(() => String)
  shop(@WechatUser('openid') openid?: string) {
    return `Tea for ${openid ?? 'whoever comes'}`;
  }

  @Mutation(() => String)
  order(@Args('tea', { type: () => String }) tea: string, @WechatUser('openid') openid: string) {
    ran.push('order');
    return `${tea} for ${openid}`;
  }

  @Subscription(() => String)
  async *ordered(@WechatUser('openid') openid: string) {
    yield { ordered: openid };
  }

  @UseGuards(MeetingGuard)
  @WechatAuth({ app: 'official' })
  @Query(() => String)
  officialTogether(@WechatUser('openid') openid: string) {
    return openid;
  }

  @UseGuards(MeetingGuard)
  @WechatAuth({ app: 'website' })
  @Query(() => String)
  websiteTogether(@WechatUser('openid') openid: string) {
    return openid;
  }

  @UseGuards(MeetingGuard)
  @WechatAuth({ mode: 'off' })
  @Query(() => String)
  nobodyTogether(@WechatUser('openid') openid?: string) {
    return openid ?? 'nobody';
  }
}

@ObjectType()
class Tea {
  @Field(() => String)
  name!: string;
}

/** A public query with one field that is not. */
@Resolver(() => Tea)
class TeasResolver {
  @Query(() => [Tea])
  teas(): Tea[] {
    return [{ name: 'Longjing' }, { name: 'Tieguanyin' }];
  }

  @UseGuards(WechatAuthGuard)
  @ResolveField(() => String, { nullable: true })
  lastOrderedBy(@WechatUser('openid') openid: string) {
    ran.push('lastOrderedBy');
    return openid;
  }
}

/** No guard of its own. */
@Resolver()
class UnguardedResolver {
  @Query(() => String)
  stock() {
    ran.push('stock');
    return 'plenty';
  }

  @UseGuards(OwnGuard)
  @Query(() => String)
  own(@WechatUser('openid') openid: string) {
    return openid;
  }

  @WechatAuth({ mode: 'off' })
  @Query(() => String)
  hours() {
    return '9 to 5';
  }
}

interface Result<T = Record<string, unknown>> {
  data?: T | null;
  errors?: { message: string; path?: string[]; extensions: { code: string; originalError?: unknown } }[];
}

const problem = (statusCode: number, code: string, message: string, more: object = {}) => ({
  statusCode,
  code,
  message,
  app: 'default',
  ref: expect.stringMatching(/^[0-9A-F]{10}$/),
  ...more,
});
const LOGIN_REQUIRED = problem(401, 'WECHAT_LOGIN_REQUIRED', 'Sign in with WeChat first.');
const ORIGIN_NOT_ALLOWED = { ...LOGIN_REQUIRED, reason: 'ORIGIN_NOT_ALLOWED' };

/** The one error of an answer, with the body of the contract, whatever its language. */
function expectRefusal(answer: Answer, body: unknown, code = 'UNAUTHENTICATED'): void {
  expect(answer.status).toBe(200);
  expect(answer.headers.location).toBeUndefined();
  expect(answer.setCookies).toEqual([]);
  const { errors = [] } = answer.json<Result>();
  expect(errors.map(({ extensions }) => extensions)).toEqual([
    expect.objectContaining({ code, originalError: body }),
  ]);
}

describe.each(PLATFORMS)('WechatAuthGuard in GraphQL on %s', (_platform, adapter) => {
  const stage = setStage(adapter);
  let running: Running;
  let browser: Browser;

  const start = async (
    options: Partial<WechatOAuthModuleOptions> = {},
    graphql: Partial<ApolloDriverConfig> = {},
    more: Pick<NonNullable<Parameters<typeof stage.start>[0]>, 'controllers' | 'providers'> = {},
  ): Promise<void> => {
    running = await stage.start({
      controllers: more.controllers ?? [],
      imports: [
        GraphQLModule.forRoot<ApolloDriverConfig>({
          driver: ApolloDriver,
          autoSchemaFile: true,
          // Else a navigation gets the page of the IDE, whatever it asks for.
          graphiql: false,
          playground: false,
          fieldResolverEnhancers: ['guards'],
          subscriptions: { 'graphql-ws': true },
          ...graphql,
        }),
      ],
      providers: [OrdersResolver, TeasResolver, UnguardedResolver, ...(more.providers ?? [])],
      options: { returnTo: { origins: [APP_ORIGIN] }, ...options },
    });
    browser = browserFor(running);
  };

  const ask = (query: string, headers: Record<string, string> = {}): Promise<Answer> =>
    browser.fetch(`${SHOP}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query }),
    });
  const askByGet = (query: string, headers: Record<string, string> = {}): Promise<Answer> =>
    browser.visit(`${SHOP}/graphql?${new URLSearchParams({ query })}`, {
      headers: { 'apollo-require-preflight': 'true', ...headers },
    });
  const signIn = (person: Partial<SignInAsIdentity> = {}) =>
    signInAs(running.app, { openid: 'openid-of-ming', ...person });

  beforeEach(() => {
    ran.length = 0;
  });

  describe('nobody signed in', () => {
    beforeEach(() => start());

    it('refuses a query with the body of the contract and does not run it', async () => {
      const answer = await ask('{ me }');

      expectRefusal(answer, LOGIN_REQUIRED);
      expect(answer.json<Result>().errors![0]).toMatchObject({
        message: 'Sign in with WeChat first.',
        path: ['me'],
      });
      expect(ran).toEqual([]);
    });

    it('refuses a mutation and does not run it', async () => {
      expectRefusal(await ask('mutation { order(tea: "Longjing") }'), LOGIN_REQUIRED);
      expect(ran).toEqual([]);
    });

    it('refuses a guarded field and answers the rest of the query', async () => {
      const { data, errors } = (await ask('{ teas { name lastOrderedBy } }')).json<Result>();

      expect(data).toEqual({
        teas: [
          { name: 'Longjing', lastOrderedBy: null },
          { name: 'Tieguanyin', lastOrderedBy: null },
        ],
      });
      expect(errors!.map(({ extensions }) => extensions.originalError)).toEqual([
        LOGIN_REQUIRED,
        LOGIN_REQUIRED,
      ]);
      expect(ran).toEqual([]);
    });

    it('never redirects, not even the GET of a browser that opens the address as a page', async () => {
      expectRefusal(await askByGet('{ me }'), LOGIN_REQUIRED);
      expectRefusal(
        await askByGet('{ me }', {
          'sec-fetch-mode': 'navigate',
          'sec-fetch-dest': 'document',
          'sec-fetch-site': 'none',
        }),
        LOGIN_REQUIRED,
      );
      expect(stage.wechat.calls).toEqual([]);
    });

    it('does not take a callback of WeChat for a login', async () => {
      const query = new URLSearchParams({ query: '{ me }', code: 'a-code', state: `1${'a'.repeat(31)}` });
      const answer = await browser.visit(`${SHOP}/graphql?${query}`, {
        headers: { 'apollo-require-preflight': 'true' },
      });

      expectRefusal(answer, LOGIN_REQUIRED);
      expect(stage.wechat.calls).toEqual([]);
    });

    it('speaks the language of the request', async () => {
      const answer = await ask('{ me }', { 'accept-language': 'zh-CN,zh;q=0.9' });

      expectRefusal(answer, problem(401, 'WECHAT_LOGIN_REQUIRED', '请先使用微信登录。'));
    });

    it('lets everybody in where the route is optional, silent or off', async () => {
      expect((await ask('{ greeting offer shop }')).json()).toEqual({
        data: { greeting: 'Hello stranger', offer: 'For everybody', shop: 'Tea for whoever comes' },
      });
    });
  });

  it('names the login route where there is one', async () => {
    await start({}, {}, { controllers: [WechatAuthController] });

    expectRefusal(await ask('{ me }'), { ...LOGIN_REQUIRED, loginUrl: `${SHOP}/wechat/login` });
  });

  describe('somebody signed in', () => {
    beforeEach(() => start());

    it('knows who it is after a login on a page, in queries, mutations and fields', async () => {
      await start({}, {}, { controllers: [guardedAt('orders')] });
      await expectLogin(browser, `${SHOP}/orders`);
      const openid = stage.wechat.openidOf('wx00000000official', 'ming');

      expect((await ask('{ openid teas { lastOrderedBy } greeting offer }')).json()).toEqual({
        data: {
          openid,
          teas: [{ lastOrderedBy: openid }, { lastOrderedBy: openid }],
          greeting: `Hello ${openid}`,
          offer: `For ${openid}`,
        },
      });
      expect((await ask('mutation { order(tea: "Longjing") }')).json()).toEqual({
        data: { order: `Longjing for ${openid}` },
      });
    });

    it('knows nobody whose browser has signed out since, when a late answer brings the session back', async () => {
      await start({}, {}, { controllers: [guardedAt('orders'), WechatAuthController] });
      await expectLogin(browser, `${SHOP}/orders`);
      const late = await browser.jar.getCookies(SHOP);
      await browser.fetch(`${SHOP}/wechat/logout`, { method: 'POST' });
      for (const cookie of late) await browser.jar.setCookie(cookie, SHOP);

      const { errors } = (await ask('{ openid }')).json<Result<unknown>>();
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED' });
      expect((await ask('{ greeting }')).json()).toEqual({ data: { greeting: 'Hello stranger' } });
    });

    it.each(['cookie', 'bearer'] as const)('takes the session from the %s', async (way) => {
      const signedIn = signIn();
      const headers: Record<string, string> =
        way === 'cookie' ? { cookie: signedIn.cookie } : { authorization: signedIn.bearer };

      const { data } = (await ask('{ me }', headers)).json<Result<{ me: string }>>();

      expect(JSON.parse(data!.me)).toEqual(signedIn.identity);
      expect((await askByGet('{ openid }', headers)).json()).toEqual({
        data: { openid: 'openid-of-ming' },
      });
    });

    it('tells a route that does not look nothing about the visitor', async () => {
      expect((await ask('{ shop }', { cookie: signIn().cookie })).json()).toEqual({
        data: { shop: 'Tea for whoever comes' },
      });
    });

    it('refuses a token that claims to be ours and is not, in spite of a good cookie', async () => {
      const { cookie } = signIn();

      expectRefusal(await ask('{ me }', { cookie, authorization: 'Bearer v1.forged' }), LOGIN_REQUIRED);
      expect(ran).toEqual([]);
    });

    it('works behind a guard of the application’s own that asks WechatSessionService', async () => {
      expect((await ask('{ own }', { cookie: signIn().cookie })).json()).toEqual({
        data: { own: 'openid-of-ming' },
      });
      expect((await ask('{ own }')).json()).toMatchObject({ data: null });
    });

    it('leaves tokens of the application alone', async () => {
      const answer = await ask('{ openid }', {
        cookie: signIn().cookie,
        authorization: 'Bearer eyJhbGciOiJIUzI1NiJ9.e30.x',
      });

      expect(answer.json()).toEqual({ data: { openid: 'openid-of-ming' } });
    });

    it('asks for more permission where the route needs it', async () => {
      const refused = await ask('{ nickname }', { cookie: signIn().cookie });
      const permitted = signIn({ scope: ['snsapi_userinfo'], nickname: '小明' });

      const text = 'This page needs your WeChat name and picture. Please allow it and try again.';
      expectRefusal(
        refused,
        problem(403, 'WECHAT_SCOPE_REQUIRED', text, { scope: 'snsapi_userinfo' }),
        'FORBIDDEN',
      );
      expect(ran).toEqual([]);
      expect((await ask('{ nickname }', { cookie: permitted.cookie })).json()).toEqual({
        data: { nickname: '小明' },
      });
    });

    it('refuses the made-up visitor of a snapshot page', async () => {
      const answer = await ask('{ me }', { cookie: signIn({ isSnapshotUser: true }).cookie });

      expectRefusal(answer, problem(403, 'SNAPSHOT_USER', expect.any(String) as never), 'FORBIDDEN');
      expect(ran).toEqual([]);
    });

    it('takes a cookie on a mutation only from pages of its own and of allowed origins', async () => {
      const { cookie } = signIn();
      const order = (headers: Record<string, string>) =>
        ask('mutation { order(tea: "Longjing") }', { cookie, ...headers });

      expectRefusal(await order({ origin: EVIL }), ORIGIN_NOT_ALLOWED);
      expectRefusal(await order({ origin: 'null' }), ORIGIN_NOT_ALLOWED);
      expectRefusal(await order({ 'sec-fetch-site': 'same-site' }), ORIGIN_NOT_ALLOWED);
      expect(ran).toEqual([]);

      for (const origin of [SHOP, APP_ORIGIN])
        expect((await order({ origin })).json()).toEqual({ data: { order: 'Longjing for openid-of-ming' } });
    });

    it('takes a bearer token from any origin, because no browser sends it by itself', async () => {
      const answer = await ask('mutation { order(tea: "Longjing") }', {
        authorization: signIn().bearer,
        origin: EVIL,
      });

      expect(answer.json()).toEqual({ data: { order: 'Longjing for openid-of-ming' } });
    });

    it('runs no mutation for a GET, on which a cookie counts from everywhere', async () => {
      const answer = await askByGet('mutation { order(tea: "Longjing") }', {
        cookie: signIn().cookie,
        origin: EVIL,
      });

      expect(answer.status).toBe(405);
      expect(ran).toEqual([]);
    });
  });

  describe('several fields of one query', () => {
    const people = () =>
      ['official', 'website'].map((app) => signInAs(running.app, { openid: `openid-at-${app}`, app }));

    beforeEach(() => start({ apps: ALL_APPS }));

    it('each see whom their own rule let in, even when they are resolved at the same time', async () => {
      meeting.expect(3);

      const answer = await ask('{ officialTogether websiteTogether nobodyTogether }', {
        cookie: people()
          .map(({ cookie }) => cookie)
          .join('; '),
      });

      expect(answer.json()).toEqual({
        data: {
          officialTogether: 'openid-at-official',
          websiteTogether: 'openid-at-website',
          nobodyTogether: 'nobody',
        },
      });
    });

    it('are refused one by one', async () => {
      meeting.expect(1);

      const answer = await ask('{ websiteTogether officialTogether }', { cookie: people()[0]!.cookie });

      expect(answer.json<Result>().errors).toMatchObject([
        {
          path: ['websiteTogether'],
          extensions: { originalError: { code: 'WECHAT_LOGIN_REQUIRED', app: 'website' } },
        },
      ]);
    });
  });

  describe('as APP_GUARD', () => {
    beforeEach(() => start({}, {}, { providers: [{ provide: APP_GUARD, useClass: WechatAuthGuard }] }));

    it('guards resolvers that say nothing, and leaves out those that say so', async () => {
      expectRefusal(await ask('{ stock }'), LOGIN_REQUIRED);
      expect(ran).toEqual([]);
      expect((await ask('{ hours }')).json()).toEqual({ data: { hours: '9 to 5' } });
      expect((await ask('{ stock }', { cookie: signIn().cookie })).json()).toEqual({
        data: { stock: 'plenty' },
      });
    });
  });

  describe('a context of the application’s own', () => {
    const hiding: ApolloDriverConfig['context'] = (first: { req?: object }) => ({
      req: {},
      visitor: first.req ?? first,
    });

    it('that hides the request keeps everybody out', async () => {
      await start({}, { context: hiding });

      const answer = await ask('{ me }', { cookie: signIn().cookie });

      expect(answer.json<Result>().errors).toMatchObject([
        { extensions: { originalError: { code: 'WECHAT_LOGIN_REQUIRED' } } },
      ]);
    });

    it('shows the request through hooks.getRequest', async () => {
      await start(
        { hooks: { getRequest: (context) => context.getArgByIndex<{ visitor: object }>(2).visitor } },
        { context: hiding },
      );

      expect((await ask('{ openid }', { cookie: signIn().cookie })).json()).toEqual({
        data: { openid: 'openid-of-ming' },
      });
      expectRefusal(
        await ask('mutation { order(tea: "Longjing") }', { cookie: signIn().cookie, origin: EVIL }),
        ORIGIN_NOT_ALLOWED,
      );
    });
  });

  it.each<[string, () => never]>([
    ['throws', () => { throw new TypeError('hunter2'); }], // prettier-ignore
    ['returns a promise', () => Promise.reject(new Error('hunter2')) as never],
  ])('finds the request by itself where hooks.getRequest %s', async (_what, getRequest) => {
    await start({ hooks: { getRequest } });
    for (let time = 0; time < 2; time++) {
      expect((await ask('{ openid }', { cookie: signIn().cookie })).json()).toEqual({
        data: { openid: 'openid-of-ming' },
      });
    }
    const said = running.logs.lines.filter(({ text }) => text.includes('hooks.getRequest'));
    expect([said.length, running.logs.text.includes('hunter2')]).toEqual([1, false]);
  });

  describe('over graphql-ws', () => {
    beforeEach(() => start());

    /** The protocol `graphql-transport-ws` by hand: what comes back first. */
    const operate = (query: string, headers: Record<string, string> = {}): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://127.0.0.1:${running.port}/graphql`, 'graphql-transport-ws', {
          headers: { 'accept-language': 'en', ...headers },
        });
        let answer: unknown;
        socket.on('error', reject);
        socket.on('close', () => resolve(answer));
        socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init' })));
        socket.on('message', (data: Buffer) => {
          const { type, payload } = JSON.parse(data.toString()) as { type: string; payload?: unknown };
          if (type === 'connection_ack')
            return socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
          answer ??= { type, payload };
          socket.close();
        });
      });
    const expectSocketRefusal = (answer: unknown): void =>
      expect(answer).toMatchObject({
        payload: {
          errors: [
            {
              message: 'Sign in with WeChat first.',
              extensions: { code: 'UNAUTHENTICATED', originalError: LOGIN_REQUIRED },
            },
          ],
        },
      });

    it('takes the session from the handshake', async () => {
      const { cookie, bearer } = signIn();
      const delivered = { type: 'next', payload: { data: { ordered: 'openid-of-ming' } } };

      expect(await operate('subscription { ordered }', { cookie })).toEqual(delivered);
      expect(await operate('subscription { ordered }', { cookie, origin: APP_ORIGIN })).toEqual(delivered);
      expect(await operate('subscription { ordered }', { authorization: bearer })).toEqual(delivered);
    });

    it('refuses strangers with the body of the contract', async () => {
      expectSocketRefusal(await operate('subscription { ordered }'));
    });

    it('refuses a handshake that a page of another origin made with our cookies', async () => {
      const headers = { cookie: signIn().cookie, origin: EVIL };

      expectSocketRefusal(await operate('subscription { ordered }', headers));
      // The protocol carries mutations just as well.
      expectSocketRefusal(await operate('mutation { order(tea: "Longjing") }', headers));
      expect(ran).toEqual([]);
    });
  });
});
