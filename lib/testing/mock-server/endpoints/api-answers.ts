// Answers of api.weixin.qq.com: JSON, whatever the Content-Type says, and HTTP 200 even for errors.
import { randomBytes } from 'node:crypto';
import type { MockAnswer } from '../http/mock-http.js';
import type { MockWorld } from '../mock-world.js';
import type { WechatFailure } from './wechat-failure.js';

/** A good answer. Fields that are undefined are left out. */
export function goodAnswer(world: MockWorld, fields: Record<string, unknown>): MockAnswer {
  const { errcodeZeroOnSuccess, errcodeAsString } = world.unsure;
  const json = { ...fields };
  // Some calls always say 0.
  if (errcodeZeroOnSuccess || 'errcode' in fields) {
    Object.assign(json, { errcode: errcodeAsString ? '0' : 0, errmsg: 'ok' });
  }
  return { status: 200, headers: jsonHeaders(world), body: JSON.stringify(json), json };
}

/** A refusal as WeChat writes it. */
export function errorAnswer(world: MockWorld, failure: WechatFailure, status = 200): MockAnswer {
  const { errcode } = failure;
  const json = {
    errcode: world.unsure.errcodeAsString ? String(errcode) : errcode,
    errmsg: failure.message + suffix(world),
  };
  return { status, headers: jsonHeaders(world), body: JSON.stringify(json), errcode };
}

function jsonHeaders(world: MockWorld): Record<string, string> {
  return { 'Content-Type': world.unsure.contentType };
}

/**
 * The part of an errmsg nobody should match on. A rid is the time in hex and two random numbers.
 */
function suffix(world: MockWorld): string {
  const random = (): string => randomBytes(4).toString('hex');
  switch (world.unsure.errmsgSuffix) {
    case 'rid':
      return `, rid: ${Math.floor(world.clock.now() / 1000).toString(16)}-${random()}-${random()}`;
    case 'hints':
      return `, hints: [ req_id: ${random()} ]`;
    case 'hint':
      return ` hint: [${random()}]`;
    default:
      return '';
  }
}
