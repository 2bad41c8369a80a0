// Whether a form of ours was sent by a page of ours. Security decision: the origin of `publicUrl`
// alone counts, not the list of the options, and what says nothing needs the token of the form.
import { timingSafeEqual } from 'node:crypto';
import type { HttpRequest } from '../../auth/http/http-request.js';
import type { Sealer } from '../../sealing/sealer.js';

/** @param isTokenRight whether the form holds the token that is bound to this browser's cookie */
export function isOwnForm(request: HttpRequest, publicUrl: URL, isTokenRight: () => boolean): boolean {
  const origin = request.header('origin');
  if (origin !== undefined) return origin === publicUrl.origin;
  const site = request.header('sec-fetch-site');
  return site === undefined ? isTokenRight() : site === 'same-origin';
}

/** Bound to a cookie that only this browser shows. */
export function formToken(sealer: Sealer, bound: string): string {
  return tokens(sealer, bound)[0]!;
}

/** Whether it is the one of this cookie, by any secret. */
export function isFormToken(sealer: Sealer, bound: string, given: unknown): boolean {
  if (typeof given !== 'string' || !/^[\w-]{22}$/.test(given)) return false;
  return tokens(sealer, bound).some((own) => timingSafeEqual(Buffer.from(own), Buffer.from(given)));
}

function tokens(sealer: Sealer, bound: string): string[] {
  return sealer.macs(`scan form\n${bound}`).map((mac) => mac.toString('base64url').slice(0, 22));
}
