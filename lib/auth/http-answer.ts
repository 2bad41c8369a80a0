// Answers a request by ourselves, the same on Express and Fastify.
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { GuardSetup } from './guard-setup.js';
import { PROBLEM_PAGE_POLICY, renderProblemPage } from './problem-page.js';
import type { Verdict } from './verdict.js';

export class HttpAnswer {
  constructor(
    private readonly adapter: AbstractHttpAdapter,
    private readonly response: unknown,
  ) {}

  setCookies(lines: readonly string[]): void {
    for (const line of lines) this.adapter.appendHeader(this.response, 'Set-Cookie', line);
  }

  /** What a guarded route shows is one person's: no shared cache may keep it. A handler may say something stricter. */
  pass({ setCookies, isPublic }: Extract<Verdict, { kind: 'pass' }>): void {
    this.setCookies(setCookies);
    if (!isPublic) this.adapter.setHeader(this.response, 'Cache-Control', 'private');
  }

  /** 302 by default and never 301, which browsers keep. */
  redirect({ location, setCookies }: Extract<Verdict, { kind: 'redirect' }>, status: 302 | 303 = 302): void {
    this.setCookies(setCookies);
    this.keepPrivate();
    // The parsed address is sent, because Fastify fails on anything but ASCII.
    this.adapter.redirect(
      this.response,
      status,
      URL.canParse(location) ? new URL(location).href : encodeURI(location),
    );
  }

  async page(verdict: Extract<Verdict, { kind: 'page' }>, setup: GuardSetup): Promise<void> {
    const { problem, lang, setCookies } = verdict;
    const own = await setup.hooks.renderProblem?.(problem);
    if (own && 'redirect' in own) {
      return this.redirect({ kind: 'redirect', location: setup.addressOf(own.redirect), setCookies });
    }
    this.setCookies(setCookies);
    this.keepPrivate();
    this.adapter.setHeader(this.response, 'Content-Type', 'text/html; charset=utf-8');
    // A page of the application's own brings its own policy.
    if (!own) this.adapter.setHeader(this.response, 'Content-Security-Policy', PROBLEM_PAGE_POLICY);
    this.adapter.reply(
      this.response,
      own?.html ?? renderProblemPage(problem, lang),
      own?.status ?? problem.statusCode,
    );
  }

  /** Answers of a login belong to one person, and their address may hold a code. */
  keepPrivate(): void {
    this.adapter.setHeader(this.response, 'Cache-Control', 'no-store');
    this.adapter.setHeader(this.response, 'Referrer-Policy', 'no-referrer');
  }
}
