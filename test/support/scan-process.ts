// The door of a login by a scan without Nest and without HTTP, as many processes as one likes on one
// store and one clock.
import { EventEmitter } from 'node:events';
import { DoorParts } from '../../lib/auth/door-parts.js';
import { CodeClaims } from '../../lib/auth/login/code-claims.js';
import { hashOf } from '../../lib/auth/login/pending-logins.js';
import { ScanParts } from '../../lib/push/scan/scan-parts.js';
import { sceneId } from '../../lib/push/scan/scenes/scene.js';
import type { WechatPush } from '../../lib/push/wechat-push.js';
import type { TokenStore } from '../../lib/tokens/token-store.js';
import type { WechatOAuthModuleOptions } from '../../lib/wechat-oauth.options.js';
import { AGENTS } from './browser.js';
import type { HandClock } from './hand-clock.js';
import { HOST, makeLogin, PAGE, pairOf } from './login-parts.js';
import { PUSH } from './push-kit.js';

export const SCAN_APP_ID = 'wx00000000official';

/** As much of Node's response, and of what a platform makes of it, as the door touches. */
export class FakeResponse extends EventEmitter {
  readonly headers = new Map<string, string[]>();
  status = 0;
  body = '';
  headersSent = false;
  ended = false;
  destroyed = false;
  /** What the browser has not read. */
  writableLength = 0;

  writeHead(status: number, headers: Record<string, string>): this {
    [this.status, this.headersSent] = [status, true];
    for (const [name, value] of Object.entries(headers)) this.headers.set(name, [value]);
    return this;
  }
  flushHeaders(): void {}
  write(text: string): boolean {
    this.body += text;
    return true;
  }
  end(text = ''): void {
    this.body += text;
    if (this.ended) return;
    this.ended = true;
    this.emit('close');
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
  /** The data of the events that were sent. */
  get statuses(): string[] {
    return [...this.body.matchAll(/^data: (\w+)$/gm)].map(([, status]) => status!);
  }
}

const httpAdapter = {
  isHeadersSent: (response: FakeResponse) => response.headersSent,
  getHeader: (response: FakeResponse, name: string) => response.headers.get(name)?.[0],
  setHeader: (response: FakeResponse, name: string, value: string) =>
    void response.headers.set(name, [value]),
  appendHeader: (response: FakeResponse, name: string, value: string) =>
    void response.headers.set(name, [...(response.headers.get(name) ?? []), value]),
  reply: (response: FakeResponse, body: unknown, status: number) => {
    response.status = status;
    response.headersSent = true;
    response.body = typeof body === 'object' ? JSON.stringify(body) : String(body ?? '');
  },
};

let made = 0;
const chances = () => (made++ * 0.37) % 1;

/** A browser: the cookies of one, and the state of its login. */
export interface Desk {
  state: string;
  readonly jar: Map<string, string>;
  readonly ip: string;
}

/** @param scan of the account */
export function makeProcess(
  store: TokenStore,
  clock: HandClock,
  scan: WechatOAuthModuleOptions['scan'] = true,
  options: Partial<WechatOAuthModuleOptions> = {},
) {
  const login = makeLogin(
    {
      apps: {
        official: { type: 'official-account', appId: SCAN_APP_ID, secret: 'a', push: PUSH, scan: scan! },
      },
      ...options,
    },
    store,
  );
  // No two processes are lucky in the same way.
  Object.assign(login.runtime, {
    chance: chances(),
    now: clock.now,
    monotonic: clock.monotonic,
    sleep: clock.sleep,
  });
  const scenes: string[] = [];
  const wechat = { unionid: undefined as string | undefined };
  login.appCalls.call = async (_app, path, asked = {}) => {
    if (path !== '/cgi-bin/qrcode/create') return { openid: asked.query?.['openid'], ...wechat };
    const { action_info } = asked.body as { action_info: { scene: { scene_str: string } } };
    scenes.push(action_info.scene.scene_str);
    return { ticket: 'ticket', url: `http://weixin.qq.com/q/${scenes.length}` };
  };
  const { config, runtime, events, vault, sealer, appCalls, api, reader, revocations, signIn } = login;
  const door = new DoorParts(
    config,
    runtime,
    events,
    vault,
    sealer,
    appCalls,
    api,
    new CodeClaims(vault),
    login.pendingLogins,
    reader,
    revocations,
    signIn,
    login.admission,
    login.callbackAnswer,
    login.problems,
    login.failures,
    { hooks: config.hooks, brand: config.brand, runtime } as never,
    { httpAdapter } as never,
    { scanPath: '/wechat/scan', path: '/wechat/login' },
  );
  const parts = new ScanParts(door);
  const app = login.official;

  const requestOf = (desk: Desk, path: string, more: object = {}) => ({
    method: 'GET',
    url: `/wechat/scan${path}?state=${desk.state}`,
    ip: desk.ip,
    headers: {
      ...PAGE,
      'user-agent': AGENTS.desktop,
      cookie: [...desk.jar].map(([name, value]) => `${name}=${value}`).join('; '),
    },
    ...more,
  });
  const keep = (desk: Desk, response: FakeResponse): FakeResponse => {
    for (const line of response.headers.get('Set-Cookie') ?? []) {
      const pair = pairOf(line);
      desk.jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    return response;
  };

  return {
    ...login,
    parts,
    app,
    scenes,
    wechat,
    /** A browser whose login has begun here. */
    desk(ip = '203.0.113.7'): Desk {
      const state = login.pendingLogins.createState(app, 'scan');
      const [returnTo, jar] = [`${HOST}/orders`, new Map<string, string>()];
      const flow = { state, scope: 'snsapi_base', returnTo, asked: hashOf(returnTo), at: '' } as const;
      const pair = pairOf(login.pendingLogins.start(app, [], flow));
      jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
      return { state, jar, ip };
    },
    async page(desk: Desk): Promise<FakeResponse> {
      const response = new FakeResponse();
      await parts.routes.page(requestOf(desk, ''), response);
      return keep(desk, response);
    },
    /** The stream that the page opens. */
    async wait(desk: Desk): Promise<FakeResponse> {
      const response = new FakeResponse();
      await parts.waiting.events(requestOf(desk, '/events'), response);
      return response;
    },
    async status(desk: Desk): Promise<string> {
      const response = new FakeResponse();
      await parts.waiting.status(requestOf(desk, '/status'), response);
      return (JSON.parse(response.body) as { status: string }).status;
    },
    /** What the person is told. */
    async scan(scene: string, openid = 'oMing'): Promise<string> {
      const push = { msgType: 'event', event: 'scan', app: app.name, openid, scene, createdAt: clock.time };
      const answer = await parts.push.onPush(push as unknown as WechatPush);
      return (answer!.reply as unknown as { content: string }).content;
    },
    async finish(desk: Desk, digits: string): Promise<FakeResponse> {
      const response = new FakeResponse();
      const headers = { ...requestOf(desk, '').headers, origin: HOST };
      const request = requestOf(desk, '/finish', { method: 'POST', headers, body: { digits } });
      await parts.routes.finish(request, response);
      return keep(desk, response);
    },
    idOf: sceneId,
  };
}

export type Process = ReturnType<typeof makeProcess>;

export const digitsIn = (text: string): string => /^\d{6}$/m.exec(text)?.[0] ?? '';
