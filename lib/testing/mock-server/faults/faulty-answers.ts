// What a fault makes of an answer. Faults that leave no answer (reset, hang) are the socket's
// business, in mock-server.ts.
import { STATUS_CODES } from 'node:http';
import { errorAnswer } from '../endpoints/api-answers.js';
import type { MockAnswer } from '../http/mock-http.js';
import type { MockFault } from '../mock-server.types.js';
import type { MockWorld } from '../mock-world.js';
import { errorPageFor } from '../pages/error-page.js';
import { WechatFailure } from '../endpoints/wechat-failure.js';

/**
 * @param real what the endpoint answered, where it was asked to work
 * @param isPage whether people see this path, so that an errcode is a page
 */
export function faultyAnswer(
  world: MockWorld,
  fault: MockFault,
  real: MockAnswer | undefined,
  isPage: boolean,
): MockAnswer {
  const answer = changed(world, fault, real, isPage);
  const type: Record<string, string> =
    fault.contentType === undefined ? {} : { 'Content-Type': fault.contentType };
  return { ...answer, status: fault.status ?? answer.status, headers: { ...answer.headers, ...type } };
}

function changed(
  world: MockWorld,
  fault: MockFault,
  real: MockAnswer | undefined,
  isPage: boolean,
): MockAnswer {
  if (fault.errcode !== undefined) {
    if (isPage) return errorPageFor(fault.errcode, fault.errmsg);
    return errorAnswer(world, new WechatFailure(fault.errcode, fault.errmsg));
  }
  if (fault.body !== undefined) return plain(world.unsure.contentType, fault.body);
  // The type WeChat's empty answer to bad credentials was once seen with.
  if (fault.empty) return plain('text/html; charset=gbk', '');
  if (fault.brokenJson) {
    const whole = real ? String(real.body) : '{"access_token":"61_cut';
    return plain(world.unsure.contentType, real ? whole.slice(0, whole.length / 2) : whole);
  }
  if (fault.redirectTo !== undefined) {
    return { status: 302, headers: { Location: new URL(fault.redirectTo, world.origin).href }, body: '' };
  }
  if (fault.answer) {
    return real!.json ? { ...real!, body: JSON.stringify({ ...real!.json, ...fault.answer }) } : real!;
  }
  if (fault.status !== undefined) {
    const title = `${fault.status} ${STATUS_CODES[fault.status] ?? ''}`;
    return plain(
      'text/html',
      `<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`,
    );
  }
  return real!;
}

function plain(contentType: string, body: string | Buffer): MockAnswer {
  return { status: 200, headers: { 'Content-Type': contentType }, body };
}
