// What a phone does with a code: its owner follows the account or not, the account is told, and
// what it says stands in the chat.
import type { MockApp } from '../mock-apps.js';
import { MockServerError } from '../mock-server-error.js';
import type { MockUser } from '../mock-server.types.js';
import type { MockWorld } from '../mock-world.js';
import type { MockPushFields, MockPushOptions, MockPushResult } from '../push/push.types.js';
import type { QrCode } from './qr-codes.js';
import type { MockScanOptions } from './scan.types.js';

type HowToScan = Pick<MockScanOptions, 'follows' | 'copies' | 'lostAnswers' | 'patience'>;

/** @throws MockServerError for an unknown or dead code or user, and before `setPush()` */
export async function scan(world: MockWorld, options: MockScanOptions): Promise<MockPushResult> {
  const code = codeOf(world, options);
  return scanCode(world, code, world.users.get(options.user, 'scan()'), options);
}

/** @throws MockServerError before `setPush()`; nobody follows then */
export async function scanCode(
  world: MockWorld,
  { appId, scene, ticket }: QrCode,
  user: MockUser,
  { follows = true, copies, lostAnswers, patience }: HowToScan = {},
): Promise<MockPushResult> {
  if (!user.follower && !follows) return { deliveries: [], outOfService: false };
  if (!world.pushes.has(appId)) {
    throw new MockServerError('scan()', `finds no message push of ${appId}`, 'Call setPush() first.');
  }
  const fields: MockPushFields = {
    MsgType: 'event',
    Event: user.follower ? 'SCAN' : 'subscribe',
    EventKey: user.follower ? scene : `qrscene_${scene}`,
    Ticket: ticket,
  };
  if (!user.follower) {
    world.users.set(user.id, { follower: true });
    world.follows.note(appId, user.id, scene);
  }
  const how = { copies, lostAnswers, patience };
  const push = { appId, user: user.id, fields, ...how };
  return pushIntoChat(world, world.apps.get(appId, 'scan()'), push);
}

/** Pushes, and keeps what is to be seen of it. */
export async function pushIntoChat(
  world: MockWorld,
  app: MockApp,
  options: MockPushOptions,
): Promise<MockPushResult> {
  const result = await world.pushes.push(app, options.user, options);
  // Who left reads no more.
  if (options.fields['Event'] !== 'unsubscribe') world.chats.note(app.appId, options.user, result);
  return result;
}

function codeOf({ apps, qrCodes }: MockWorld, options: MockScanOptions): QrCode {
  const { ticket, url, scene } = options;
  const appId = options.appId === undefined ? undefined : apps.get(options.appId, 'scan()').appId;
  if ([ticket, url, scene].filter((name) => name !== undefined).length !== 1) {
    throw new MockServerError('scan()', 'got no code, or several', 'Give one of ticket, url and scene.');
  }
  const fits = (code: QrCode) =>
    code.ticket === ticket || code.url === url || (scene !== undefined && code.scene === String(scene));
  const codes = qrCodes.living().filter((code) => fits(code) && code.appId === (appId ?? code.appId));
  const code = codes[0];
  if (!code) {
    throw new MockServerError(
      'scan()',
      `knows no living code of ${JSON.stringify(ticket ?? url ?? scene)}${appId ? ` of ${appId}` : ''}`,
      'Give what qrcode/create answered, before its expire_seconds are over.',
    );
  }
  const other = codes.find((candidate) => candidate.appId !== code.appId);
  if (other) {
    const both = `${code.appId} and ${other.appId}`;
    throw new MockServerError('scan()', `finds the scene at ${both}`, 'Give appId too.');
  }
  return code;
}
