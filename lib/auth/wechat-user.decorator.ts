// Hands a handler what the guard verified.
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { getWechatIdentity } from './attached-identity.js';
import type { WechatIdentity } from './identity.js';
import { callOf } from './request-of-context.js';

/**
 * The signed-in person, or one field of it: `@WechatUser() user: WechatIdentity`, `@WechatUser('openid') openid: string`. Undefined where nobody is signed
 * in or no guard ran; nothing from the body, query or headers ever gets here.
 */
export const WechatUser: (field?: keyof WechatIdentity) => ParameterDecorator = createParamDecorator(
  (field: keyof WechatIdentity | undefined, context: ExecutionContext) => {
    const identity = getWechatIdentity(callOf(context));
    return field === undefined ? identity : identity?.[field];
  },
);
