// For tests that only want to be somebody: a session without a login.
import type { INestApplicationContext } from '@nestjs/common';
import type { WechatIdentity } from '../model/identity.js';
import { Revocations } from '../auth/session/revocations.js';
import { SealedSessions } from '../auth/session/sealed-sessions.js';
import type { WechatConfig } from '../config/wechat-config.js';
import { WECHAT_CONFIG } from '../wechat-oauth.constants.js';
import { MockServerError } from './mock-server/mock-server-error.js';

/**
 * Everything but the openid has a default: the first app of the module, the scope that gives no
 * profile, no snapshot.
 */
export type SignInAsIdentity = Partial<Omit<WechatIdentity, 'appId'>> & {
  /** Who they are. */
  openid: string;
};

/** A session for the requests of a test. */
export interface SignedIn {
  /** For the `Cookie` header: `name=value`. */
  cookie: string;
  /** For the `Authorization` header: `Bearer v1.…`. */
  bearer: string;
  /** Who is signed in. */
  identity: WechatIdentity;
}

/**
 * With `session.revocable` and a store that other processes write to, use
 * `await app.get(WechatSessionService).issue(undefined, identity)` instead: this does not wait for
 * the store.
 * @param app the running application, or the testing module, that imports `WechatOAuthModule`
 * @throws MockServerError in production, without a sessionSecret, and for an app name that is not
 * configured
 */
export function signInAs(app: INestApplicationContext, person: SignInAsIdentity): SignedIn {
  if (process.env['NODE_ENV'] === 'production') {
    throw new MockServerError('signInAs', 'was called while NODE_ENV is "production"', 'It is for tests.');
  }
  const config = app.get<WechatConfig>(WECHAT_CONFIG, { strict: false });
  const sessions = app.get(SealedSessions, { strict: false });
  const configured = person.app === undefined ? [...config.apps.values()][0] : config.apps.get(person.app);
  if (!configured) {
    throw new MockServerError(
      'signInAs app',
      'is not configured',
      `Use one of: ${[...config.apps.keys()].join(', ')}.`,
    );
  }
  if (config.sessionSecrets.length === 0) {
    throw new MockServerError('signInAs', 'found no sessionSecret', 'Give the application under test one.');
  }
  const identity = {
    scope: configured.type === 'mini-program' ? [] : [configured.scope ?? 'snsapi_base'],
    isSnapshotUser: false,
    ...person,
    app: configured.name,
    appId: configured.appId,
  };
  const session = sessions.create(identity, {
    mark: app.get(Revocations, { strict: false }).markNow(identity),
  });
  return {
    cookie: sessions.toCookie(configured, session).split(';', 1)[0]!,
    bearer: `Bearer ${sessions.toBearer(session)}`,
    identity: session.identity,
  };
}
