// Sends pushes to an application as WeChat does: 5 s of patience, three times in all.
import { createHash, randomBytes, randomInt } from 'node:crypto';
import type { MockApp } from '../mock-apps.js';
import { MockServerError } from '../mock-server-error.js';
import type { MockUnsure } from '../mock-server.types.js';
import { openidOf } from '../mock-users.js';
import type {
  MockPushDelivery,
  MockPushFields,
  MockPushOptions,
  MockPushResult,
  MockPushSettings,
} from './push.types.js';
import { readXmlText, writeMessage } from './push-text.js';
import { seal, sign, unseal } from './safe-mode.js';

type Settings = Required<MockPushSettings>;

const PATIENCE_MS = 5_000;
/** The first and two more. */
const DELIVERIES = 3;

/** The side of WeChat that calls the application. */
export class PushSender {
  readonly #settings = new Map<string, Settings>();

  constructor(
    private readonly clock: { now(): number },
    private readonly unsure: MockUnsure,
  ) {}

  /** Whether the console has an address to push to. */
  has(appId: string): boolean {
    return this.#settings.has(appId);
  }

  /** @throws MockServerError as the console refuses to save */
  async set(app: MockApp, given: MockPushSettings): Promise<void> {
    const settings: Settings = { mode: 'safe', format: 'xml', ...given };
    checkSettings(app, settings);
    const { status, body, echo } = await this.#check(settings);
    if (status !== 200 || body !== echo)
      throw new MockServerError(
        'setPush()',
        `got ${status || 'no answer'} to the address check (Token 验证失败)`,
        'The application has to answer the echostr: same token, same address.',
      );
    this.#settings.set(app.appId, settings);
  }

  async #check({ url, token }: Settings): Promise<MockPushDelivery & { echo: string }> {
    const echo = String(randomInt(1e9, 1e12));
    const address = new URL(url);
    const stamp = this.#stamp();
    for (const [name, value] of Object.entries({
      signature: sign(token, ...stamp),
      ...named(stamp),
      echostr: echo,
    }))
      address.searchParams.set(name, value);
    return { ...(await send(address, undefined, 'xml', PATIENCE_MS)), echo };
  }

  /** @throws MockServerError when the app has no message push set up */
  async push(app: MockApp, userId: string, options: MockPushOptions): Promise<MockPushResult> {
    const settings = this.#settings.get(app.appId);
    if (!settings)
      throw new MockServerError('push()', `finds no message push of ${app.appId}`, 'Call setPush() first.');
    const fields = this.#complete(app, userId, options.fields);
    const copies = options.copies ?? (this.unsure.pushTwice ? 2 : 1);
    const all = Array.from({ length: copies }, () => this.#deliver(settings, fields, options));
    const done = await Promise.all(all);
    const deliveries = done.flatMap((copy) => copy.deliveries);
    const seen = done.map((copy) => copy.seen).find((delivery) => delivery !== undefined);
    return { deliveries, ...(seen?.reply && { reply: seen.reply }), outOfService: seen === undefined };
  }

  async #deliver(
    settings: Settings,
    fields: MockPushFields,
    { lostAnswers = 0, patience = PATIENCE_MS }: MockPushOptions,
  ): Promise<{ deliveries: MockPushDelivery[]; seen?: MockPushDelivery }> {
    const deliveries: MockPushDelivery[] = [];
    while (deliveries.length < DELIVERIES) {
      const delivery = await this.#send(settings, fields, patience);
      deliveries.push(delivery);
      const isLost = deliveries.length <= lostAnswers || delivery.status === 0;
      if (isLost) continue;
      if (delivery.fault === undefined) return { deliveries, seen: delivery };
      if (delivery.status === 200 || !this.unsure.pushAgainAfterError) break;
    }
    return { deliveries };
  }

  async #send(settings: Settings, fields: MockPushFields, patience: number): Promise<MockPushDelivery> {
    const { url, token, encodingAesKey, appId, mode, format } = settings;
    const address = new URL(url);
    const stamp = this.#stamp();
    const message = writeMessage(fields, format);
    const query = {
      signature: sign(token, ...stamp),
      ...named(stamp),
      openid: String(fields['FromUserName']),
    };
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
    if (mode === 'plain') return this.#read(await send(address, message, format, patience), settings, stamp);
    const encrypted = seal(encodingAesKey, message, appId);
    address.searchParams.set('encrypt_type', 'aes');
    address.searchParams.set('msg_signature', sign(token, ...stamp, encrypted));
    const outside = mode === 'compatible' ? fields : { ToUserName: fields['ToUserName']! };
    const body = writeMessage({ ...outside, Encrypt: encrypted }, format);
    return this.#read(await send(address, body, format, patience), settings, stamp);
  }

  /** What WeChat makes of an answer. */
  #read(delivery: MockPushDelivery, settings: Settings, [, nonce]: Stamp): MockPushDelivery {
    const { status, body } = delivery;
    if (status !== 200)
      return { ...delivery, fault: status === 0 ? 'no answer in time' : `status ${status}` };
    if (body === '' || body === 'success') return delivery;
    const { token, encodingAesKey, appId, format, mode } = settings;
    const read = (text: string) =>
      format === 'json' ? (JSON.parse(text) as MockPushFields) : readXmlText(text);
    try {
      const outside = read(body);
      if (mode === 'plain') return { ...delivery, reply: outside };
      const [encrypted, signature, time, said] = ['Encrypt', 'MsgSignature', 'TimeStamp', 'Nonce'].map(
        (name) => String(outside[name]),
      ) as [string, string, string, string];
      if (said !== nonce) throw new Error('its nonce is not that of the address');
      if (sign(token, time, said, encrypted) !== signature) throw new Error('its signature does not fit');
      return { ...delivery, reply: read(unseal(encodingAesKey, encrypted, appId)) };
    } catch (error) {
      return { ...delivery, fault: `the reply cannot be read: ${(error as Error).message}` };
    }
  }

  #complete(app: MockApp, userId: string, given: MockPushFields): MockPushFields {
    const isEvent = given['MsgType'] === 'event';
    const fields: MockPushFields = {
      ToUserName: `gh_${createHash('sha256').update(app.appId).digest('hex').slice(0, 12)}`,
      FromUserName: openidOf(app, userId),
      CreateTime: Math.floor(this.clock.now() / 1000),
      ...given,
      ...(isEvent || 'MsgId' in given ? {} : { MsgId: `2${String(randomInt(1e12)).padStart(17, '0')}` }),
    };
    const isScan = isEvent && given['Event'] === 'SCAN';
    return isScan && this.unsure.scanInSmallLetters ? { ...fields, Event: 'scan' } : fields;
  }

  #stamp(): Stamp {
    return [String(Math.floor(this.clock.now() / 1000)), String(randomBytes(4).readUInt32BE())];
  }
}

type Stamp = [timestamp: string, nonce: string];
const named = ([timestamp, nonce]: Stamp) => ({ timestamp, nonce });

/** One request. Nothing is followed, nothing is thrown. */
async function send(
  url: URL,
  body: string | undefined,
  format: 'xml' | 'json',
  patience: number,
): Promise<MockPushDelivery> {
  try {
    const answer = await fetch(url, {
      ...(body === undefined
        ? {}
        : {
            method: 'POST',
            body,
            headers: { 'Content-Type': format === 'xml' ? 'text/xml' : 'application/json' },
          }),
      redirect: 'manual',
      signal: AbortSignal.timeout(patience),
    });
    return { status: answer.status, body: await answer.text() };
  } catch {
    return { status: 0, body: '' };
  }
}

function checkSettings(app: MockApp, { url, token, encodingAesKey, mode, format }: Settings): void {
  const refuse = (option: string, problem: string, fix: string) => {
    throw new MockServerError(`setPush().${option}`, problem, fix);
  };
  if (app.type !== 'official-account' && app.type !== 'mini-program')
    refuse('appId', `is of a ${app.type}`, 'Only official accounts and mini programs have a message push.');
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    refuse('url', 'is not an address', 'Use http:// or https://.');
  if (!/^[0-9A-Za-z]{3,32}$/.test(token))
    refuse('token', 'is not a token', 'Use 3 to 32 letters and digits.');
  if (!/^[0-9A-Za-z]{43}$/.test(encodingAesKey))
    refuse('encodingAesKey', 'is not a key', 'Use 43 letters and digits.');
  if (!['safe', 'compatible', 'plain'].includes(mode))
    refuse('mode', 'is unknown', 'Use safe, compatible or plain.');
  if (!['xml', 'json'].includes(format)) refuse('format', 'is unknown', 'Use xml or json.');
}
