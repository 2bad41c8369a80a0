// For tests that put something in the place of the guard: whoever asks is let in as one person.
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { attachIdentity } from '../auth/http/attached-identity.js';
import type { WechatIdentity } from '../model/identity.js';
import { callOf, requestOf } from '../auth/http/request-of-context.js';
import { MockServerError } from './mock-server/mock-server-error.js';

/**
 * A guard that asks nothing and lets everybody in as this person, over HTTP, GraphQL and WebSocket:
 *
 * ```ts
 * Test.createTestingModule({ imports: [AppModule] })
 *   .overrideGuard(WechatAuthGuard)
 *   .useValue(letIn({ openid: 'o-ming', nickname: 'Ming' }));
 * ```
 *
 * `@WechatUser()` and `getWechatIdentity(request)` give it to the application. What `@WechatAuth`
 * demands is not looked at, and no session is made; `signInAs` makes one that the real guard takes.
 * @param person what is left out: `app` "default", `appId` "wx0000000000000000", `openid` "o-test",
 * `scope` `['snsapi_base']`, no snapshot
 * @throws MockServerError in production
 */
export function letIn(person: Partial<WechatIdentity> = {}): CanActivate {
  if (process.env['NODE_ENV'] === 'production') {
    throw new MockServerError('letIn', 'was called while NODE_ENV is "production"', 'It is for tests.');
  }
  const identity: WechatIdentity = {
    app: 'default',
    appId: 'wx0000000000000000',
    openid: 'o-test',
    scope: ['snsapi_base'],
    isSnapshotUser: false,
    ...person,
  };
  return {
    canActivate(context: ExecutionContext): boolean {
      const carriers = requestOf(context)?.carriers ?? [callOf(context)];
      for (const carrier of carriers) if (carrier) attachIdentity(carrier, identity);
      return true;
    },
  };
}
