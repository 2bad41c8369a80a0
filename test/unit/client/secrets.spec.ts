// Canaries: whatever fails, and however it is printed afterwards, neither secret nor code nor token
// nor session key is to be seen.
import { WechatSecret } from '../../../lib/sealing/secret.js';
import { expectFreeOf } from '../../support/canary.js';
import { FlakyStore } from '../../support/flaky-store.js';
import { Fault, Raw, Wire, type WireRequest } from '../../support/wire.js';
import {
  OPENID,
  SECRETS,
  ALL,
  EXCHANGE,
  SESSION,
  ENDPOINTS,
  logs,
  partsAt,
  CALLS,
  expectSilence,
} from './canary-kit.js';

describe('An error that comes from an answer', () => {
  let wire: Wire;
  beforeEach(() => (wire = new Wire()));
  afterEach(() => wire.close());

  /** Everything that was sent, given back in a text, in several spellings. */
  const echo = ({ raw, query }: WireRequest) =>
    `invalid ${Object.values(query).join(' ')} in ${raw}, ${JSON.stringify(query).replaceAll('"', "'")}, rid: 61-72`;
  const wrongShape = {
    openid: 'not an id',
    access_token: SECRETS.accessToken,
    refresh_token: SECRETS.refreshToken,
    session_key: SECRETS.sessionKey,
    code: SECRETS.code,
    expires_in: 7200,
    secret: SECRETS.appSecret,
    errcode: undefined as unknown,
  };

  const answers: [name: string, answer: unknown][] = [
    ['40029', { errcode: 40029, errmsg: 'invalid code' }],
    ['40163 that quotes the request', (request: WireRequest) => ({ errcode: 40163, errmsg: echo(request) })],
    ['40125 that quotes the request', (request: WireRequest) => ({ errcode: 40125, errmsg: echo(request) })],
    ['40001 that quotes the request', (request: WireRequest) => ({ errcode: 40001, errmsg: echo(request) })],
    ['42002 that quotes the request', (request: WireRequest) => ({ errcode: 42002, errmsg: echo(request) })],
    ['-1 that quotes the request', (request: WireRequest) => ({ errcode: -1, errmsg: echo(request) })],
    ['45011 with a body full of secrets', { ...wrongShape, errcode: 45011, errmsg: 'limit' }],
    ['an object of another shape', wrongShape],
    ['an errcode that is no number', { ...wrongShape, errcode: SECRETS.code }],
    ['HTML that quotes the URL', ({ raw }: WireRequest) => `<html>cannot GET ${raw}</html>`],
    ['JSON that does not end', ({ raw }: WireRequest) => `{"url":"${raw}"`],
    ['JSON in JSON', ({ raw }: WireRequest) => JSON.stringify(raw)],
    ['a list', ({ raw }: WireRequest) => [raw]],
    ['nothing', ''],
    ['a 500', new Raw(500, '{}')],
    ['a 302', new Raw(302, '', { location: `https://evil.example/?secret=${SECRETS.appSecret}` })],
    ['too much', 'x'.repeat(70_000)],
    ['a refused connection', new Fault('ECONNREFUSED')],
    ['a reset', new Fault('ECONNRESET')],
    ['a bad certificate', new Fault('CERT_HAS_EXPIRED')],
    ['something never seen', new Fault('EWHATEVER')],
  ];

  it.each(
    answers.flatMap(([name, answer]) => CALLS.map(([method, call]) => [method, name, call, answer] as const)),
  )('of %s after %s holds none of them', async (method, name, call, answer) => {
    // WeChat says false in its own way; an errcode is an answer to this question.
    if (/verify/i.test(method) && /40001|42002/.test(name)) return;
    for (const endpoint of ENDPOINTS) wire.on(endpoint, answer);
    await expectSilence(partsAt(), call);
    expect(wire.requests.length).toBeGreaterThan(0);
  });

  it.each(['rejects', 'throws'] as const)(
    'of a store that %s, and quotes what it was to keep, is not shown',
    async (mode) => {
      const store = new FlakyStore();
      const parts = partsAt(undefined, undefined, store);
      wire.on(EXCHANGE, {
        access_token: SECRETS.accessToken,
        refresh_token: SECRETS.refreshToken,
        expires_in: 7200,
        openid: OPENID,
      });
      wire.on(SESSION, { openid: OPENID, session_key: SECRETS.sessionKey });
      store.mode = mode;
      await parts.service.getAccessToken(SECRETS.code);
      await parts.service.app('mini').getSessionKey(SECRETS.code);
      await expectSilence(parts, ({ service }) => service.getUser(OPENID));
      expect(logs.lines).toHaveLength(1);
    },
  );
});

describe('An argument', () => {
  const parts = partsAt();
  const calls: [name: string, call: () => unknown][] = [
    ['a code', () => parts.service.getAccessToken(`${SECRETS.code} `)],
    ['a code in a list', () => parts.service.getAccessToken([SECRETS.code] as never)],
    ['a code of a mini program', () => parts.service.app('mini').getSessionKey(`${SECRETS.code}\n`)],
    ['a refresh token', () => parts.service.refreshAccessToken(`${SECRETS.refreshToken}\u0000`)],
    ['an access token', () => parts.service.verifyToken(OPENID, ` ${SECRETS.accessToken}`)],
    ['a token in the place of an openid', () => parts.service.getUser(`${SECRETS.accessToken}`)],
    [
      'a token in the place of a state',
      () => parts.service.getAuthorizeURL('https://a.b/', SECRETS.accessToken),
    ],
    ['a token in a redirect address', () => parts.service.getAuthorizeURL(`https://a.b/#${SECRETS.code}`)],
    [
      'a session key that does not fit',
      () =>
        parts.service
          .app('mini')
          .decryptMiniProgramUser({ sessionKey: SECRETS.sessionKey, encryptedData: 'eA==', iv: 'eQ==' }),
    ],
    [
      'a session key in the place of an openid',
      () =>
        parts.service.app('mini').decryptMiniProgramUser({
          openid: `${SECRETS.sessionKey}=`,
          encryptedData: 'eA==',
          iv: 'eQ==',
        }),
    ],
    ['a code in getUserByCode', () => parts.service.app('mini').getUserByCode(SECRETS.code)],
  ];

  it.each(calls)('that is refused (%s) is not repeated', async (_name, call) => {
    await expectSilence(parts, async () => call());
  });
});

it('The canaries would be seen', () => {
  // Against a test that proves nothing: each way of looking finds what is there.
  for (const secret of ALL) {
    for (const leak of [
      new Error(secret),
      new Error('x', { cause: new Error(secret) }),
      Object.assign(new Error('x'), { config: { url: `https://a.b/?c=${encodeURIComponent(secret)}` } }),
      Object.defineProperty(new Error('x'), 'hidden', { value: { deep: [secret] } }),
      { list: new Map([['a', { b: { c: secret } }]]) },
    ]) {
      expect(() => expectFreeOf(leak, [secret])).toThrow('toEqual');
    }
    expectFreeOf(new WechatSecret(secret), [secret]);
  }
});
