// What both pages of a scan, at the desktop and on the phone, do alike: whom they refuse before
// they look, by which rule they judge, and how an answer gets out.
import type { HttpException } from '@nestjs/common';
import type { DoorParts } from '../../auth/door-parts.js';
import type { HttpRequest } from '../../auth/http/http-request.js';
import { ResponseWriter } from '../../auth/http/response-writer.js';
import type { Answered } from '../../auth/login/callback-answer.js';
import { Visit } from '../../auth/login/visit.js';
import { problemException } from '../../auth/problems/problems.js';
import type { AppConfig } from '../../config/wechat-config.js';

/** What becomes of a request: an address, a problem, or a page of our own. */
export type DoorAnswer =
  | Answered
  | {
      readonly kind: 'own';
      readonly html: string;
      /** For the header `Content-Security-Policy`. */
      readonly policy: string;
      readonly status: number;
      readonly setCookies: readonly string[];
    };

const RULE = { scope: undefined, mode: 'required', snapshot: 'refuse', isLoginRoute: false } as const;

/** @param cameFrom where the person is sent when it is over, absolute and allowed */
export function visitOf(
  { config, place }: DoorParts,
  request: HttpRequest,
  app: AppConfig | undefined,
  cameFrom?: string,
): Visit {
  return new Visit(config, request, { ...RULE, apps: app && [app.name] }, true, place, {}, cameFrom);
}

/** @throws HttpException for whatever is no person who looks at the page */
export function requireLooker({ problems }: DoorParts, request: HttpRequest): void {
  if (request.isPageNavigation && !request.isPrefetch) return;
  const code = request.isPrefetch ? 'PREFETCH_REFUSED' : 'WECHAT_LOGIN_REQUIRED';
  throw problemException(problems.errorForProgram(code, request.lang, 'a program'));
}

/** For a form that another page than ours has sent. */
export function foreignForm({ problems }: DoorParts, { lang }: HttpRequest): HttpException {
  const details = { statusCode: 403, reason: 'ORIGIN_NOT_ALLOWED' } as const;
  return problemException(problems.errorForProgram('BAD_LOGIN_REQUEST', lang, 'a program', details));
}

/** Carries it out, unless somebody else has answered already. */
export async function carryOut(
  { host, setup }: DoorParts,
  response: unknown,
  answer: DoorAnswer,
  redirectStatus: 302 | 303 = 302,
): Promise<void> {
  const writer = new ResponseWriter(host.httpAdapter, response);
  if (writer.hasBegun) return;
  if (answer.kind === 'redirect') return writer.redirect(answer, redirectStatus);
  if (answer.kind === 'page') return writer.page(answer, setup);
  writer.ownForms(answer.html, answer.policy, answer.status, answer.setCookies);
}
