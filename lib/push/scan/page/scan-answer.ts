// Answers requests of the page of a scan: our own page, a problem, or an address to go to.
import type { DoorParts } from '../../../auth/door-parts.js';
import type { HttpRequest } from '../../../auth/http/http-request.js';
import { ResponseWriter } from '../../../auth/http/response-writer.js';
import { allowedReturnAddress, publicAddress, requirePublicUrl } from '../../../auth/http/return-address.js';
import type { Verdict } from '../../../auth/http/verdict.js';
import { formToken } from '../own-origin.js';
import type { ScanFlow } from '../scan-flows.js';
import type { ScanStatus } from '../scenes/scan-record.js';
import { renderScanPage, type ScanView } from './scan-page.js';

/** What becomes of a request. */
export type ScanVerdict =
  | Extract<Verdict, { kind: 'redirect' | 'page' }>
  | {
      readonly kind: 'scan';
      readonly view: ScanView;
      readonly status: number;
      readonly setCookies: readonly string[];
    };

/** What is shown of a login. */
export type Shown = Pick<ScanView, 'status' | 'byDigits' | 'url' | 'failed'>;

/** More origins than a policy should list are allowed by their scheme. */
const MAX_TARGETS = 20;

/** Carries verdicts out. */
export class ScanAnswer {
  constructor(private readonly parts: DoorParts) {}

  /** Our page of this login. */
  page(
    { app, state, pending }: ScanFlow,
    { lang }: HttpRequest,
    shown: Shown,
    status = 200,
    setCookies: readonly string[] = [],
  ): ScanVerdict {
    const { config, sealer } = this.parts;
    const publicUrl = requirePublicUrl(app);
    const { brand } = config;
    const logo = brand?.logoUrl?.startsWith('/') ? publicAddress(publicUrl, brand.logoUrl) : brand?.logoUrl;
    const view: ScanView = {
      ...shown,
      lang,
      host: publicUrl.host,
      paths: this.pathsOf({ app, state, pending }),
      token: formToken(sealer, state),
      brand: brand && { ...brand, logoUrl: logo },
      targets: this.targets(),
    };
    return { kind: 'scan', view, status, setCookies };
  }

  /** The address of the page, for a link that begins again. */
  addressOf({ app, state }: Pick<ScanFlow, 'app' | 'state'>): string {
    return publicAddress(requirePublicUrl(app), `${this.parts.place.scanPath ?? '/'}?state=${state}`);
  }

  async carryOut(response: unknown, verdict: ScanVerdict, redirectStatus: 302 | 303 = 302): Promise<void> {
    const { host, setup } = this.parts;
    const answer = new ResponseWriter(host.httpAdapter, response);
    if (answer.hasBegun) return;
    if (verdict.kind === 'redirect') return answer.redirect(verdict, redirectStatus);
    if (verdict.kind === 'page') return answer.page(verdict, setup);
    const { html, policy } = renderScanPage(verdict.view);
    answer.ownForms(html, policy, verdict.status, verdict.setCookies);
  }

  /** As a program reads it. */
  tell(
    response: unknown,
    status: number,
    body: { status: ScanStatus | 'wrong' | 'again'; left?: number },
  ): void {
    const { httpAdapter } = this.parts.host;
    const answer = new ResponseWriter(httpAdapter, response);
    if (answer.hasBegun) return;
    answer.keepPrivate();
    httpAdapter.setHeader(response, 'X-Content-Type-Options', 'nosniff');
    httpAdapter.reply(response, body, status);
  }

  /** As the browser sees them: a proxy may have stripped what stands in front. */
  private pathsOf({ app, state, pending }: ScanFlow): ScanView['paths'] {
    const { pathname } = new URL(this.addressOf({ app, state }));
    const at = (end: string) => `${pathname}${end}?state=${state}`;
    return {
      page: at(''),
      again: this.againFor(app, pending) ?? `${at('')}&new=1`,
      finish: at('/finish'),
      events: at('/events'),
      status: at('/status'),
    };
  }

  /**
   * By the login route, which needs nothing of this login: a page may be left alone for longer than
   * its cookie lives.
   */
  private againFor(app: ScanFlow['app'], { returnTo }: ScanFlow['pending']): string | undefined {
    const { config, place } = this.parts;
    const address = allowedReturnAddress(config, app, returnTo);
    if (place.path === undefined || address === undefined) return undefined;
    const query = new URLSearchParams({ app: app.name, returnTo: address });
    return publicAddress(requirePublicUrl(app), `${place.path}?${query.toString()}`);
  }

  /** Browsers hold the redirect that follows a form to the same list as the form. */
  private targets(): string {
    const origins = [...this.parts.config.returnTo.origins];
    return `'self' ${origins.length > MAX_TARGETS ? 'https: http:' : origins.join(' ')}`;
  }
}
