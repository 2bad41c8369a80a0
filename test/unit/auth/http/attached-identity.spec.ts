// Who the guard let in, kept beside the request: found by whichever object stands for it.
import { attachIdentity, getWechatIdentity } from '../../../../lib/auth/http/attached-identity.js';
import { makeLogin } from '../../../support/login-parts.js';

const MING = makeLogin().identity();

it.each([
  ['the wrapper', 'the wrapper'],
  ['the wrapper', 'Node’s request'],
  ['Node’s request', 'the wrapper'],
  ['Node’s request', 'Node’s request'],
])('kept with %s of Fastify, it is found with %s', (keptWith, foundWith) => {
  const raw = { headers: {} };
  const request = { raw, headers: raw.headers };
  const pick = (which: string) => (which === 'the wrapper' ? request : raw);
  attachIdentity(pick(keptWith), MING);
  expect(getWechatIdentity(pick(foundWith))).toBe(MING);
  attachIdentity(pick(foundWith), undefined);
  expect([getWechatIdentity(request), getWechatIdentity(raw)]).toEqual([undefined, undefined]);
});

it.each([
  ['a string', 'raw bytes'],
  ['null', null],
  ['an object that is no request', {}],
])('a context whose `raw` is %s stands for itself', (_what, raw) => {
  const context = { raw };
  attachIdentity(context, MING);
  expect([getWechatIdentity(context), getWechatIdentity({ raw })]).toEqual([MING, undefined]);
});

it('nothing on the request itself looks like it', () => {
  const request = { headers: {}, identity: MING, user: MING, wechat: MING };
  expect(getWechatIdentity(request)).toBeUndefined();
  attachIdentity(request, MING);
  expect(Object.keys(request)).toEqual(['headers', 'identity', 'user', 'wechat']);
});

it.each([undefined, null, 'request', 7])('%p is no request', (value) => {
  expect(getWechatIdentity(value)).toBeUndefined();
});
