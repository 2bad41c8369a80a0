// What makes a request a push: one changed byte of what is signed, and it is none.
import fc from 'fast-check';
import {
  openEnvelope,
  type PushApp,
  pushAppOf,
  type PushStamp,
  readStamp,
} from '../../../../lib/push/wire/push-envelope.js';
import { makeParts } from '../../../support/parts.js';
import { FORMER_KEY, forge, PUSH, PUSH_APP_ID, PUSH_KEY, textXml } from '../../../support/push-kit.js';

const NOW = 1_714_112_445_000;
const timestamp = String(NOW / 1000);
const appWith = (push: object): PushApp =>
  pushAppOf(
    makeParts({ appId: PUSH_APP_ID, secret: 'app-secret-canary-0123456789', push: { ...PUSH, ...push } }).app,
  )!;
const app = appWith({});
const good = forge({ message: textXml(), timestamp });
const stampOf = (query: Record<string, string>) =>
  readStamp(new URLSearchParams(query), 'msg_signature', NOW);
const open = (query: Record<string, string>, body: unknown, to = app) => {
  const stamp = stampOf(query);
  return stamp === undefined ? 'no stamp' : openEnvelope(to, stamp, body);
};

it('opens what WeChat sends, from text and from what parsers make of it', () => {
  const content = { FromUserName: 'openid-1', Content: 'hi' };
  expect(open(good.query, good.body)).toMatchObject({ format: 'xml', fields: content });
  const { encrypted } = good;
  for (const body of [`{"ToUserName":"gh_1","Encrypt":"${encrypted}"}`, { Encrypt: encrypted, Other: [1] }])
    expect(open(good.query, body)).toMatchObject({ format: 'json', fields: content });
});

it('tries the current key first, and says which one it was', () => {
  const both = appWith({ encodingAesKey: [PUSH_KEY, FORMER_KEY] });
  const former = forge({ message: textXml(), timestamp, key: FORMER_KEY });
  expect(open(former.query, former.body)).toBe('no key opens it for this app');
  expect(open(former.query, former.body, both)).toMatchObject({ key: both.keys[1] });
  expect(open(good.query, good.body, both)).toMatchObject({ key: both.keys[0] });
});

it.each([
  undefined,
  null,
  0,
  true,
  '',
  [],
  ['Encrypt'],
  {},
  { Encrypt: {} },
  { Encrypt: ['a'] },
  { Encrypt: 1 },
])('finds nothing in %j', (body) => {
  expect(open(good.query, body)).toBe('no single Encrypt in its body');
});

it('finds nothing in what an object has inherited', () => {
  expect(open(good.query, Object.create({ Encrypt: good.encrypted }))).toBe('no single Encrypt in its body');
});

it('is refused with any one character changed, in the address or in Encrypt', () => {
  const places = ['timestamp', 'nonce', 'msg_signature', 'Encrypt'] as const;
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.nat(), fc.constantFrom(...'0129azAZ+/='), (place, at, one) => {
      const text = place === 'Encrypt' ? good.encrypted : good.query[place]!;
      const index = at % text.length;
      const changed = text.slice(0, index) + one + text.slice(index + 1);
      fc.pre(changed !== text);
      const query = place === 'Encrypt' ? good.query : { ...good.query, [place]: changed };
      const body = place === 'Encrypt' ? `<xml><Encrypt>${changed}</Encrypt></xml>` : good.body;
      expect(typeof open(query, body)).toBe('string');
    }),
  );
});

it('is refused with bytes moved from one signed value to the next', () => {
  const { query, encrypted } = good;
  const all = `${query['timestamp']}${query['nonce']}${encrypted}`;
  fc.assert(
    fc.property(fc.nat(all.length), fc.nat(all.length), (one, other) => {
      const [first, second] = [Math.min(one, other), Math.max(one, other)];
      fc.pre(first !== 10 || second !== 10 + query['nonce']!.length);
      const moved = { ...query, timestamp: all.slice(0, first), nonce: all.slice(first, second) };
      expect(typeof open(moved, `<xml><Encrypt>${all.slice(second)}</Encrypt></xml>`)).toBe('string');
    }),
  );
});

it('throws at nothing', () => {
  const stamp: PushStamp = { timestamp, nonce: '1', signature: 'f'.repeat(40) };
  fc.assert(
    fc.property(fc.anything(), (body) => expect(typeof openEnvelope(app, stamp, body)).toBe('string')),
  );
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.string({ unit: fc.constantFrom('<', '>', '/', 'a', '{', '"') }),
  );
  fc.assert(fc.property(text, (body) => expect(typeof openEnvelope(app, stamp, body)).toBe('string')));
});
