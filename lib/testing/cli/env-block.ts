// What one pastes into .env so that the quick start of the README runs against this mock.
import { DEFAULT_MOCK_APPS } from '../mock-server/mock-apps.js';
import type { MockAppOptions } from '../mock-server/mock-server.types.js';
import { checkDomain, isLoopback } from '../mock-server/redirect-domains.js';

/** What the block is made of. */
export interface EnvFacts {
  /** Undefined: the default ones. */
  readonly apps: readonly MockAppOptions[] | undefined;
  /** Where the mock is reached. */
  readonly origin: string;
  readonly sessionSecret: string;
}

/** The lines of the block, for the official account if there is one, else for the first app. */
export function envBlock({ apps, origin, sessionSecret }: EnvFacts): string[] {
  const all = apps ?? DEFAULT_MOCK_APPS;
  const app = all.find(({ type }) => type === 'official-account') ?? all[0]!;
  const ofType =
    app.type === 'official-account' ? [] : [`# forRoot({ … }) needs type: '${app.type}' beside these.`];
  // One's own secret may be a real one, and terminals are recorded.
  const secret = apps
    ? ['# The one you gave the mock.', 'WECHAT_SECRET=']
    : [`WECHAT_SECRET=${String(app.secret)}`];
  return [
    ...ofType,
    `WECHAT_APP_ID=${app.appId}`,
    ...secret,
    ...publicUrl(app),
    `SESSION_SECRET=${sessionSecret}`,
    `WECHAT_MOCK=${origin}`,
  ];
}

/** The mock sends browsers to registered hosts only, and to any port on this machine only. */
function publicUrl({ appId, type, domains = ['localhost'] }: MockAppOptions): string[] {
  const signsInByPage = type === 'official-account' || type === 'website';
  const hosts = domains.map((domain) => checkDomain(domain, 'domains'));
  const host = hosts.includes('localhost') ? 'localhost' : (hosts.find(isLoopback) ?? hosts[0]);
  if (!signsInByPage) return ['PUBLIC_URL=http://localhost:3000'];
  if (host === undefined)
    return [`# No host is registered for ${appId}: logins end with 10003.`, 'PUBLIC_URL='];
  return [isLoopback(host) ? `PUBLIC_URL=http://${host}:3000` : `PUBLIC_URL=https://${host}`];
}
