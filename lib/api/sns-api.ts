// WeChat's `sns` endpoints, one method each: parameters in, typed and checked fields out. Knows
// nothing of stores, sessions or guards.
import { defined } from '../common/defined.js';
import type { AppConfig } from '../config/wechat-config.js';
import type { WechatLang } from '../wechat-oauth.options.js';
import type { WechatAnswer } from './answer.js';
import { AppSecrets } from './app-secrets.js';
import { WechatApiError, WechatInputError, WechatResponseError } from '../errors/errors.js';
import type { WechatTransport } from './transport.js';

/** What `sns/oauth2/access_token` and `sns/oauth2/refresh_token` answer. */
export interface TokenAnswer {
  accessToken: string;
  /** Seconds. */
  expiresIn: number;
  refreshToken: string | undefined;
  openid: string;
  unionid: string | undefined;
  /**
   * Undefined where WeChat does not say: newer pages of its documentation no longer list the field.
   */
  scope: string[] | undefined;
  isSnapshotUser: boolean;
}

/** What `jscode2session` answers, checked. */
export interface SessionKeyAnswer {
  openid: string;
  unionid: string | undefined;
  sessionKey: string;
}

/** What `sns/userinfo` answers. */
export interface WechatUserProfile {
  /** The person, as this app knows them. */
  openid: string;
  /** The person at all apps of one open-platform account, where the app is bound to one. */
  unionid?: string;
  /** Usually 微信用户 since 2022, unless the person chose to show theirs. */
  nickname: string;
  /** Empty when the person has no picture; dies when the person changes it, so copy the image. */
  avatarUrl: string;
  /** 1 male, 2 female, 0 unknown; since 2021-10-20 WeChat no longer tells. */
  sex: number;
  /** Empty since 2021-10-20. */
  province: string;
  /** Empty since 2021-10-20. */
  city: string;
  /** Empty since 2021-10-20. */
  country: string;
  /** Special rights of the account, e.g. `chinaunicom`. */
  privilege: string[];
}

/** WeChat's `sns` endpoints, one method each. */
export class SnsApi {
  private readonly secrets = new AppSecrets();

  constructor(private readonly transport: WechatTransport) {}

  /** `GET /sns/oauth2/access_token`. Never repeated: the code is spent once WeChat has seen it. */
  async exchangeCode(app: AppConfig, code: string): Promise<TokenAnswer> {
    requireCode(code);
    const endpoint = '/sns/oauth2/access_token';
    const answer = await this.withSecret(app, endpoint, { code, grant_type: 'authorization_code' }, ['code']);
    return readToken(endpoint, answer);
  }

  /** `GET /sns/oauth2/refresh_token`. Needs no app secret, so a refresh token is as good as one. */
  async refresh(app: AppConfig, refreshToken: string): Promise<TokenAnswer> {
    requireText('token', 'refreshToken', refreshToken);
    const endpoint = '/sns/oauth2/refresh_token';
    const answer = await this.transport.call({
      endpoint,
      query: { appid: app.appId, grant_type: 'refresh_token', refresh_token: refreshToken },
      secret: ['refresh_token'],
      repeatable: true,
    });
    return readToken(endpoint, answer);
  }

  /** `GET /sns/auth`: false when WeChat refuses the pair, an error when nobody could tell. */
  async verify(openid: string, accessToken: string): Promise<boolean> {
    requireText('token', 'openid', openid);
    requireText('token', 'accessToken', accessToken);
    const endpoint = '/sns/auth';
    try {
      const answer = await this.transport.call({
        endpoint,
        query: { access_token: accessToken, openid },
        secret: ['access_token'],
        repeatable: true,
      });
      // Its errcode 0 is all that this answer holds: without one it is some proxy's `{}`, which
      // says nothing about the token.
      if (answer['errcode'] === undefined) throw wrongShape(endpoint, 'errcode is missing');
      return true;
    } catch (error) {
      if (error instanceof WechatApiError && error.kind === 'token') return false;
      throw error;
    }
  }

  /** `GET /sns/userinfo`. */
  async userInfo(openid: string, accessToken: string, lang: WechatLang): Promise<WechatUserProfile> {
    requireText('token', 'openid', openid);
    const endpoint = '/sns/userinfo';
    const answer = await this.transport.call({
      endpoint,
      query: { access_token: accessToken, openid, lang },
      secret: ['access_token'],
      repeatable: true,
    });
    if (answer['openid'] !== openid) throw wrongShape(endpoint, 'the profile belongs to another openid');
    return defined({
      openid,
      unionid: readId(endpoint, answer, 'unionid'),
      nickname: text(answer['nickname']),
      avatarUrl: text(answer['headimgurl']),
      sex: Number.isInteger(Number(answer['sex'])) ? Number(answer['sex']) : 0,
      province: text(answer['province']),
      city: text(answer['city']),
      country: text(answer['country']),
      privilege: Array.isArray(answer['privilege']) ? answer['privilege'].map(text) : [],
    });
  }

  /** `GET /sns/jscode2session`. Never repeated, as `exchangeCode`. */
  async codeToSession(app: AppConfig, code: string): Promise<SessionKeyAnswer> {
    requireCode(code);
    const endpoint = '/sns/jscode2session';
    const answer = await this.withSecret(app, endpoint, { js_code: code, grant_type: 'authorization_code' }, [
      'js_code',
    ]);
    return {
      openid: requireId(endpoint, answer, 'openid'),
      unionid: readId(endpoint, answer, 'unionid'),
      sessionKey: requireString(endpoint, answer, 'session_key'),
    };
  }

  private async withSecret(
    app: AppConfig,
    endpoint: string,
    parameters: Record<string, string>,
    secretNames: string[],
  ): Promise<WechatAnswer> {
    // WeChat looks at the secret before the code, so after 40125 the code is still good.
    return this.secrets.ask(app, (secret) =>
      this.transport.call({
        endpoint,
        query: { appid: app.appId, secret, ...parameters },
        secret: ['secret', ...secretNames],
        repeatable: false,
      }),
    );
  }
}

function readToken(endpoint: string, answer: WechatAnswer): TokenAnswer {
  const expiresIn = Number(answer['expires_in']);
  if (!Number.isFinite(expiresIn) || expiresIn <= 0) throw wrongShape(endpoint, 'expires_in is not a number');
  const scope = answer['scope'];
  const refreshToken = answer['refresh_token'];
  return {
    accessToken: requireString(endpoint, answer, 'access_token'),
    expiresIn,
    refreshToken: typeof refreshToken === 'string' && refreshToken !== '' ? refreshToken : undefined,
    openid: requireId(endpoint, answer, 'openid'),
    unionid: readId(endpoint, answer, 'unionid'),
    scope: typeof scope === 'string' && scope !== '' ? readScopes(scope) : undefined,
    isSnapshotUser: Number(answer['is_snapshotuser'] ?? 0) === 1,
  };
}

/** Longer than any id seen, and free of everything that means something in a store key. */
const ID = /^[A-Za-z0-9_-]{6,128}$/;

function readId(endpoint: string, answer: WechatAnswer, field: string): string | undefined {
  const value = answer[field];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string' || !ID.test(value) || value in Object.prototype) {
    throw wrongShape(endpoint, `${field} is not an id`);
  }
  return value;
}

function requireId(endpoint: string, answer: WechatAnswer, field: string): string {
  const id = readId(endpoint, answer, field);
  // An answer without an openid must never become a login: somebody would be signed in as nobody.
  if (id === undefined) throw wrongShape(endpoint, `${field} is missing`);
  return id;
}

function requireString(endpoint: string, answer: WechatAnswer, field: string): string {
  const value = answer[field];
  if (typeof value !== 'string' || value === '') throw wrongShape(endpoint, `${field} is missing`);
  return value;
}

function wrongShape(endpoint: string, problem: string): WechatResponseError {
  return new WechatResponseError(endpoint, 200, problem);
}

/**
 * Control characters would break log lines and pages; everything else, emoji included, is the
 * person's own.
 */
function text(value: unknown): string {
  // oxlint-disable-next-line no-control-regex -- that is what is taken out
  return typeof value === 'string' ? value.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '') : '';
}

/** @throws WechatInputError for what cannot be an openid */
export function requireOpenid(value: unknown): asserts value is string {
  if (typeof value === 'string' && ID.test(value)) return;
  throw new WechatInputError('token', 'openid', 'is not an openid', 'Pass the one that a login returned.');
}

/** @throws WechatInputError for what cannot be a code */
export function requireCode(value: unknown): asserts value is string {
  requireText('code', 'code', value);
}

function requireText(kind: 'code' | 'token', parameter: string, value: unknown): asserts value is string {
  if (typeof value === 'string' && /^[\x21-\x7e]{1,1024}$/.test(value)) return;
  throw new WechatInputError(
    kind,
    parameter,
    'is not a string of 1 to 1,024 printable characters',
    'Pass it as WeChat gave it.',
  );
}

/** WeChat writes commas; blanks and a comma at the end have been seen, and are no scopes. */
function readScopes(list: string): string[] {
  return list.split(/[ ,]+/).filter((one) => one !== '');
}
