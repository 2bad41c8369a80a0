// WeChat's calls about a person of a mini program, with the app's own token: the phone number, and
// whether a session key is still the current one.
import { optionName } from '../config/option-name.js';
import { requireCode, requireOpenid } from '../api/sns-api.js';
import { SingleFlight } from '../common/single-flight.js';
import type { AppConfig } from '../config/wechat-config.js';
import {
  WechatApiError,
  WechatConfigError,
  WechatInputError,
  WechatResponseError,
} from '../errors/errors.js';
import { WechatSecret } from '../sealing/secret.js';
import type { AppCalls } from '../tokens/app-calls.js';
import type { SessionKeys, WechatMiniProgramSession } from './session-keys.js';
import { signUserState } from './signature.js';

/** A person's phone number, as the phone button gives it. */
export interface WechatPhoneNumber {
  /** With the code of the country where it is not China. */
  phoneNumber: string;
  /** Without the code of the country. */
  purePhoneNumber: string;
  /** E.g. `86`. */
  countryCode: string;
}

const PHONE = '/wxa/business/getuserphonenumber';
const INVALID_SIGNATURE = 87009;
/** The code is unknown, used or too old. */
const DEAD_CODE = new Set([40029, 40163, 42003]);

/**
 * How codes of `wx.login` have looked so far; those of the phone button were twice as long. No page
 * says so, and it only chooses the words of a hint.
 */
const LOGIN_CODE = /^[0-9A-Za-z]{32}$/;

const TAP_AGAIN = {
  zh: '手机号 code 无效：可能已被使用、超过五分钟，或来自另一个小程序。请让用户再点一次手机号按钮，取得新的 code。',
  en: 'The phone code is invalid: used, older than five minutes, or of another mini program. Let the person tap the phone button again for a new one.',
};
const WRONG_DOOR = {
  zh: '这看起来是 wx.login 的 code，而不是手机号按钮的 code：请传入 getPhoneNumber 回调事件 detail 里的 code。',
  en: 'It looks like a code of wx.login, not of the phone button: pass the code in the detail of the getPhoneNumber event.',
};

/** The calls about a person of a mini program. */
export class MiniProgramCalls {
  private readonly resets = new SingleFlight<WechatMiniProgramSession>();

  constructor(
    private readonly calls: AppCalls,
    private readonly sessionKeys: SessionKeys,
  ) {}

  /** @throws WechatError */
  async phoneNumber(app: AppConfig, code: string, openid: string | undefined): Promise<WechatPhoneNumber> {
    requireMiniProgram(app);
    requireCode(code);
    if (openid !== undefined) requireOpenid(openid);
    const body = openid === undefined ? { code } : { code, openid };
    let answer: Readonly<Record<string, unknown>>;
    try {
      answer = asRecord(PHONE, await this.calls.call(app, PHONE, { method: 'POST', body }));
    } catch (error) {
      if (!(error instanceof WechatApiError) || !DEAD_CODE.has(error.errcode)) throw error;
      const { errcode, errmsg, rid, endpoint, attempts } = error;
      const isLogin = LOGIN_CODE.test(code) || this.sessionKeys.hasSent(app, code);
      const hint = isLogin ? WRONG_DOOR : TAP_AGAIN;
      throw new WechatApiError({
        errcode,
        errmsg,
        rid,
        endpoint,
        attempts,
        repeatable: false,
        of: 'app',
        hint,
      });
    }
    return readPhone(app, answer['phone_info']);
  }

  /** @throws WechatError */
  async checkSessionKey(app: AppConfig, openid: string): Promise<boolean> {
    requireMiniProgram(app);
    const [current] = await this.sessionKeys.of(app, openid);
    try {
      await this.signed(app, '/wxa/checksession', openid, current!);
      return true;
    } catch (error) {
      if (error instanceof WechatApiError && error.errcode === INVALID_SIGNATURE) return false;
      throw error;
    }
  }

  /**
   * The one who signs with the old key gets the new one, so two at once would be one too many.
   * @throws WechatError
   */
  async resetSessionKey(app: AppConfig, openid: string): Promise<WechatMiniProgramSession> {
    requireMiniProgram(app);
    requireOpenid(openid);
    return this.resets.run(`${app.appId} ${openid}`, async () => {
      const endpoint = '/wxa/resetusersessionkey';
      const [current] = await this.sessionKeys.of(app, openid);
      const answer = await this.signed(app, endpoint, openid, current!);
      const sessionKey = answer['session_key'];
      if (answer['openid'] !== openid) throw wrongShape(endpoint, 'the key belongs to another openid');
      if (typeof sessionKey !== 'string' || sessionKey === '')
        throw wrongShape(endpoint, 'session_key is missing');
      await this.sessionKeys.keep(app, openid, sessionKey);
      return { openid, sessionKey: new WechatSecret(sessionKey) };
    });
  }

  private async signed(
    app: AppConfig,
    endpoint: string,
    openid: string,
    key: WechatSecret,
  ): Promise<Readonly<Record<string, unknown>>> {
    const query = { openid, signature: signUserState(key, ''), sig_method: 'hmac_sha256' };
    const answer = asRecord(endpoint, await this.calls.call(app, endpoint, { query }));
    // Without its errcode 0 it is some proxy's `{}`, which says nothing about the key.
    if (answer['errcode'] === undefined && answer['session_key'] === undefined)
      throw wrongShape(endpoint, 'errcode is missing');
    return answer;
  }
}

function readPhone(app: AppConfig, info: unknown): WechatPhoneNumber {
  const { phoneNumber, purePhoneNumber, countryCode, watermark } = asRecord(PHONE, info);
  // Somebody's number at another app is nobody's number here.
  if (asRecord(PHONE, watermark)['appid'] !== app.appId)
    throw wrongShape(PHONE, 'the number belongs to another app');
  return {
    phoneNumber: digits('phoneNumber', phoneNumber),
    purePhoneNumber: digits('purePhoneNumber', purePhoneNumber),
    // Text by its table and a number in its sample.
    countryCode: digits('countryCode', typeof countryCode === 'number' ? String(countryCode) : countryCode),
  };
}

function digits(field: string, value: unknown): string {
  if (typeof value === 'string' && /^\+?[\d -]{1,40}$/.test(value)) return value;
  throw wrongShape(PHONE, `${field} is no number`);
}

function asRecord(endpoint: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Buffer.isBuffer(value))
    return value as Readonly<Record<string, unknown>>;
  throw wrongShape(endpoint, 'a part of it is missing');
}

function wrongShape(endpoint: string, problem: string): WechatResponseError {
  return new WechatResponseError(endpoint, 200, problem);
}

/** @throws WechatConfigError */
function requireMiniProgram(app: AppConfig): void {
  if (app.type === 'mini-program') return;
  throw new WechatConfigError(
    optionName(app, 'type'),
    `is "${app.type}", and only mini programs have phone buttons and session keys`,
    'Use app(name) with the name of a mini program.',
  );
}

/** What `getPhoneNumber` takes, in both forms. @throws WechatInputError */
export function readPhoneCode(given: unknown): { code: string; openid: string | undefined } {
  if (typeof given === 'string') return { code: given, openid: undefined };
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) {
    const { code, openid } = given as { code: string; openid?: string };
    return { code, openid };
  }
  throw new WechatInputError('code', 'code', 'is not a string', 'Pass the code, or { code, openid }.');
}
