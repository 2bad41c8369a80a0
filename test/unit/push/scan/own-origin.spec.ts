// Whether a form was sent by a page of ours.
import { HttpRequest } from '../../../../lib/auth/http/http-request.js';
import { WechatSecret } from '../../../../lib/index.js';
import { formToken, isFormToken, isOwnForm } from '../../../../lib/push/scan/own-origin.js';
import { Sealer } from '../../../../lib/sealing/sealer.js';

const publicUrl = new URL('https://shop.example.com:8443/base');
const OWN = 'https://shop.example.com:8443';
const own = (headers: Record<string, string>, token = false) =>
  isOwnForm(new HttpRequest({ method: 'POST', headers }), publicUrl, () => token);

it.each<[Record<string, string>, boolean]>([
  [{ origin: OWN }, true],
  [{ origin: OWN, 'sec-fetch-site': 'cross-site' }, true],
  [{ 'sec-fetch-site': 'same-origin' }, true],
  [{ origin: 'https://shop.example.com' }, false],
  [{ origin: 'http://shop.example.com:8443' }, false],
  [{ origin: `${OWN}/` }, false],
  [{ origin: `${OWN}/base` }, false],
  [{ origin: 'https://SHOP.example.com:8443' }, false],
  [{ origin: `${OWN}, https://evil.example` }, false],
  [{ origin: 'null' }, false],
  [{ origin: '' }, false],
  [{ origin: 'null', 'sec-fetch-site': 'same-origin' }, false],
  [{ origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' }, false],
  [{ 'sec-fetch-site': 'same-site' }, false],
  [{ 'sec-fetch-site': 'none' }, false],
  [{ 'sec-fetch-site': 'cross-site' }, false],
  [{ 'sec-fetch-site': '' }, false],
])('%j, whatever token is in the form: %s', (headers, expected) => {
  expect([own(headers), own(headers, true)]).toEqual([expected, expected]);
});

it('a browser that says nothing needs the token', () => {
  expect([own({}), own({}, true)]).toEqual([false, true]);
});

describe('the token', () => {
  const secret = (text: string) => new WechatSecret(text.padEnd(40, '.'));
  const sealer = new Sealer([secret('one')]);
  const token = formToken(sealer, 'state-1');

  it('is bound to one cookie and one secret', () => {
    expect(isFormToken(sealer, 'state-1', token)).toBe(true);
    expect(isFormToken(sealer, 'state-2', token)).toBe(false);
    expect(isFormToken(new Sealer([secret('two')]), 'state-1', token)).toBe(false);
    expect(isFormToken(new Sealer([secret('two'), secret('one')]), 'state-1', token)).toBe(true);
  });

  it.each([undefined, '', token.slice(1), `${token}A`, `${token}\n`, [token], token.toUpperCase()])(
    '%j is none',
    (given) => expect(isFormToken(sealer, 'state-1', given)).toBe(false),
  );
});
