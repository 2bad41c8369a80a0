// Every error this package throws on purpose. None of them ever holds a secret, a code, a token, a
// URL or the error of the HTTP library below.
import { isIP } from 'node:net';
import { explainAppErrcode, explainErrcode } from './error-codes.js';
import type { WechatErrorCode, WechatErrorKind } from './error-kind.js';

/**
 * The base of every error of this package. `kind` says how to treat it, `code` is stable and may be
 * matched on; messages may change.
 */
export abstract class WechatError extends Error {
  /** How to treat it. */
  abstract readonly kind: WechatErrorKind;
  /** Stable; may be matched on. */
  abstract readonly code: WechatErrorCode;

  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/**
 * An option is missing or wrong. Thrown while the application starts, and by calls that need an
 * option which was left out.
 */
export class WechatConfigError extends WechatError {
  override readonly kind = 'config';
  override readonly code = 'WECHAT_CONFIG';
  /**
   * Everything that is wrong, in the order of the options; `option`, `problem` and `fix` of the
   * error are those of the first.
   */
  readonly problems: readonly WechatConfigProblem[];

  /**
   * @param option the option as one writes it, e.g. `apps.mini.secret`
   * @param problem what is wrong with it
   * @param fix what to write instead
   */
  constructor(
    readonly option: string,
    readonly problem: string,
    readonly fix: string,
    others: readonly WechatConfigProblem[] = [],
  ) {
    const problems = [{ option, problem, fix }, ...others.map(pickProblem)];
    super(
      problems.length === 1
        ? `WechatOAuthModule: ${describeProblem(problems[0]!)}`
        : `WechatOAuthModule: ${problems.length} options are missing or wrong.\n` +
            problems.map((one) => `- ${describeProblem(one)}`).join('\n'),
    );
    this.problems = problems;
  }

  /** @internal One error that says what several say. */
  static listing([first, ...others]: readonly WechatConfigProblem[]): WechatConfigError {
    return new WechatConfigError(first!.option, first!.problem, first!.fix, others);
  }
}

/** One thing that is wrong with the options. */
export interface WechatConfigProblem {
  /** The option as one writes it, e.g. `apps.mini.secret`. */
  readonly option: string;
  /** What is wrong with it. */
  readonly problem: string;
  /** What to write instead. */
  readonly fix: string;
}

function pickProblem({ option, problem, fix }: WechatConfigProblem): WechatConfigProblem {
  return { option, problem, fix };
}

function describeProblem({ option, problem, fix }: WechatConfigProblem): string {
  return `option "${option}" ${problem}. ${fix}`;
}

/**
 * An argument that WeChat would refuse, refused before anything was sent. The value itself is never
 * repeated.
 */
export class WechatInputError extends WechatError {
  override readonly code = 'WECHAT_INPUT';

  constructor(
    readonly kind: Extract<WechatErrorKind, 'input' | 'code' | 'token' | 'decrypt'>,
    readonly parameter: string,
    readonly problem: string,
    fix: string,
  ) {
    super(`${parameter} ${problem}. ${fix}`);
  }
}

/** What is known of a refusal of WeChat's. */
export interface WechatApiErrorDetails {
  errcode: number;
  errmsg: string;
  /** Path of the endpoint, e.g. `/sns/userinfo`, without any parameter. */
  endpoint: string;
  /** WeChat's request id, good for seven days in its support console. */
  rid?: string;
  /** How often the call was sent before giving up. */
  attempts?: number;
  /** False for a call that carries a code: it must never be sent twice. Default: true. */
  repeatable?: boolean;
  /** Whose token the call carried, which some codes speak of. Default: a person's. */
  of?: 'app' | 'person' | undefined;
  /** What else is known of this refusal. Stands in place of the catalogue's hint. */
  hint?: { readonly zh: string; readonly en: string };
}

/** Where WeChat looks at the app secret; there 40001 means a wrong one, elsewhere a stale token. */
const SECRET_ENDPOINTS = new Set([
  '/sns/oauth2/access_token',
  '/sns/jscode2session',
  '/cgi-bin/stable_token',
]);

/** The address that called is not on the white list. */
const NOT_LISTED = new Set([40164, 45035, 61004]);

/**
 * The hint of the catalogue, and with it the address that WeChat saw: behind a NAT nobody else
 * knows it.
 */
function hintOf(details: WechatApiErrorDetails, zh: string, en: string): WechatApiError['hint'] {
  const words = NOT_LISTED.has(details.errcode) ? details.errmsg.split(/[\s,;]+/) : [];
  const seen = words.find((word) => isIP(word) !== 0);
  if (seen === undefined) return { zh, en };
  return { zh: `${zh}微信看到的 IP 是 ${seen}。`, en: `${en} WeChat saw ${seen}.` };
}

/**
 * WeChat answered with an `errcode`. Source of kinds and hints: WeChat's table of return codes.
 * @see https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html
 */
export class WechatApiError extends WechatError {
  override readonly kind: WechatErrorKind;
  override readonly code = 'WECHAT_API';
  /** WeChat's return code. */
  readonly errcode: number;
  /** WeChat's words for it, without what it repeats of the request. */
  readonly errmsg: string;
  /** Path, without any parameter. */
  readonly endpoint: string;
  /** WeChat's request id, good for seven days in its support console. */
  readonly rid: string | undefined;
  /** How often the call was sent. */
  readonly attempts: number;
  /**
   * Whether the same call may succeed if it is simply repeated later. Never true for a call that
   * carries a code.
   */
  readonly retryable: boolean;
  /** What to do, for people: in Chinese and in English. */
  readonly hint: { readonly zh: string; readonly en: string };

  constructor(details: WechatApiErrorDetails) {
    const explain = details.of === 'app' ? explainAppErrcode : explainErrcode;
    const { kind, retryable, zh, en } = explain(details.errcode);
    const hint = details.hint ?? hintOf(details, zh, en);
    const rid = details.rid ? `, rid ${details.rid}` : '';
    super(`WeChat refused ${details.endpoint} with ${details.errcode} (${details.errmsg}${rid}). ${hint.en}`);
    this.kind = details.errcode === 40001 && SECRET_ENDPOINTS.has(details.endpoint) ? 'config' : kind;
    this.errcode = details.errcode;
    this.errmsg = details.errmsg;
    this.endpoint = details.endpoint;
    this.rid = details.rid;
    this.attempts = details.attempts ?? 1;
    this.retryable = retryable && details.repeatable !== false;
    this.hint = hint;
  }
}

/** `busy`: too many calls were under way already (`http.maxSockets`). */
export type WechatNetworkFault =
  'refused' | 'dns' | 'timeout' | 'reset' | 'tls' | 'aborted' | 'busy' | 'unknown';

/**
 * No usable answer came over the network. `sent` tells whether WeChat may have seen the call; a
 * code that was sent may be spent.
 */
export class WechatNetworkError extends WechatError {
  override readonly kind = 'network';
  override readonly code = 'WECHAT_NETWORK';

  constructor(
    readonly endpoint: string,
    readonly fault: WechatNetworkFault,
    readonly sent: boolean,
    readonly attempts = 1,
  ) {
    super(
      `No answer from WeChat for ${endpoint} (${fault}${attempts > 1 ? `, ${attempts} attempts` : ''}). ` +
        (sent
          ? 'The call may have arrived; a code sent with it counts as spent.'
          : fault === 'busy'
            ? 'The call was not sent: too many others are under way (http.maxSockets).'
            : 'The call was not sent: check DNS, proxy and outgoing firewall.'),
    );
  }
}

/**
 * Something answered, but not as WeChat does: HTML, nothing, a redirect, a body over the limit, or
 * JSON of another shape.
 */
export class WechatResponseError extends WechatError {
  override readonly kind = 'upstream';
  override readonly code = 'WECHAT_RESPONSE';

  constructor(
    readonly endpoint: string,
    readonly httpStatus: number,
    readonly problem: string,
  ) {
    super(
      `WeChat's answer to ${endpoint} cannot be used: ${problem} (HTTP ${httpStatus}). ` +
        'If this lasts, look for a proxy or a captive portal between this host and api.weixin.qq.com.',
    );
  }
}

/** Nothing usable is stored for this person: never signed in here, or signed in too long ago. */
export class WechatTokenNotFoundError extends WechatError {
  override readonly kind = 'token';
  override readonly code = 'WECHAT_TOKEN_NOT_FOUND';

  constructor(
    readonly openid: string,
    what: 'token' | 'session key' = 'token',
  ) {
    super(
      `No ${what} for ${openid}, please authorize first. ` +
        (what === 'token'
          ? 'Send the person through the login again.'
          : 'Call wx.login, then getSessionKey(code).'),
    );
  }
}

/**
 * The token store could not be asked, so whether something is kept for this person nobody knows.
 * They need not sign in again; try later.
 */
export class WechatStoreError extends WechatError {
  override readonly kind = 'store';
  override readonly code = 'WECHAT_STORE';

  constructor(what: 'token' | 'session key' = 'token') {
    super(
      `The token store could not be asked for a ${what}; the log says why. Answer 503 and try again: the person need not sign in anew.`,
    );
  }
}

/**
 * Data of a mini program did not open: wrong or stale session key, wrong IV, damaged data, another
 * app's data, or data that is too old. All of these are one error with one message, so that nobody
 * can learn about the key by trying (a padding oracle).
 */
export class WechatDecryptError extends WechatError {
  override readonly kind = 'decrypt';
  override readonly code = 'WECHAT_DECRYPT';

  constructor() {
    super(
      'The encrypted data does not belong to this session key, IV or app, or is too old. Call wx.login, send its code, then ask for the data again.',
    );
  }
}

/**
 * `appToken` of the options, the company's token server, gave no token. What it threw is not
 * repeated: it may hold one.
 */
export class WechatAppTokenError extends WechatError {
  override readonly kind = 'upstream';
  override readonly code = 'WECHAT_APP_TOKEN';

  /** @param app the app's name in the options */
  constructor(
    readonly app: string,
    readonly problem: string,
  ) {
    super(
      `appToken of the app "${app}" ${problem}. Return the token, 1 to 2,048 printable characters, or ` +
        '{ accessToken, expiresIn } in seconds; look at the token server.',
    );
  }
}
