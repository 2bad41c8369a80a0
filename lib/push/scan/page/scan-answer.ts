// Our page of a login by a scan, with the addresses that stand in it.
import type { DoorParts } from '../../../auth/door-parts.js';
import type { HttpRequest } from '../../../auth/http/http-request.js';
import { brandAt, ResponseWriter } from '../../../auth/http/response-writer.js';
import { allowedReturnAddress, publicAddress, requirePublicUrl } from '../../../auth/http/return-address.js';
import type { DoorAnswer } from '../carry-out.js';
import { formToken } from '../own-origin.js';
import type { ScanFlow } from '../scan-flows.js';
import type { ScanStatus } from '../scenes/scan-record.js';
import { renderScanPage, type ScanView } from './scan-page.js';

/** What is shown of a login. */
export type Shown = Pick<ScanView, 'status' | 'byDigits' | 'url' | 'failed'>;

/** More origins than a policy should list are allowed by their scheme. */
const MAX_TARGETS = 20;

/** Makes the page. */
export class ScanAnswer {
  constructor(private readonly parts: DoorParts) {}

  /** Our page of this login. */
  page(
    { app, state, pending }: ScanFlow,
    { lang }: HttpRequest,
    shown: Shown,
    status = 200,
    setCookies: readonly string[] = [],
  ): DoorAnswer {
    const { config, sealer } = this.parts;
    const publicUrl = requirePublicUrl(app);
    const view: ScanView = {
      ...shown,
      lang,
      host: publicUrl.host,
      paths: this.pathsOf({ app, state, pending }),
      token: formToken(sealer, state),
      brand: brandAt(publicUrl, config.brand),
      targets: this.targets(),
    };
    return { kind: 'own', ...renderScanPage(view), status, setCookies };
  }

  /** The address of the page, for a link that begins again. */
  addressOf({ app, state }: Pick<ScanFlow, 'app' | 'state'>): string {
    return publicAddress(requirePublicUrl(app), `${this.parts.place.scanPath ?? '/'}?state=${state}`);
  }

  /** As a program reads it. */
  tell(
    response: unknown,
    status: number,
    body: { status: ScanStatus | 'wrong' | 'again'; left?: number },
  ): void {
    const answer = new ResponseWriter(this.parts.host.httpAdapter, response);
    if (!answer.hasBegun) answer.data(body, status);
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
