// Hands a handler what the guard verified.
import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import { getWechatIdentity } from '../http/attached-identity.js';
import type { WechatIdentity } from '../../model/identity.js';
import { callOf } from '../http/request-of-context.js';

type Pipe = Type<PipeTransform> | PipeTransform;

/** How `@WechatUser` may be called. */
export interface WechatUserDecorator {
  (...pipes: Pipe[]): ParameterDecorator;
  (field: keyof WechatIdentity | undefined, ...pipes: Pipe[]): ParameterDecorator;
}

/**
 * The signed-in person, or one field of it: `@WechatUser() user: WechatIdentity`,
 * `@WechatUser('openid') openid: string`. Undefined where nobody is signed in or no guard ran;
 * nothing from the body, query or headers ever gets here.
 *
 * Pipes make something else of it, e.g. a row of your user table:
 * `@WechatUser(LoadUserPipe) user: User`, `@WechatUser('openid', LoadUserPipe) user: User`. They
 * are classes, which may inject, or instances; each gets what the one before it gave, the first one
 * what the guard verified.
 */
export const WechatUser: WechatUserDecorator = createParamDecorator(
  (field: keyof WechatIdentity | undefined, context: ExecutionContext) => {
    const identity = getWechatIdentity(callOf(context));
    return field === undefined ? identity : identity?.[field];
  },
);
