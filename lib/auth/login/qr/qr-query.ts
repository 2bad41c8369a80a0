// What the address of `GET login/qr` asks for.
import type { WechatQrLoginOptions } from '../../session/qr-logins.js';

/**
 * Undefined for an address that says something twice, or of `self_redirect` neither `true` nor
 * `false`: whichever was meant, guessing it would begin another login than the page waits for.
 */
export function readQrQuery(query: URLSearchParams): WechatQrLoginOptions | undefined {
  const names = ['app', 'scope', 'returnTo', 'self_redirect'];
  if (names.some((name) => query.getAll(name).length > 1)) return undefined;
  const [app, scope, returnTo, selfRedirect] = names.map((name) => query.get(name));
  if (![null, 'true', 'false'].includes(selfRedirect!)) return undefined;
  return {
    ...(app == null ? {} : { app }),
    ...(scope == null ? {} : { scope }),
    ...(returnTo == null ? {} : { returnTo }),
    selfRedirect: selfRedirect === 'true',
  };
}
