// What a route asks of its visitors: the decorator that says it, and reading it back.
import { type CustomDecorator, type ExecutionContext, SetMetadata, type Type } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { WechatScope } from '../../wechat-oauth.options.js';

/** Whether a route asks people to sign in. */
export type WechatAuthMode = 'required' | 'silent' | 'optional' | 'off';

/** What a route asks of whoever comes. */
export interface WechatAuthOptions {
  /**
   * Names of the apps whose sessions count.
   * @default every app of the module; the client decides which one is asked
   */
  app?: string | readonly string[];
  /**
   * What must have been granted.
   * @default nothing beyond the identity
   */
  scope?: WechatScope;
  /**
   * `required` (default) · `silent`: inside WeChat one attempt that nobody sees, remembered, and
   * nobody is kept out; not after a logout · `optional`: never asks, knows whoever is signed in ·
   * `off`: does not look.
   */
  mode?: WechatAuthMode;
  /**
   * Visitors of WeChat's snapshot page: `refuse` (default) · `readonly`: GET and HEAD · `allow`.
   */
  snapshot?: 'refuse' | 'readonly' | 'allow';
}

/** What of a handler's context says which route it is. */
export interface RouteContext {
  getClass(): Type<unknown>;
  getHandler(): ReturnType<ExecutionContext['getHandler']>;
}

/** A rule with its defaults, as the guard judges by it. */
export interface RouteRule {
  apps: readonly string[] | undefined;
  scope: WechatScope | undefined;
  mode: WechatAuthMode;
  snapshot: 'refuse' | 'readonly' | 'allow';
  /**
   * The login route of `WechatAuthController`, which sends people on instead of letting them in.
   */
  isLoginRoute: boolean;
  /**
   * The callback route of `WechatAuthController`, where there is nothing but an answer of WeChat.
   */
  isCallbackRoute?: true;
}

const RULE = 'nestjs-wechat-oauth:rule';
const LOGIN_ROUTE = 'nestjs-wechat-oauth:login-route';
const CALLBACK_ROUTE = 'nestjs-wechat-oauth:callback-route';
const SCAN_ROUTE = 'nestjs-wechat-oauth:scan-route';

/**
 * Refines `WechatAuthGuard` for a controller or a handler. Keys are merged one by one; the
 * handler's win.
 * @example
 * @WechatAuth({ scope: 'snsapi_userinfo' })
 * @Get('profile')
 * profile(@WechatUser() user: WechatIdentity) {}
 */
export function WechatAuth(rule: WechatAuthOptions = {}): CustomDecorator<string> {
  return SetMetadata(RULE, rule);
}

/** @internal */
export function LoginRoute(): CustomDecorator<string> {
  return SetMetadata(LOGIN_ROUTE, true);
}

/** @internal */
export function CallbackRoute(): CustomDecorator<string> {
  return SetMetadata(CALLBACK_ROUTE, true);
}

/** @internal */
export function ScanRoute(): CustomDecorator<string> {
  return SetMetadata(SCAN_ROUTE, true);
}

/** Whether a method is one, as of a callback route. */
export function isScanRoute(method: object): boolean {
  return Reflect.getMetadata(SCAN_ROUTE, method) === true;
}

/** Whether a method is one: who overrides it without the decorators has taken it away. */
export function isCallbackRoute(method: object): boolean {
  return Reflect.getMetadata(CALLBACK_ROUTE, method) === true;
}

/** The rule of a handler: its own keys over those of its class, with the defaults. */
export function readRule(reflector: Reflector, context: RouteContext): RouteRule {
  const handler = context.getHandler();
  const rule: WechatAuthOptions = {
    ...reflector.get<WechatAuthOptions | undefined>(RULE, context.getClass()),
    ...withoutUndefined(reflector.get<WechatAuthOptions | undefined>(RULE, handler)),
  };
  return {
    apps: typeof rule.app === 'string' ? [rule.app] : rule.app,
    scope: rule.scope,
    mode: rule.mode ?? 'required',
    snapshot: rule.snapshot ?? 'refuse',
    isLoginRoute: reflector.get<boolean | undefined>(LOGIN_ROUTE, handler) === true,
    ...(reflector.get<boolean | undefined>(CALLBACK_ROUTE, handler) ? { isCallbackRoute: true } : {}),
  };
}

function withoutUndefined(rule: WechatAuthOptions | undefined): WechatAuthOptions {
  return Object.fromEntries(Object.entries(rule ?? {}).filter(([, value]) => value !== undefined));
}
