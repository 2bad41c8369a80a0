// A login flow on its way through WeChat. The server keeps nothing: the state is in the address,
// everything else in a sealed cookie of this flow.
import { hash, timingSafeEqual } from 'node:crypto';
import { defined } from '../../common/defined.js';
import type { AppConfig, WechatConfig } from '../../config/wechat-config.js';
import type { Runtime } from '../../common/runtime.js';
import type { Sealer } from '../../sealing/sealer.js';
import type { RouteRule } from '../decorators/wechat-auth.decorator.js';
import type { WechatScope } from '../../wechat-oauth.options.js';
import {
  cookieName,
  flowCookieName,
  flowCookies,
  onlyCookie,
  type ReceivedCookie,
  writeCookie,
} from '../http/cookies.js';
import { cookieLength, COOKIES_BUDGET, MAX_REMOVED } from '../http/header-budget.js';
import { lastUseName } from '../session/last-use.js';
import { logoutMark, logoutMarkName } from '../session/logout-mark.js';
import { silentCookies } from './silent-attempts.js';

/**
 * How long a person may take between start and callback. WeChat's own codes live 5 or 10 minutes.
 */
export const FLOW_LIFETIME_MS = 10 * 60_000;
/** The same for a QR code in a page, which stays open: WeChat renews the code under one state. */
export const QR_LIFETIME_MS = 30 * 60_000;
/** How long a finished flow answers repeats of its callback from the same browser. */
export const REPLAY_MS = 60_000;
/** How often a login starts again by itself before a person is told. */
export const MAX_RESTARTS = 2;
/** How long after its start a flow may be the one whose answer came back without its state. */
const UNANSWERED_MS = 60_000;
/** Of a browser at one host, over all apps. */
const MAX_ALIVE = 5;

/** Where a login by a QR code in a page ends: in the top window, or in the frame of the code. */
export type QrEnd = 'top' | 'frame';

/**
 * A login by a scan, and the phone that is asked in the middle of one. Neither signs anybody in by
 * a callback.
 */
export type ScanStep = 'scan' | 'tap';

/**
 * In place of the attempt in a state: these logins never start again by themselves. In the state,
 * because a framed callback is told from others before any cookie may be read.
 */
const DIGITS: Readonly<Record<QrEnd | ScanStep, string>> = { tap: 'c', scan: 'd', top: 'e', frame: 'f' };

/** The QR code that a browser is shown. */
export interface ShownScene {
  /** Hash of its scene, by which its record is found. */
  readonly id: string;
  /** When it was made, in ms since 1970. */
  readonly since: number;
}

/** One login that is under way; a flow, in events and cookies. */
export interface PendingLogin {
  /** 32 hex characters: attempt or `QrEnd` (1), random (23), MAC (8). */
  readonly state: string;
  readonly scope: WechatScope;
  /** Empty: where the callback came in. It was too long for a header, or the flow is finished. */
  readonly returnTo: string;
  /** Hash of the address that was asked for, by which a finished flow is counted. */
  readonly asked: string;
  /** Hash of the path that the answer comes to, by which an unfinished flow is counted. */
  readonly at: string;
  /** The mark of the browser's last logout, if it has one. */
  readonly out?: string | undefined;
  /** Of a flow that comes back to a path of its own: what the page that it began at asks. */
  readonly rule?: PageRule | undefined;
  /** Upgrades keep the account: its openid. */
  readonly upgrades?: string | undefined;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** Finished: the cookie only answers repeats now. */
  readonly done?: true;
  /** Begun for a QR code in a page of the application. */
  readonly qr?: QrEnd;
  /**
   * Of a login by a scan: the code that this browser was shown last, and the only one it may
   * finish.
   */
  readonly scene?: ShownScene;
}

/** A login that starts: whoever starts it knows neither its end nor the browser's last logout. */
export type StartedLogin = Omit<PendingLogin, 'expiresAt' | 'out'>;

/** What a page asks of whoever comes, as far as it is not the default. */
export type PageRule = Partial<Pick<RouteRule, 'scope' | 'snapshot'>> & { readonly mode?: 'silent' };

/** What a state of ours says. */
export interface RecognizedState {
  readonly app: AppConfig;
  readonly attempt: number;
  /** The flow is a silent one, and its page is known by its cookie alone. */
  readonly isQuiet?: true;
  /** Of a QR code in a page. */
  readonly qr?: QrEnd;
  /** Of a login by a scan. */
  readonly step?: ScanStep;
}

/** The logins of a browser that are under way, in its own sealed cookies. */
export class PendingLogins {
  constructor(
    private readonly config: Pick<WechatConfig, 'apps' | 'session'>,
    private readonly sealer: Sealer,
    private readonly runtime: Runtime,
  ) {}

  /**
   * @param kind how often this login has started again by itself, 0 to 11, or where it ends
   * @param isQuiet of a silent flow whose callback is not its page: without its cookie nobody would
   * know that nothing may be asked or shown
   */
  createState(app: AppConfig, kind: number | QrEnd | ScanStep, isQuiet = false): string {
    const digit = typeof kind === 'number' ? kind.toString(16) : DIGITS[kind];
    const body = digit + this.runtime.randomBytes(12).toString('hex').slice(1);
    return body + this.macs(app, body, isQuiet)[0]!;
  }

  /**
   * Which app minted the state, or undefined if it is not ours: then `code` and `state` are the
   * application's own parameters. The MAC binds a state to nothing but the app; what binds it to a
   * browser is the flow's cookie.
   */
  recognize(state: string): RecognizedState | undefined {
    if (!looksLikeState(state)) return undefined;
    const body = state.slice(0, 24);
    const mac = Buffer.from(state.slice(24));
    for (const app of this.config.apps.values()) {
      const isOurs = (isQuiet: boolean) =>
        this.macs(app, body, isQuiet).some((own) => timingSafeEqual(Buffer.from(own), mac));
      if (isOurs(false))
        return defined({ app, attempt: attemptOf(state), qr: qrEndOf(state), step: scanStepOf(state) });
      if (app.callbackPath !== undefined && isOurs(true))
        return { app, attempt: attemptOf(state), isQuiet: true };
    }
    return undefined;
  }

  /**
   * The Set-Cookie line of a flow that starts, and that a logout of this browser ends. `makeRoom`
   * for it among the others.
   */
  start(app: AppConfig, cookies: readonly ReceivedCookie[], flow: StartedLogin): string {
    const out = logoutMark(app, cookies) || undefined;
    return this.seal(app, flow, out, this.runtime.now() + lifetimeOf(flow));
  }

  /**
   * The lines, behind removals of what would make our cookies of this host too many or too long for
   * servers: first flows that do not open, then the oldest flows, then what other apps keep there,
   * the sessions last. Better signed out of another app than shut out of every page.
   * @param lines Set-Cookie lines of one answer
   */
  makeRoom(app: AppConfig, cookies: readonly ReceivedCookie[], lines: readonly string[]): string[] {
    const written = lines.map(readPair);
    if (hasRoom([...cookies, ...written])) return [...lines];
    const set = written.filter(({ value }) => value !== '');
    const shown = cookies.filter(({ name }) => !written.some((line) => line.name === name));
    const apps = [...this.config.apps.values()];
    const named = (own: string) => shown.filter(({ name }) => name === own);
    const ofAll = (of: (owner: AppConfig) => readonly ReceivedCookie[]) =>
      apps.flatMap((owner) => of(owner).map((cookie) => ({ owner, ...cookie })));
    const flows = apps.flatMap((owner) => this.withAge(owner, shown));
    flows.sort((a, b) => a.since - b.since);
    const kept = [
      ...ofAll((owner) => silentCookies(owner, shown)),
      // The last use behind its session: without it, a session may be over that there was room for.
      ...ofAll((owner) => [this.sessionName(owner), lastUseName(owner)].flatMap(named)),
    ];
    const out = named(logoutMarkName(app));

    let length = [...set, ...flows, ...kept, ...out].reduce((sum, cookie) => sum + cookieLength(cookie), 0);
    let tooMany = flows.length + flowCookies(app, set).length - MAX_ALIVE;
    const removed: string[] = [];
    for (const cookie of [...flows, ...kept.filter(({ owner }) => owner !== app)]) {
      if (length <= COOKIES_BUDGET && tooMany <= 0) break;
      if (removed.length === MAX_REMOVED) break;
      removed.push(writeCookie(cookie.owner, cookie.name, '', 0));
      length -= cookieLength(cookie);
      tooMany--;
    }
    return [...removed, ...lines];
  }

  /**
   * The flow of this browser that the state belongs to. One that the browser has signed out after
   * is over.
   */
  find(app: AppConfig, cookies: readonly ReceivedCookie[], state: string): PendingLogin | undefined {
    const flow = this.open(flowCookieName(app, state), onlyCookie(cookies, flowCookieName(app, state)));
    if (flow?.state !== state) return undefined;
    return (flow.out ?? '') === logoutMark(app, cookies) ? flow : undefined;
  }

  /**
   * Lets the flow answer repeats of its callback, for a minute, to the same browser only. Where
   * they are sent, the kept result says.
   */
  finish(app: AppConfig, flow: PendingLogin): string {
    const expiresAt = flow.done ? flow.expiresAt : this.runtime.now() + REPLAY_MS;
    return this.seal(app, { ...flow, returnTo: '', done: true }, flow.out, expiresAt);
  }

  /** The Set-Cookie lines that end the flows of this browser, ten at most. */
  clear(app: AppConfig, cookies: readonly ReceivedCookie[]): string[] {
    return flowCookies(app, cookies)
      .slice(0, MAX_REMOVED)
      .map(({ name }) => writeCookie(app, name, '', 0));
  }

  forget(app: AppConfig, flow: PendingLogin): string {
    return writeCookie(app, flowCookieName(app, flow.state), '', 0);
  }

  /** The Set-Cookie lines that end these flows, ten at most. */
  forgetAll(app: AppConfig, flows: readonly PendingLogin[]): string[] {
    return flows.slice(0, MAX_REMOVED).map((flow) => this.forget(app, flow));
  }

  /**
   * Logins of this browser that have just ended well without leaving a session that counts. If
   * nobody counted them, a session cookie that never arrives would send a person round and round
   * between us and a silent WeChat.
   */
  recentRoundTrips(app: AppConfig, cookies: readonly ReceivedCookie[], returnTo: string): PendingLogin[] {
    const done = this.ours(app, cookies).filter(({ flow }) => flow.done);
    if (done.length === 0) return [];
    const asked = hashOf(returnTo);
    return done.map(({ flow }) => flow).filter((flow) => flow.asked === asked);
  }

  /**
   * Logins of this browser that have just begun, whose answer comes to this path and is not here
   * yet, the one that was restarted most often first, of several the newest. If nobody counted
   * them, a state that something on the way takes away or changes would send a person round and
   * round: without it, an answer is only `?code=`.
   */
  unanswered(app: AppConfig, cookies: readonly ReceivedCookie[], path: string): PendingLogin[] {
    const since = this.runtime.now() - UNANSWERED_MS;
    return this.ours(app, cookies)
      .map(({ flow }) => flow)
      .filter((flow) => !flow.done && flow.at === hashOfPath(path))
      .filter((flow) => startOf(flow) > since)
      .toSorted((a, b) => attemptAfter([b]) - attemptAfter([a]) || b.expiresAt - a.expiresAt);
  }

  /** The flow cookies of the request and when they began; those that do not open are over. */
  private withAge(owner: AppConfig, cookies: readonly ReceivedCookie[]) {
    const opened = new Map(this.ours(owner, cookies).map(({ name, flow }) => [name, startOf(flow)]));
    return flowCookies(owner, cookies).map((cookie) => ({
      owner,
      since: opened.get(cookie.name) ?? 0,
      ...cookie,
    }));
  }

  private sessionName(app: AppConfig): string {
    return cookieName(app, this.config.session.cookieName);
  }

  private ours(app: AppConfig, cookies: readonly ReceivedCookie[]): { name: string; flow: PendingLogin }[] {
    return flowCookies(app, cookies).flatMap(({ name, value }) => {
      const flow = this.open(name, value);
      return flow ? [{ name, flow }] : [];
    });
  }

  private seal(app: AppConfig, flow: StartedLogin, out: string | undefined, expiresAt: number): string {
    const name = flowCookieName(app, flow.state);
    const text = JSON.stringify({ ...flow, out, returnTo: shorten(flow.returnTo), expiresAt });
    const left = expiresAt - this.runtime.now();
    return writeCookie(app, name, this.sealer.seal('flow', name, text), left / 1_000);
  }

  private open(name: string, value: string | undefined): PendingLogin | undefined {
    const flow = readFlow(this.sealer.open('flow', name, value));
    return flow && flow.expiresAt > this.runtime.now() ? flow : undefined;
  }

  private macs(app: AppConfig, body: string, isQuiet: boolean): string[] {
    return this.sealer
      .macs(`${app.appId}\n${body}${isQuiet ? '\nquiet' : ''}`)
      .map((mac) => mac.toString('hex').slice(0, 8));
  }
}

/** Of an absolute address: what a flow remembers of it when nothing else is needed any more. */
export function hashOf(address: string): string {
  return hash('sha256', address, 'base64url').slice(0, 16);
}

/** Of a path as it comes to us. Some proxies put a slash behind it. */
export function hashOfPath(path: string): string {
  return hashOf(path.replace(/(?<!\/)\/+$/, '')).slice(0, 8);
}

/** Which attempt the next one is after these. */
export function attemptAfter(flows: readonly PendingLogin[]): number {
  return Math.max(0, ...flows.map(({ state }) => attemptOf(state) + 1));
}

function attemptOf(state: string): number {
  return Object.values(DIGITS).includes(state[0]!) ? 0 : Number.parseInt(state[0]!, 16);
}

function qrEndOf(state: string): QrEnd | undefined {
  if (state[0] === DIGITS.top) return 'top';
  return state[0] === DIGITS.frame ? 'frame' : undefined;
}

/** Which step of a login by a scan a state of ours belongs to. */
export function scanStepOf(state: string): ScanStep | undefined {
  if (state[0] === DIGITS.scan) return 'scan';
  return state[0] === DIGITS.tap ? 'tap' : undefined;
}

function lifetimeOf({ qr }: Pick<PendingLogin, 'qr'>): number {
  return qr ? QR_LIFETIME_MS : FLOW_LIFETIME_MS;
}

/** When a flow that is not finished began, in ms since 1970. */
export function startOf(flow: Pick<PendingLogin, 'qr' | 'expiresAt'>): number {
  return flow.expiresAt - lifetimeOf(flow);
}

/** Whether it has the form of a state; whether it is one of ours, `recognize` says. */
export function looksLikeState(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

/** What was sealed with our key may still be of another version of this package. */
function readFlow(text: string | undefined): PendingLogin | undefined {
  try {
    const flow = JSON.parse(text ?? 'null') as Partial<PendingLogin> | null;
    const genuine =
      typeof flow?.state === 'string' && typeof flow.returnTo === 'string' && Number.isFinite(flow.expiresAt);
    return genuine ? { ...(flow as PendingLogin), returnTo: lengthen(flow.returnTo!) } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A Chinese character takes three bytes instead of nine. What a parser would not give back
 * unchanged stays.
 */
function shorten(address: string): string {
  if (!/%[89A-F]/.test(address)) return address;
  const short = address.replace(/(?:%[89A-F][0-9A-F])+/g, (bytes) => {
    try {
      return decodeURIComponent(bytes);
    } catch {
      return bytes;
    }
  });
  return lengthen(short) === address ? short : address;
}

function lengthen(address: string): string {
  // Nothing of it was shortened.
  if (/^[\x21-\x7e]*$/.test(address)) return address;
  return URL.canParse(address) ? new URL(address).href : address;
}

/** Whether all of them, ours or not, are as few and as short as ours may be. */
function hasRoom(cookies: readonly ReceivedCookie[]): boolean {
  const length = cookies.reduce((sum, cookie) => sum + cookieLength(cookie), 0);
  return cookies.length <= MAX_ALIVE && length <= COOKIES_BUDGET;
}

function readPair(line: string): ReceivedCookie {
  const pair = line.split(';', 1)[0]!;
  const equals = pair.indexOf('=');
  return { name: pair.slice(0, equals), value: pair.slice(equals + 1) };
}
