// What the calls in the name of an app begin with: whose token it is, and the JSON that was sent.
import type { MockRequest } from '../http/mock-http.js';
import type { MockApp } from '../mock-apps.js';
import type { MockAppType } from '../mock-server.types.js';
import type { MockWorld } from '../mock-world.js';
import { requireParam } from './sns-endpoints.js';
import { WechatFailure } from './wechat-failure.js';

/**
 * The app whose access_token it is.
 * @throws WechatFailure 41001 no token; 40001, 42001 a bad one; 48001 another type of app
 */
export function callingApp(request: MockRequest, world: MockWorld, type: MockAppType): MockApp {
  const app = world.apps.find(world.appTokens.appOf(requireParam(request, 'access_token', 41001)))!;
  if (app.type !== type) throw new WechatFailure(48001);
  return app;
}

/** @throws WechatFailure 44002 nothing; 47001 no JSON object */
export function jsonBody(request: MockRequest): Record<string, unknown> {
  if (request.body === '') throw new WechatFailure(44002);
  let body: unknown;
  try {
    body = JSON.parse(request.body);
  } catch {
    throw new WechatFailure(47001);
  }
  if (typeof body !== 'object' || body === null) throw new WechatFailure(47001);
  return body as Record<string, unknown>;
}
