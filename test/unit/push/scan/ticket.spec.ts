// Scenes, and the tickets of the page that asks: made by nobody but us, and short.
import fc from 'fast-check';
import { WechatSecret } from '../../../../lib/index.js';
import { Tickets } from '../../../../lib/push/scan/confirm/ticket.js';
import {
  longScene,
  looksLikeScene,
  newScene,
  sceneId,
  shortScene,
} from '../../../../lib/push/scan/scenes/scene.js';
import { Sealer } from '../../../../lib/sealing/sealer.js';
import { FakeRuntime, makeParts } from '../../../support/parts.js';
import { PUSH } from '../../../support/push-kit.js';

const runtime = new FakeRuntime();
const secret = (text: string) => new WechatSecret(text.padEnd(40, '.'));
const sealer = new Sealer([secret('one')]);
const { config } = makeParts({
  apps: Object.fromEntries(
    ['shop', 'club', 'plain'].map((name) => [
      name,
      {
        type: 'official-account',
        appId: `wx0000000000000${name.padStart(5, '0')}`.slice(0, 18),
        secret: 'a',
        push: PUSH,
        ...(name === 'plain' ? {} : { scan: { confirm: 'tap' as const } }),
      },
    ]),
  ),
  publicUrl: 'https://shop.example.com',
  sessionSecret: 'tickets-secret-0123456789abcdef0123456789',
});
const [shop, club, plain] = [...config.apps.values()] as [never, never, never];
const tickets = (own = sealer, apps = config.apps) => new Tickets({ apps }, own, runtime);

describe('a scene', () => {
  it('is recognized, and is at most 64 characters as WeChat allows', () => {
    const scene = newScene(runtime);
    expect([looksLikeScene(scene), scene.length]).toEqual([true, 45]);
    expect(newScene(runtime)).not.toBe(scene);
    expect(sceneId(scene)).toMatch(/^[\w-]{43}$/);
    expect(sceneId(scene)).not.toContain(scene.slice(-32));
  });

  it.each(['', 'wechat-login-', `wechat-login-${'A'.repeat(32)}`, `x${'0'.repeat(32)}`])(
    '%j is none',
    (text) => expect(looksLikeScene(text)).toBe(false),
  );
  it.each([
    `wechat-login-${'0'.repeat(33)}`,
    `wechat-login-${'0'.repeat(32)}\n`,
    `qrscene_wechat-login-${'0'.repeat(32)}`,
  ])('%j is none, being longer', (text) => expect(looksLikeScene(text)).toBe(false));

  it('comes back from its short form', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const scene = newScene({ randomBytes: () => Buffer.from(bytes) });
        expect(shortScene(scene)).toHaveLength(22);
        expect(longScene(shortScene(scene))).toBe(scene);
      }),
    );
  });
});

describe('a ticket', () => {
  const scene = newScene(runtime);

  it('opens to its app and record, and is short enough for a router', () => {
    for (const app of [shop, club] as { name: string }[]) {
      const text = tickets().make(app as never, scene);
      expect(tickets().open(text)).toEqual({ app, id: sceneId(scene), text });
      expect(text.length).toBeLessThan(100);
      expect(text).toMatch(/^[\w.-]+$/);
    }
  });

  it('ends after eight minutes, rounded up to a second: the record says what may still be done', () => {
    const text = tickets().make(shop, scene);
    const began = runtime.time;
    runtime.time = began + 479_999;
    expect(tickets().open(text)).toBeDefined();
    runtime.time = began + 480_000;
    expect(tickets().open(text)).toBeUndefined();
    runtime.time = began;
  });

  it('opens with no character changed, taken away or added', () => {
    const text = tickets().make(shop, scene);
    for (let index = 0; index < text.length; index++) {
      const other = text[index] === 'A' ? 'B' : 'A';
      expect(tickets().open(text.slice(0, index) + other + text.slice(index + 1))).toBeUndefined();
    }
    for (const bent of [text.slice(0, -1), `${text}A`, ` ${text}`, `${text}=`, '', 'v1.', text.slice(3)])
      expect(tickets().open(bent)).toBeUndefined();
  });

  it('is of the apps of these options that have scan', () => {
    expect(tickets().open(tickets().make(plain, scene))).toBeUndefined();
    const others = new Map([...config.apps].filter(([name]) => name !== 'shop'));
    expect(tickets(sealer, others).open(tickets().make(shop, scene))).toBeUndefined();
  });

  it('opens after a change of secrets, and not with another one', () => {
    const text = tickets().make(shop, scene);
    const rotated = new Sealer([secret('two'), secret('one')]);
    expect(tickets(rotated).open(text)).toBeDefined();
    expect(tickets(new Sealer([secret('two')])).open(text)).toBeUndefined();
    expect(tickets().open(tickets(rotated).make(shop, scene))).toBeUndefined();
  });

  it.each([
    ['another purpose', (body: string) => sealer.seal('flow', 'scan confirm', body)],
    ['another place', (body: string) => sealer.seal('ticket', 'wechat_confirm', body)],
    ['another form', (body: string) => sealer.seal('ticket', 'scan confirm', `${body}0`)],
  ])('what is sealed for %s is none', (_name, seal) => {
    const body = `${shortScene(scene)}.zzzzzzz.00000000`;
    expect(tickets().open(seal(body))).toBeUndefined();
  });
});
