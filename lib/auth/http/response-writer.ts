// Answers a request by ourselves, the same on Express and Fastify.
import { Logger } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { Runtime } from '../../common/runtime.js';
import type { WechatConfig } from '../../config/wechat-config.js';
import { renderBounce, renderHandover } from '../problems/frame-pages.js';
import { renderProblemPage } from '../problems/problem-page.js';
import type { WechatProblem } from '../../model/problem.js';
import { addVary, removeHeader } from './answer-headers.js';
import { publicAddress } from './return-address.js';
import type { Verdict } from './verdict.js';

type OwnPage = { redirect: string } | { redirect?: unknown; status: number; html: string } | undefined;

/** What a page is made with. */
export interface PageMaker {
  readonly hooks: WechatConfig['hooks'];
  readonly brand: WechatConfig['brand'];
  readonly runtime: Pick<Runtime, 'sleep'>;
}

/** How long the application may think about its own page, in ms. */
const RENDER_MS = 5_000;
const TOO_LATE = Symbol('too late');

const CORS = ['Access-Control-Allow-Origin', 'Access-Control-Allow-Credentials'];

const logger = new Logger('WechatOAuth');

/** Answers by itself, through the adapter: redirects, pages and cookies. */
export class ResponseWriter {
  constructor(
    private readonly adapter: AbstractHttpAdapter,
    private readonly response: unknown,
  ) {}

  /**
   * Whether somebody else answers already, e.g. a middleware whose patience was over. Asked before
   * every answer: a second one would throw, and the filters that catch it would answer a third
   * time.
   */
  get hasBegun(): boolean {
    return Boolean(this.adapter.isHeadersSent(this.response));
  }

  setCookies(lines: readonly string[]): void {
    for (const line of lines) this.adapter.appendHeader(this.response, 'Set-Cookie', line);
  }

  /**
   * What a guarded route shows is one person's: no shared cache may keep it. A handler may say
   * something stricter.
   */
  pass({ setCookies, unguarded }: Extract<Verdict, { kind: 'pass' }>): void {
    this.setCookies(setCookies);
    if (!unguarded) this.adapter.setHeader(this.response, 'Cache-Control', 'private');
  }

  /** 302 by default and never 301, which browsers keep. */
  redirect({ location, setCookies }: Extract<Verdict, { kind: 'redirect' }>, status: 302 | 303 = 302): void {
    this.setCookies(setCookies);
    this.keepPrivate();
    const address = asAscii(location);
    // By hand, because Express writes a page for each redirect that nobody sees.
    // A 303 ends a POST, which does not come from WeChat.
    this.adapter.setHeader(this.response, 'Location', status === 302 ? withOwnFragment(address) : address);
    this.adapter.reply(this.response, undefined, status);
  }

  async page(verdict: Extract<Verdict, { kind: 'page' }>, maker: PageMaker): Promise<void> {
    const { problem, lang, setCookies, base, framed } = verdict;
    // In a frame the page has to tell the one around it, which the application's own cannot do.
    const own = framed ? undefined : await this.ownPage(problem, maker);
    if (this.hasBegun) return;
    if (own && leads(own)) {
      return this.redirect({ kind: 'redirect', location: below(base, own.redirect), setCookies });
    }
    this.setCookies(setCookies);
    this.keepPrivate();
    this.adapter.setHeader(this.response, 'Content-Type', 'text/html; charset=utf-8');
    if (own) {
      this.forbidFrames("frame-ancestors 'none'", true);
      this.adapter.reply(this.response, own.html, own.status);
      return;
    }
    const { html, policy } = renderProblemPage(problem, lang, brandAt(base, maker.brand), framed);
    if (framed) this.allowFrames(policy);
    else this.forbidFrames(policy, false);
    this.adapter.reply(this.response, html, problem.statusCode);
  }

  /** JSON for a page of ours. */
  data(body: object, status: number): void {
    this.keepPrivate();
    this.adapter.setHeader(this.response, 'X-Content-Type-Options', 'nosniff');
    this.adapter.reply(this.response, body, status);
  }

  /**
   * A page of a door's own. Its forms say where they stand, which browsers do not with
   * `no-referrer`.
   */
  ownForms(html: string, policy: string, status: number, setCookies: readonly string[] = []): void {
    this.setCookies(setCookies);
    this.keepPrivate();
    this.adapter.setHeader(this.response, 'Referrer-Policy', 'same-origin');
    this.adapter.setHeader(this.response, 'Content-Type', 'text/html; charset=utf-8');
    this.adapter.setHeader(this.response, 'X-Content-Type-Options', 'nosniff');
    this.forbidFrames(policy, false);
    this.adapter.reply(this.response, html, status);
  }

  /** The answers of a login in a frame. Nothing of the request stands in them. */
  frame(verdict: Extract<Verdict, { kind: 'bounce' | 'handover' }>): void {
    const { html, policy } =
      verdict.kind === 'bounce'
        ? renderBounce(verdict.ancestors)
        : renderHandover({ ...verdict, ...verdict.framed }, verdict.lang, verdict.framed.ancestors);
    if (verdict.kind === 'handover') this.setCookies(verdict.setCookies);
    this.keepPrivate();
    this.adapter.setHeader(this.response, 'Content-Type', 'text/html; charset=utf-8');
    this.adapter.setHeader(this.response, 'X-Content-Type-Options', 'nosniff');
    this.allowFrames(policy);
    this.adapter.reply(this.response, html, verdict.kind === 'bounce' ? 200 : verdict.status);
  }

  /**
   * In place of what a middleware set: the policy names who may hold the page, and the older header
   * knows no list.
   */
  private allowFrames(policy: string): void {
    for (const name of ['X-Frame-Options', 'Content-Security-Policy']) removeHeader(this.response, name);
    this.adapter.setHeader(this.response, 'Content-Security-Policy', policy);
  }

  /**
   * In place of whatever CORS the application has: this origin reads the answer, or none but our
   * own does.
   */
  shareWith(origin: string | undefined): void {
    this.keepPrivate();
    this.adapter.setHeader(this.response, 'X-Content-Type-Options', 'nosniff');
    // CORS is asked all the same: this is for those who load without it, such as a script tag.
    this.adapter.setHeader(this.response, 'Cross-Origin-Resource-Policy', 'same-origin');
    addVary(this.adapter, this.response, 'Origin');
    for (const name of CORS) removeHeader(this.response, name);
    if (origin === undefined) return;
    this.adapter.setHeader(this.response, 'Access-Control-Allow-Origin', origin);
    this.adapter.setHeader(this.response, 'Access-Control-Allow-Credentials', 'true');
  }

  /**
   * Nobody frames a page of a login: a click on it could be another site's. A policy that the
   * application has set for its own page stays.
   */
  private forbidFrames(policy: string, keepsOwn: boolean): void {
    for (const [name, value] of [
      ['Content-Security-Policy', policy],
      ['X-Frame-Options', 'DENY'],
    ] as const) {
      const isSet = Boolean(this.adapter.getHeader?.(this.response, name));
      if (!keepsOwn || !isSet) this.adapter.setHeader(this.response, name, value);
    }
  }

  /**
   * What the application makes of a problem. A mistake in it, or a template that never comes, must
   * not take the page away from the person who needs it.
   */
  private async ownPage(problem: WechatProblem, { hooks, runtime }: PageMaker): Promise<OwnPage> {
    const { renderProblem } = hooks;
    if (!renderProblem) return undefined;
    let why: string;
    try {
      const tooLate = runtime.sleep(RENDER_MS).then(() => TOO_LATE);
      const own = await Promise.race([renderProblem(problem), tooLate]);
      if (own === undefined || isOwnPage(own)) return own as OwnPage;
      why =
        own === TOO_LATE
          ? `took longer than ${RENDER_MS / 1_000} s`
          : 'returned neither { redirect } nor { status, html }';
    } catch (error) {
      // Only the class: what the message of a template or a database holds nobody knows.
      why = `threw ${error instanceof Error ? error.constructor.name : typeof error}`;
    }
    logger.error(`hooks.renderProblem ${why}; the built-in page was shown, ref ${problem.ref}`);
    return undefined;
  }

  /** Answers of a login belong to one person, and their address may hold a code. */
  keepPrivate(): void {
    this.adapter.setHeader(this.response, 'Cache-Control', 'no-store');
    this.adapter.setHeader(this.response, 'Referrer-Policy', 'no-referrer');
  }
}

/** A path is one of the application, as this person's browser sees it. */
function below(base: URL | undefined, address: string): string {
  return base && /^\/(?!\/)/.test(address) ? publicAddress(base, address) : address;
}

/** The brand as a page at this address shows it. */
export function brandAt(base: URL | undefined, brand: WechatConfig['brand']): WechatConfig['brand'] {
  const logo = brand?.logoUrl === undefined ? undefined : below(base, brand.logoUrl);
  // A path below no address is none that a policy can name: the name says enough.
  const logoUrl = logo !== undefined && URL.canParse(logo) ? logo : undefined;
  return brand && { ...brand, logoUrl };
}

/** Fastify fails on anything but ASCII. */
function asAscii(location: string): string {
  // Whole, and of nothing but the characters of RFC 3986: nothing is left to encode.
  if (/^https?:\/\/[\w.:-]+\/[\w:/?#[\]@!$&'()*+,;=.~%-]*$/.test(location)) return location;
  return URL.canParse(location) ? new URL(location).href : encodeURI(location);
}

/**
 * A browser carries the fragment of an address over to the one it is redirected to, unless that one
 * has a fragment of its own: `#wechat_redirect` would stay in the address bar after every login,
 * and a router that reads the fragment would look for that page. An empty one reads as none:
 * `location.hash === ''`.
 */
function withOwnFragment(address: string): string {
  return address.includes('#') ? address : `${address}#`;
}

function isOwnPage(value: unknown): boolean {
  const { redirect, status, html } = (value ?? {}) as Record<string, unknown>;
  return leads({ redirect }) || (isFinalStatus(status) && typeof html === 'string');
}

/** Not where there is no address, or an empty one: that is the page itself, over and over. */
function leads(own: { redirect?: unknown }): own is { redirect: string } {
  return typeof own.redirect === 'string' && own.redirect !== '';
}

/** Platforms throw for what is no status, and a browser waits on after one below 200. */
function isFinalStatus(status: unknown): boolean {
  return Number.isInteger(status) && Number(status) >= 200 && Number(status) <= 599;
}
