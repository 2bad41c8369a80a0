// A login flow on its way through WeChat. The server keeps nothing: the state is in the address, everything else in a sealed cookie of this flow.
import { timingSafeEqual } from 'node:crypto';
import type { WechatApp, WechatConfig } from '../config/wechat-config.js';
import type { Runtime } from '../runtime.js';
import type { Sealer } from '../sealing/sealer.js';
import type { WechatScope } from '../wechat-oauth.options.js';
import { flowCookieName, flowCookies, onlyCookie, type ReceivedCookie, writeCookie } from './cookies.js';

/** How long a person may take between start and callback. WeChat's own codes live 5 or 10 minutes. */
export const FLOW_LIFETIME_MS = 10 * 60_000;
/** How long a finished flow answers repeats of its callback from the same browser. */
export const REPLAY_MS = 60_000;
/** How often a login starts again by itself before a person is told. */
export const MAX_RESTARTS = 2;
const MAX_ALIVE = 5;
/** Many servers refuse a Cookie header of more than 8 KiB. */
const MAX_ALIVE_LENGTH = 4_000;

export interface Flow {
  /** 32 hex characters: attempt (1), random (23), MAC (8). */
  readonly state: string;
  readonly scope: WechatScope;
  readonly returnTo: string;
  /** Upgrades keep the account: its openid. */
  readonly upgrades?: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** Finished: the cookie only answers repeats now. */
  readonly done?: true;
}

export interface RecognizedState {
  readonly app: WechatApp;
  readonly attempt: number;
}

export class Flows {
  constructor(
    private readonly config: Pick<WechatConfig, 'apps'>,
    private readonly sealer: Sealer,
    private readonly runtime: Runtime,
  ) {}

  /** @param attempt how often this login has started again by itself, 0 to 15 */
  createState(app: WechatApp, attempt: number): string {
    const body = attempt.toString(16) + this.runtime.randomBytes(12).toString('hex').slice(1);
    return body + this.macs(app, body)[0]!;
  }

  /**
   * Which app minted the state, or undefined if it is not ours: then `code` and `state` are the application's own parameters. The MAC binds a state to
   * nothing but the app; what binds it to a browser is the flow's cookie.
   */
  recognize(state: string): RecognizedState | undefined {
    if (!looksLikeState(state)) return undefined;
    const body = state.slice(0, 24);
    const mac = Buffer.from(state.slice(24));
    for (const app of this.config.apps.values()) {
      if (this.macs(app, body).some((own) => timingSafeEqual(Buffer.from(own), mac))) {
        return { app, attempt: Number.parseInt(state[0]!, 16) };
      }
    }
    return undefined;
  }

  /** The Set-Cookie lines of a flow that starts, removing the oldest of too many. */
  start(app: WechatApp, cookies: readonly ReceivedCookie[], flow: Omit<Flow, 'expiresAt'>): string[] {
    const cookie = this.seal(
      app,
      { ...flow, expiresAt: this.runtime.now() + FLOW_LIFETIME_MS },
      FLOW_LIFETIME_MS,
    );
    let room = MAX_ALIVE_LENGTH - cookie.length;
    const kept: string[] = [];
    const removed: string[] = [];
    for (const { name, length } of this.alive(app, cookies)) {
      room -= length;
      if (kept.length < MAX_ALIVE - 1 && room > 0) kept.push(name);
      else removed.push(name);
    }
    return [...removed.map((name) => writeCookie(app, name, '', 0)), cookie];
  }

  /** The flow of this browser that the state belongs to. */
  find(app: WechatApp, cookies: readonly ReceivedCookie[], state: string): Flow | undefined {
    const flow = this.open(flowCookieName(app, state), onlyCookie(cookies, flowCookieName(app, state)));
    return flow?.state === state ? flow : undefined;
  }

  /** Lets the flow answer repeats of its callback, for a minute, to the same browser only. */
  finish(app: WechatApp, flow: Flow): string {
    const expiresAt = flow.done ? flow.expiresAt : this.runtime.now() + REPLAY_MS;
    return this.seal(app, { ...flow, done: true, expiresAt }, expiresAt - this.runtime.now());
  }

  /** The Set-Cookie lines that end every flow of this browser. */
  clear(app: WechatApp, cookies: readonly ReceivedCookie[]): string[] {
    return flowCookies(app, cookies).map(({ name }) => writeCookie(app, name, '', 0));
  }

  forget(app: WechatApp, flow: Flow): string {
    return writeCookie(app, flowCookieName(app, flow.state), '', 0);
  }

  /**
   * How often a login of this browser has just ended well without leaving a session that counts. Without this, a session cookie that never arrives would
   * send a person round and round between us and a silent WeChat.
   */
  fruitless(app: WechatApp, cookies: readonly ReceivedCookie[], returnTo: string): number {
    const attempts = this.ours(app, cookies)
      .filter(({ flow }) => flow.done && flow.returnTo === returnTo)
      .map(({ flow }) => Number.parseInt(flow.state[0]!, 16) + 1);
    return Math.max(0, ...attempts);
  }

  /** Flow cookies of the request, newest first; those that do not open come last, to be removed first. */
  private alive(app: WechatApp, cookies: readonly ReceivedCookie[]): { name: string; length: number }[] {
    const opened = new Map(this.ours(app, cookies).map(({ name, flow }) => [name, flow.expiresAt]));
    return flowCookies(app, cookies)
      .toSorted((a, b) => (opened.get(b.name) ?? 0) - (opened.get(a.name) ?? 0))
      .map(({ name, value }) => ({ name, length: name.length + value.length }));
  }

  private ours(app: WechatApp, cookies: readonly ReceivedCookie[]): { name: string; flow: Flow }[] {
    return flowCookies(app, cookies).flatMap(({ name, value }) => {
      const flow = this.open(name, value);
      return flow ? [{ name, flow }] : [];
    });
  }

  private seal(app: WechatApp, flow: Flow, lifetimeMs: number): string {
    const name = flowCookieName(app, flow.state);
    return writeCookie(app, name, this.sealer.seal('flow', name, JSON.stringify(flow)), lifetimeMs / 1_000);
  }

  private open(name: string, value: string | undefined): Flow | undefined {
    const flow = readFlow(this.sealer.open('flow', name, value));
    return flow && flow.expiresAt > this.runtime.now() ? flow : undefined;
  }

  private macs(app: WechatApp, body: string): string[] {
    return this.sealer.macs(`${app.appId}\n${body}`).map((mac) => mac.toString('hex').slice(0, 8));
  }
}

export function looksLikeState(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

/** What was sealed with our key may still be of another version of this package. */
function readFlow(text: string | undefined): Flow | undefined {
  try {
    const flow = JSON.parse(text ?? 'null') as Partial<Flow> | null;
    const genuine =
      typeof flow?.state === 'string' && typeof flow.returnTo === 'string' && Number.isFinite(flow.expiresAt);
    return genuine ? (flow as Flow) : undefined;
  } catch {
    return undefined;
  }
}
