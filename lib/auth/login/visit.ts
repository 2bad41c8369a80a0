// One request at one guarded route, with what the steps of a login need to know of it; each fact is
// found out when it is first asked for.
import type { AppConfig, WechatConfig } from '../../config/wechat-config.js';
import { acceptedApps, isAt, servingApps } from './app-choice.js';
import { askHook } from '../../config/ask-hook.js';
import { detectClient } from '../http/client-detection.js';
import { isClientKind, type WechatClientKind } from '../../model/client-kind.js';
import type { ReceivedCookie } from '../http/cookies.js';
import type { HttpRequest } from '../http/http-request.js';
import {
  askedReturnAddress,
  defaultReturnAddress,
  ownAddress,
  warnOfLength,
} from '../http/return-address.js';
import type { RouteRule } from '../decorators/wechat-auth.decorator.js';
import { quoted, warnOnce } from '../../common/warn-once.js';

/**
 * What was found out about a request: each hook is asked once, whatever rule the request is judged
 * by.
 */
interface Findings {
  client?: WechatClientKind;
  /** By the names of the apps in question; and where a profile is wanted. */
  serving?: Map<RouteRule['apps'], readonly AppConfig[]>;
  servingProfile?: Map<RouteRule['apps'], readonly AppConfig[]>;
}

/** Where the page of a scan is, if it is mounted; known once the routes are. */
export interface ScanPlace {
  readonly scanPath: string | undefined;
}

const NOWHERE: ScanPlace = { scanPath: undefined };

/** One request at one guarded route. */
export class Visit {
  private known: readonly AppConfig[] | undefined;

  constructor(
    private readonly config: WechatConfig,
    readonly request: HttpRequest,
    readonly rule: RouteRule,
    /** Whether the context can be answered with a redirect or a page at all. */
    private readonly canNavigate: boolean,
    private readonly place: ScanPlace = NOWHERE,
    private readonly found: Findings = {},
    /** Where the person was when the login began, if that is not here. */
    private readonly cameFrom?: string,
  ) {}

  /** The apps whose sessions count here. */
  get accepted(): readonly AppConfig[] {
    if (this.known) return this.known;
    const accepted = acceptedApps(this.config, this.rule.apps);
    // A callback route is one to the apps that say so, and to no other a way to come in by.
    const { isCallbackRoute } = this.rule;
    return (this.known = isCallbackRoute
      ? accepted.filter(({ callbackPath }) => callbackPath !== undefined)
      : accepted);
  }

  /**
   * The same request under another rule: a login route that names an app or a scope, a flow that
   * goes on with its own.
   */
  under(rule: Partial<RouteRule>): Visit {
    const own = { ...this.rule, ...rule };
    return new Visit(this.config, this.request, own, this.canNavigate, this.place, this.found, this.cameFrom);
  }

  /**
   * The same request as a part of the visit at another address, under what that page asks.
   * @param cameFrom absolute and allowed
   */
  resumed(rule: Partial<RouteRule>, cameFrom: string): Visit {
    const own = { ...this.rule, ...rule };
    return new Visit(this.config, this.request, own, this.canNavigate, this.place, this.found, cameFrom);
  }

  /** Whether a person is waiting who can be sent to WeChat. */
  get isPage(): boolean {
    return this.canNavigate && this.request.isPageNavigation;
  }

  /** Whether the answer will stand in a frame. */
  get isFrame(): boolean {
    return this.canNavigate && this.request.opensFrame;
  }

  /** Whether a browser only fetches ahead. */
  get isPrefetch(): boolean {
    return this.canNavigate && this.request.isPrefetch;
  }

  get lang(): 'zh' | 'en' {
    return this.request.lang;
  }

  get cookies(): readonly ReceivedCookie[] {
    return this.request.cookies;
  }

  get client(): WechatClientKind {
    return (this.found.client ??= this.detectClient());
  }

  /**
   * The apps that can sign this client in, best first; one at most when the application's hook
   * chose.
   */
  get serving(): readonly AppConfig[] {
    const { apps, scope } = this.rule;
    // Only a scan makes a difference.
    const kind = wantsProfile(scope) && this.place.scanPath !== undefined ? 'servingProfile' : 'serving';
    const known = (this.found[kind] ??= new Map<RouteRule['apps'], readonly AppConfig[]>());
    let serving = known.get(apps);
    if (!serving) known.set(apps, (serving = this.findServing()));
    return serving;
  }

  /**
   * The app at whose address the person stays: one that serves them, else one of this host, else
   * the first that has an address.
   */
  get home(): AppConfig | undefined {
    const [serving] = this.serving;
    if (serving) return serving;
    const placed = this.accepted.filter(({ publicUrl }) => publicUrl);
    return placed.find(({ publicUrl }) => isAt(publicUrl!, this.request.host)) ?? placed[0];
  }

  /**
   * Where this request goes when the login is over: its own address without code and state, or what
   * a login route was told.
   */
  get destination(): string {
    if (this.cameFrom !== undefined) return this.cameFrom;
    const { request, rule, home: app } = this;
    /* c8 ignore next -- routes of apps without any address are denied before they get here */
    if (!app) return '/';
    if (rule.isLoginRoute) {
      const asked = askedReturnAddress(this.config, app, request.query.get('returnTo'));
      return asked ?? defaultReturnAddress(this.config, app);
    }
    const own = ownAddress(this.config, app, request.path + request.search);
    if (own !== undefined) return own;
    warnOfLength(this.config, request.path);
    return ownAddress(this.config, app, request.path) ?? defaultReturnAddress(this.config, app);
  }

  /** The destination of a callback, whose address carries WeChat's parameters. */
  get cleanDestination(): string {
    if (this.cameFrom !== undefined) return this.cameFrom;
    const { href } = new URL(this.destination);
    return this.rule.isLoginRoute ? href : withoutAnswer(href);
  }

  /**
   * Where this request is on its way to, for a person to open elsewhere: of a login route its own
   * address, which sends them on. A `code` alone is a parameter of the application's own; with a
   * `state` it is an answer that nobody else may have. Undefined for an address that is too long.
   */
  get pageUrl(): string | undefined {
    if (this.cameFrom !== undefined) return this.cameFrom;
    const { request, home: app } = this;
    const own = app && ownAddress(this.config, app, request.path + request.search);
    const isAnswer = request.query.has('code') && request.query.has('state');
    return own !== undefined && isAnswer ? withoutAnswer(own) : own;
  }

  private findServing(): readonly AppConfig[] {
    const { request, client, accepted } = this;
    const fitting = [...servingApps(accepted, client, request.host), ...this.scanning()];
    const candidates = fitting.map(({ name }) => name);
    // A phone shows a QR code to the one who would have to scan it with that phone.
    const serving = client === 'mobile-browser' ? [] : fitting;
    const { selectApp } = this.config.hooks;
    if (!selectApp) return serving;
    const ask = () => selectApp({ raw: request.raw, client, candidates });
    const chosen = askHook(this.config, 'hooks.selectApp', ask, isNameOrNone);
    if (chosen === undefined) return serving;
    const found = fitting.filter(({ name }) => name === chosen);
    if (found.length > 0 || candidates.length === 0 || chosen === null) return found;
    // A wrong name must not cost anybody their login, and the developer must hear of it.
    warnOnce(
      this.config,
      'candidates',
      'hooks.selectApp',
      `hooks.selectApp chose ${quoted(chosen)}, which is none of its candidates: ${candidates.join(', ')}. ` +
        'The module chose by itself.',
    );
    return serving;
  }

  /**
   * The official accounts whose QR code a desktop can show. A scan tells who somebody is, and no
   * name or picture.
   */
  private scanning(): readonly AppConfig[] {
    const { accepted, request, rule, place } = this;
    if (!accepted.some(({ scan }) => scan) || this.client !== 'desktop-browser') return [];
    if (place.scanPath === undefined || wantsProfile(rule.scope)) return [];
    // In the order in which they would serve people inside WeChat.
    return servingApps(accepted, 'wechat', request.host).filter(({ scan }) => scan);
  }

  private detectClient(): WechatClientKind {
    const { dev, hooks } = this.config;
    const { raw } = this.request;
    const force = dev.client;
    const forced =
      typeof force === 'function'
        ? askHook(this.config, 'dev.client', () => force({ raw }), isClientKind)
        : force;
    if (forced) return forced;
    const client = detectClient(this.request.header('user-agent'));
    const { detectClient: correct } = hooks;
    if (!correct) return client;
    const ask = () => correct({ raw, client });
    return askHook(this.config, 'hooks.detectClient', ask, isClientKind) ?? client;
  }
}

function wantsProfile(scope: RouteRule['scope']): boolean {
  return scope !== undefined && scope !== 'snsapi_base';
}

/** An address without what WeChat adds to it. */
function withoutAnswer(address: string): string {
  const url = new URL(address);
  for (const name of ['code', 'state']) url.searchParams.delete(name);
  return url.href;
}

function isNameOrNone(said: unknown): said is string | null {
  return typeof said === 'string' || said === null;
}
