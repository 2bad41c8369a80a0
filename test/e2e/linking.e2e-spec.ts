// One person through every door: one user, whichever app they come by, banned once and out
// everywhere; and what people and programs are told when the linker fails.
import { jest } from '@jest/globals';
import { Controller, Get, Inject, Injectable, Module, Scope, UseGuards } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import {
  WechatAuth,
  WechatAuthController,
  WechatAuthGuard,
  WechatConfigError,
  type WechatEvent,
  WechatEvents,
  WechatIdentityLinker,
  type WechatIdentity,
  type WechatLinkedIdentity,
  type WechatLogin,
  type WechatLoginDecision,
  type WechatLoginHandler,
  WechatOAuthService,
  WechatSessionService,
  WechatUser,
} from '../../lib/index.js';
import { InMemoryIdentityLinker } from '../../lib/testing/index.js';
import { ALL_APPS, MOCK_APPS, PLATFORMS, type Running, SHOP } from '../support/application.js';
import { AGENTS, Browser } from '../support/browser.js';
import { expectFreeOf } from '../support/canary.js';
import { failureOf } from '../support/failure.js';
import { setStage } from '../support/stage.js';

const [, , mini, mobile] = MOCK_APPS;
const CANARY = 'database-password-canary';

interface User {
  id: number;
  banned: boolean;
}

@Controller()
@UseGuards(WechatAuthGuard)
class ShopController {
  @Get('me')
  me(@WechatUser() user: WechatIdentity) {
    return { ...user.claims, app: user.app };
  }

  @WechatAuth({ app: 'official', scope: 'snsapi_userinfo' })
  @Get('profile')
  profile(@WechatUser() user: WechatIdentity) {
    return { ...user.claims, app: user.app };
  }

  @WechatAuth({ mode: 'silent' })
  @Get('silent')
  silent(@WechatUser() user?: WechatIdentity) {
    return { ...user?.claims };
  }

  @WechatAuth({ app: 'official', scope: 'snsapi_userinfo', snapshot: 'allow' })
  @Get('snapshot')
  snapshot(@WechatUser() user: WechatIdentity) {
    return { ...user.claims };
  }
}

describe.each(PLATFORMS)('One person at several apps, on %s', (_name, adapter) => {
  const stage = setStage(adapter);
  let running: Running;
  let linker: InMemoryIdentityLinker<User>;
  let logins: WechatLogin<User>[];
  let events: WechatEvent[];

  const onLogin = async (login: WechatLogin<User>): Promise<WechatLoginDecision> => {
    logins.push(login);
    const user = login.user ?? (login.link && (await linker.findOrCreate(login.link)));
    if (user?.banned) return { refuse: { code: 'BANNED' } };
    return { claims: { userId: user?.id ?? 'nobody' } as object };
  };

  beforeEach(async () => {
    let made = 0;
    logins = [];
    events = [];
    linker = new InMemoryIdentityLinker<User>({ create: () => ({ id: ++made, banned: false }) });
    running = await stage.start({
      controllers: [ShopController, WechatAuthController],
      options: { apps: ALL_APPS, session: { revocable: true } },
      extras: {
        loginHandler: { useValue: { onLogin } satisfies WechatLoginHandler<User> },
        identityLinker: { useValue: linker },
      },
    });
    running.app.get(WechatEvents).events$.subscribe((event) => void events.push(event));
  });

  const phone = (agent: string = AGENTS.wechat) => new Browser(agent).route(SHOP, running.port);
  const sessions = () => running.app.get(WechatSessionService);
  const toldOf = (type: string) => events.filter((event) => event.type === type);
  const linkEvents = () => events.filter(({ type }) => type.startsWith('identity.'));

  async function signIn(browser: Browser, path: string, user = 'ming'): Promise<object> {
    const begun = await browser.visit(SHOP + path);
    const { redirectTo } = await stage.wechat.authorize(begun.headers.location!, { user });
    await browser.visit(redirectTo!);
    return (await browser.fetch(SHOP + path)).json();
  }
  const miniLogin = (user = 'ming') =>
    phone(AGENTS.phone).fetch(`${SHOP}/wechat/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        app: 'mini',
        code: stage.wechat.loginCode({ appId: mini.appId, user }),
      }),
    });

  it('is one user through pages, an upgrade, a QR code, a mini program and a native app', async () => {
    const page = phone();
    expect(await signIn(page, '/me')).toEqual({ userId: 1, app: 'official' });
    // Silently no unionid came, so nothing is known but the openid.
    expect(await linker.identitiesOf((await userOf(1))!)).toEqual([
      expect.not.objectContaining({ unionid: expect.anything() }),
    ]);
    expect(await signIn(page, '/profile')).toEqual({ userId: 1, app: 'official' });
    expect(logins.map(({ reason, user }) => [reason, user?.id])).toEqual([
      ['login', undefined],
      ['upgrade', 1],
    ]);
    expect(linkEvents()).toEqual([{ type: 'identity.linked', app: 'official', client: 'wechat' }]);

    expect(await signIn(phone(AGENTS.desktop), '/me')).toEqual({ userId: 1, app: 'website' });
    expect((await miniLogin()).json()).toMatchObject({ identity: { claims: { userId: 1 } } });
    const code = stage.wechat.loginCode({ appId: mobile.appId, user: 'ming' });
    const native = await running.app.get(WechatOAuthService).app('mobile').login(code);
    expect(native.identity.claims).toEqual({ userId: 1 });
    expect(linkEvents().map((event) => 'app' in event && event.app)).toEqual([
      'official',
      'website',
      'mini',
      'mobile',
    ]);
    expect(await signIn(phone(AGENTS.desktop), '/me', 'hong')).toEqual({ userId: 2, app: 'website' });
    expectFreeOf(linkEvents(), [stage.wechat.unionidOf(mini.appId, 'ming')!, code]);
  });

  it('is found on a silent route too, by the openid alone', async () => {
    await signIn(phone(), '/me');
    const other = phone();
    const answers = await other.follow(`${SHOP}/silent`, { headers: { 'x-wechat-mock-user': 'ming' } });
    expect(answers.at(-1)!.json()).toEqual({ userId: 1 });
    expect(logins.at(-1)).toMatchObject({ user: { id: 1 }, link: { realm: 'default' } });
  });

  it('is banned once, and out everywhere', async () => {
    const [page, desk] = [phone(), phone(AGENTS.desktop)];
    await signIn(page, '/profile');
    await signIn(desk, '/me');
    const { token } = (await miniLogin()).json<{ token: string }>();
    const hong = phone();
    await signIn(hong, '/profile', 'hong');
    const bearer = { headers: { authorization: `Bearer ${token}` } };
    const statuses = async () => [
      (await page.fetch(`${SHOP}/profile`)).status,
      (await desk.fetch(`${SHOP}/me`)).status,
      (await phone().fetch(`${SHOP}/me`, bearer)).status,
      (await hong.fetch(`${SHOP}/me`)).status,
    ];
    expect(await statuses()).toEqual([200, 200, 200, 200]);
    const user = (await userOf(1))!;
    user.banned = true;
    await sessions().revokeUser(user);
    expect(await statuses()).toEqual([401, 401, 401, 200]);
    expect((await miniLogin()).json()).toMatchObject({ code: 'LOGIN_REFUSED' });
  });

  it('is nobody as a visitor of a snapshot page', async () => {
    const asked = jest.spyOn(linker, 'find');
    const page = phone();
    const begun = await page.visit(`${SHOP}/snapshot`);
    const { redirectTo } = await stage.wechat.authorize(begun.headers.location!, { user: 'visitor' });
    await page.visit(redirectTo!);
    expect(logins).toHaveLength(1);
    expect(logins[0]!.identity.isSnapshotUser).toBe(true);
    expect(logins[0]).not.toHaveProperty('user');
    expect(logins[0]).not.toHaveProperty('link');
    expect(asked).not.toHaveBeenCalled();
  });

  it('keeps two users apart who turn out to be one, and tells of it', async () => {
    const page = phone();
    await signIn(page, '/me');
    expect(await signIn(phone(AGENTS.desktop), '/me')).toMatchObject({ userId: 2 });
    expect(await signIn(page, '/profile')).toMatchObject({ userId: 1 });
    expect(toldOf('identity.conflict')).toEqual([
      { type: 'identity.conflict', app: 'official', client: 'wechat' },
    ]);
    expect((await miniLogin()).json()).toMatchObject({ identity: { claims: { userId: 3 } } });
    const [a, b] = linker.conflicts[0]!;
    linker.settle(a.user!, a.identity, b.identity);
    expect(await signIn(phone(AGENTS.desktop), '/me')).toMatchObject({ userId: 1 });
  });

  it('never asks it of data that a client has decrypted', async () => {
    const service = running.app.get(WechatOAuthService).app('mini');
    const asked = Object.values(spiesOf(linker));
    const code = stage.wechat.loginCode({ appId: mini.appId, user: 'ming' });
    const { openid } = await service.getSessionKey(code);
    const data = stage.wechat.encrypted({ appId: mini.appId, user: 'ming' });
    const opened = await service.decryptMiniProgramUser({ openid, ...data });
    expect(opened.unionId).toBe(stage.wechat.unionidOf(mini.appId, 'ming'));
    for (const spy of asked) expect(spy).not.toHaveBeenCalled();
  });

  it('is told that the login failed where the linker throws, and the next one may work', async () => {
    const find = jest.spyOn(linker, 'find').mockRejectedValue(new TypeError(CANARY));
    const page = phone();
    const begun = await page.visit(`${SHOP}/me`);
    const { redirectTo } = await stage.wechat.authorize(begun.headers.location!, { user: 'ming' });
    const shown = await page.visit(redirectTo!);
    expect(shown).toMatchObject({ status: 502, setCookies: expect.not.arrayContaining(['wechat_session']) });
    const program = await miniLogin();
    expect(program.status).toBe(502);
    expect(program.json()).toMatchObject({ code: 'LOGIN_FAILED' });
    const code = stage.wechat.loginCode({ appId: mobile.appId, user: 'ming' });
    const error = await failureOf(() => running.app.get(WechatOAuthService).app('mobile').login(code));
    expect(error.message).toBe('the identity linker threw TypeError');
    expect(toldOf('flow.failed').map((event) => 'kind' in event && event.kind)).toEqual(
      Array(3).fill('handler'),
    );
    expect(running.logs.text).toContain('the identity linker threw TypeError');
    expectFreeOf([running.logs.text, shown.body, program.body, error], [CANARY]);
    expect(logins).toEqual([]);
    // The exchange is kept: the same address again is enough.
    find.mockRestore();
    await page.visit(redirectTo!);
    expect((await page.fetch(`${SHOP}/me`)).json()).toEqual({ userId: 1, app: 'official' });
  });

  it('signs nobody in as somebody of a similar openid', async () => {
    await signIn(phone(), '/me', 'hong');
    const hong = (await userOf(1))!;
    jest.spyOn(linker, 'find').mockResolvedValue(hong);
    const failed = await miniLogin();
    expect(failed.status).toBe(502);
    expect(logins).toHaveLength(1);
  });

  async function userOf(id: number): Promise<User | undefined> {
    return logins.map(({ user }) => user).find((user) => user?.id === id) ?? firstOf(id);
  }

  async function firstOf(id: number): Promise<User | undefined> {
    for (const { link } of logins) {
      const user = link && (await linker.find(link));
      if (user?.id === id) return user;
    }
    return undefined;
  }
});

@Injectable()
class Directory {
  readonly asked: string[] = [];
}

/** The harder case: of request scope, with a service that itself injects ours. */
@Injectable({ scope: Scope.REQUEST })
class RequestLinker extends WechatIdentityLinker<{ id: number }> {
  constructor(
    private readonly directory: Directory,
    @Inject(REQUEST) private readonly request: { url?: string } | undefined,
    @Inject(WechatSessionService) private readonly sessions: WechatSessionService,
  ) {
    super();
  }

  override async find({ openid }: WechatLinkedIdentity) {
    this.directory.asked.push(`${openid !== ''} ${typeof this.request?.url} ${typeof this.sessions.revoke}`);
    return undefined;
  }
  override async findByUnionid() {
    return undefined;
  }
  override async identitiesOf() {
    return [];
  }
  override async link() {}
  override async conflict() {}
}

@Module({ providers: [Directory, RequestLinker], exports: [Directory, RequestLinker] })
class DirectoryModule {}

describe.each(PLATFORMS)('An identityLinker on %s', (_name, adapter) => {
  const stage = setStage(adapter);

  it.each([
    ['useExisting', { useExisting: RequestLinker }],
    ['useClass', { useClass: RequestLinker }],
  ])('may be of request scope, by %s', async (_style, identityLinker) => {
    const { app, port } = await stage.start({
      controllers: [ShopController],
      extras: { imports: [DirectoryModule], identityLinker },
    });
    const browser = new Browser().route(SHOP, port);
    const answers = await browser.follow(`${SHOP}/me`, { headers: { 'x-wechat-mock-user': 'ming' } });
    expect(answers.at(-1)!.status).toBe(200);
    expect(app.get(Directory).asked).toEqual(['true string function']);
  });

  it.each([
    [
      'lacks a method',
      { useValue: { find: async () => undefined } as never },
      /has no findByUnionid, identitiesOf/,
    ],
    ['is a class', RequestLinker as never, /is a class, not a provider/],
    ['is missing its value', { useValue: undefined as never }, /has no find/],
  ])('that %s stops the start', async (_what, identityLinker, problem) => {
    const error = await failureOf(() => stage.start({ extras: { identityLinker } }));
    expect(error).toBeInstanceOf(WechatConfigError);
    expect(error).toMatchObject({ option: 'identityLinker' });
    expect(error.message).toMatch(problem);
  });
});

function spiesOf(linker: InMemoryIdentityLinker<User>) {
  const methods = ['find', 'findByUnionid', 'identitiesOf', 'link', 'conflict'] as const;
  return methods.map((method) => jest.spyOn(linker, method));
}
