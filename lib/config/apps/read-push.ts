// Reads what the console says of an app's message push.
import { WechatSecret } from '../../sealing/secret.js';
import type { WechatAppType, WechatPushOptions } from '../../wechat-oauth.options.js';
import type { Complaints } from '../complaints.js';
import { check, isRecord, type OptionNames, refuseUnknown } from '../read-value.js';
import type { PushConfig } from '../wechat-config.js';

const KNOWN_PUSH_OPTIONS = { token: 1, encodingAesKey: 1 } satisfies OptionNames<WechatPushOptions>;

/** Website apps and native apps have no message push. */
const WITH_PUSH: readonly WechatAppType[] = ['official-account', 'mini-program'];

/**
 * Undefined where there is none. No value gets into a complaint: both are secrets.
 * @throws WechatConfigError
 */
export function readPush(
  option: string,
  value: unknown,
  type: WechatAppType,
  complaints: Complaints,
): PushConfig | undefined {
  if (value === undefined) return undefined;
  check(isRecord(value), option, 'is not an object', 'Write { token, encodingAesKey }.');
  const fix = `Leave it out here; apps of type ${WITH_PUSH.join(' and ')} have one.`;
  check(WITH_PUSH.includes(type), option, 'does not fit the type of the app', fix);
  refuseUnknown(value, KNOWN_PUSH_OPTIONS, option, complaints);
  return {
    token: complaints.attempt(() => readToken(`${option}.token`, value['token']), NONE),
    keys: complaints.attempt(() => readKeys(`${option}.encodingAesKey`, value['encodingAesKey']), []),
  };
}

const NONE = new WechatSecret('');

function readToken(option: string, value: unknown): WechatSecret {
  const problem = value === undefined ? 'is missing' : 'is not 3 to 32 letters and digits';
  const isOne = typeof value === 'string' && /^[0-9A-Za-z]{3,32}$/.test(value);
  check(isOne, option, problem, "Copy the Token (令牌) from the message push in WeChat's console.");
  return new WechatSecret(value);
}

function readKeys(option: string, value: unknown): WechatSecret[] {
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  const problem = value === undefined ? 'is missing' : 'is not one key or two';
  const fix = 'Write the EncodingAESKey, or [current, former] while it is being changed.';
  check(value !== undefined && (list.length === 1 || list.length === 2), option, problem, fix);
  const keys = list.map((key) => {
    const isOne = typeof key === 'string' && /^[A-Za-z0-9]{43}$/.test(key);
    const copy = "Copy the EncodingAESKey (消息加解密密钥) from the message push in WeChat's console.";
    check(isOne, option, 'is not 43 letters and digits', copy);
    return key;
  });
  // Two spellings may be one key: the last character holds two bits that nobody reads.
  const [first, second] = keys.map((key) => Buffer.from(key, 'base64').toString('hex'));
  check(first !== second, option, 'is the same key twice', 'Write it once.');
  return keys.map((key) => new WechatSecret(key));
}
