// How OpenAPI describes the ways to show a session.
import { hasPages } from '../../config/guard-needs.js';
import type { WechatConfig } from '../../config/wechat-config.js';
import type { SealedSessions } from './sealed-sessions.js';

/** A security scheme of OpenAPI. */
export type WechatSecurityScheme =
  | {
      /** A value by its name. */
      type: 'apiKey';
      /** Where it travels. */
      in: 'cookie' | 'header';
      /** Of the cookie or the header. */
      name: string;
    }
  | {
      /** The header `Authorization`. */
      type: 'http';
      /** The word in front of the token. */
      scheme: 'bearer';
    };

/** The names by which the ready-made routes call them. */
export const SECURITY = { cookie: 'wechat-cookie', bearer: 'wechat-bearer' } as const;

/** By name: a cookie for each app with pages, the first without its name, and the bearer token. */
export function securitySchemes(
  { apps, session }: Pick<WechatConfig, 'apps' | 'session'>,
  sessions: Pick<SealedSessions, 'nameFor'>,
): Record<string, WechatSecurityScheme> {
  const schemes: Record<string, WechatSecurityScheme> = {};
  for (const app of [...apps.values()].filter(hasPages)) {
    const name = SECURITY.cookie in schemes ? `${SECURITY.cookie}-${app.name}` : SECURITY.cookie;
    schemes[name] = { type: 'apiKey', in: 'cookie', name: sessions.nameFor(app) };
  }
  const { bearerHeader } = session;
  if (bearerHeader !== undefined)
    schemes[SECURITY.bearer] =
      bearerHeader === 'authorization'
        ? { type: 'http', scheme: 'bearer' }
        : { type: 'apiKey', in: 'header', name: bearerHeader };
  return schemes;
}
