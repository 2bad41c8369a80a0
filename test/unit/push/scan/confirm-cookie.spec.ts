// Who looks at the page that asks: one person, one link, three minutes.
import { HttpRequest } from '../../../../lib/auth/http/http-request.js';
import { WechatSecret } from '../../../../lib/index.js';
import { ConfirmCookie } from '../../../../lib/push/scan/confirm/confirm-cookie.js';
import { Sealer } from '../../../../lib/sealing/sealer.js';
import { expectFreeOf } from '../../../support/canary.js';
import { pairOf } from '../../../support/login-parts.js';
import { FakeRuntime, makeParts } from '../../../support/parts.js';

const runtime = new FakeRuntime();
const secret = (text: string) => new WechatSecret(text.padEnd(40, '.'));
const cookie = (sealer = new Sealer([secret('one')])) => new ConfirmCookie(sealer, runtime);
const [app, other] = [
  ...makeParts({
    apps: {
      shop: { type: 'official-account', appId: 'wx00000000000000aa', secret: 'a' },
      club: { type: 'official-account', appId: 'wx00000000000000bb', secret: 'b' },
    },
    publicUrl: 'https://shop.example.com',
  }).config.apps.values(),
] as [never, never];
const ticket = { app, id: 'i'.repeat(43), text: 'v1.ticket' };
const showing = (...pairs: string[]) => new HttpRequest({ headers: { cookie: pairs.join('; ') } });
const line = cookie().write(ticket, 'oMingCanary');

it('names who it is, to nobody but the browser', () => {
  expect(cookie().read(ticket, showing(pairOf(line)))).toEqual({
    openid: 'oMingCanary',
    sealed: pairOf(line).slice(pairOf(line).indexOf('=') + 1),
  });
  expect(line).toMatch(/; Max-Age=180(;|$)/);
  expect(line).toMatch(/HttpOnly/);
  expect(line).toMatch(/Secure/);
  expectFreeOf(line, ['oMingCanary', 'v1.ticket']);
});

it('somebody who is made up is nobody', () => {
  const made = pairOf(cookie().write(ticket, undefined));
  expect(cookie().read(ticket, showing(made))).toMatchObject({ openid: undefined });
});

it('ends after three minutes, though the browser kept it', () => {
  const began = runtime.time;
  runtime.time = began + 179_999;
  expect(cookie().read(ticket, showing(pairOf(line)))).toBeDefined();
  runtime.time = began + 180_000;
  expect(cookie().read(ticket, showing(pairOf(line)))).toBeUndefined();
  runtime.time = began;
});

it.each([
  ['another link', { ...ticket, text: 'v1.other' }],
  ['another app', { ...ticket, app: other }],
])('opens nothing at %s', (_name, at) => {
  expect(cookie().read(at, showing(pairOf(line)))).toBeUndefined();
});

it('opens after a change of secrets, and with no other', () => {
  const [own, foreign] = [new Sealer([secret('two'), secret('one')]), new Sealer([secret('two')])];
  expect(cookie(own).read(ticket, showing(pairOf(line)))).toBeDefined();
  expect(cookie(foreign).read(ticket, showing(pairOf(line)))).toBeUndefined();
});

it('none, a bent one, and two of one name are nobody', () => {
  const pair = pairOf(line);
  const twin = pairOf(cookie().write(ticket, 'oStranger'));
  const bent = pair.slice(0, -1) + (pair.endsWith('A') ? 'B' : 'A');
  const of = (...pairs: string[]) => cookie().read(ticket, showing(...pairs));
  expect([of(), of(bent), of(pair, twin), of(`${pair.split('=')[0]}=`)]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

it('a flow or a ticket of ours is no such cookie', () => {
  const name = pairOf(line).split('=')[0]!;
  const sealer = new Sealer([secret('one')]);
  const text = JSON.stringify({ of: '', openid: 'o', until: runtime.time + 1_000 });
  for (const sealed of [sealer.seal('flow', name, text), sealer.seal('ticket', 'scan confirm', text)])
    expect(cookie().read(ticket, showing(`${name}=${sealed}`))).toBeUndefined();
});
