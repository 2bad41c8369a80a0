// Works on the tokens that an application keeps by the predecessor's `getToken` and `saveToken`,
// while the old application still uses them too.
import { Logger } from '@nestjs/common';
import { WechatConfigError } from '../../errors/errors.js';
import { MemoryTokenStore } from '../../tokens/memory-token-store.js';
import { TokenStore } from '../../tokens/token-store.js';
import { isTokenRecord, type TokenRecord } from '../../tokens/wechat-token.js';
import { Turns } from '../../common/turns.js';
import { callLegacy, type LegacyStyle, type LegacyTokenCallbacks } from './legacy-callbacks.js';
import {
  type Beside,
  fingerprintOf,
  readLegacy,
  toBeside,
  toLegacy,
  toTokenRecord,
} from './legacy-record.js';

/** What `CallbackTokenStore` may be told. */
export interface CallbackTokenStoreOptions {
  /**
   * Keeps everything that is not a person's token (login results, session keys, locks), and of a
   * token what the predecessor has no field for. With more than one process it has to be one that
   * they share.
   * @default a `MemoryTokenStore`
   */
  rest?: TokenStore;
  /**
   * The app whose tokens are kept by the pair, if the old application serves only one of several;
   * the others' are kept in `rest`.
   * @default all
   */
  appId?: string;
  /**
   * How the two functions answer, where it cannot be seen of them: a function with
   * `(openid, callback = noop)`, `(...args)` or behind a wrapper does not name its callback, and
   * would count as one that returns nothing, so as nobody stored.
   * @default a function that names a parameter behind `openid`, or behind `openid, token`, gets a
   * callback; any other answers by what it returns
   */
  style?: LegacyStyle;
  /**
   * How many characters fit where access token and refresh token are kept.
   * @default 200, as in the predecessor's README
   */
  maxTokenLength?: number;
  /**
   * Milliseconds since 1970.
   * @default `Date.now`
   */
  now?: () => number;
}

/**
 * ```ts
 * new CallbackTokenStore({ getToken, saveToken }, { rest: new RedisTokenStore(redis) })
 * ```
 *
 * People's tokens, and nothing else, go through the pair: in clear, whether a `sessionSecret` is
 * configured or not, and as the predecessor writes them (`access_token`, `expires_in`,
 * `refresh_token`, `openid`, `scope`, `create_at` in ms). Numbers may come back as strings.
 * `unionid`, the snapshot flag and the time of the login are kept in `rest`, in clear too;
 * `unionid` and `is_snapshotuser` are also read where the storage has kept them.
 *
 * What the pair cannot do, this store cannot do either:
 * - **Nothing is atomic across processes**, nor against the old application. `setIfAbsent` and
 *   `replaceIfEqual` read again, compare and then save, one caller per person at a time within this
 *   store. A refresh by the old application is seen up to that moment; two at the same moment are
 *   both sent, and the token saved last stays.
 * - **Nothing is deleted.** A token that WeChat has refused for good stays where it is, as the old
 *   application's own would, and `rest` remembers that it is dead. Saving an emptied one instead
 *   could hit the token of a login that the old application has just saved.
 * - **Nothing expires**: how long a token is worth keeping, WeChat says when it is refreshed.
 *
 * A token that is longer than `maxTokenLength` is refused with an error in the log, rather than cut
 * by a database in lax mode; so is what `getToken` finds for an openid that differs, e.g. in case.
 */
export class CallbackTokenStore extends TokenStore {
  /** That of `rest`; undefined where `rest` does not have both. */
  override readonly publish?: TokenStore['publish'];
  /** That of `rest`; undefined where `rest` does not have both. */
  override readonly subscribe?: TokenStore['subscribe'];
  readonly #callbacks: LegacyTokenCallbacks;
  readonly #style: LegacyStyle | undefined;
  readonly #rest: TokenStore;
  readonly #appId: string | undefined;
  readonly #maxTokenLength: number;
  readonly #now: () => number;
  readonly #turns = new Turns();
  readonly #said = new Set<string>();

  /** @throws WechatConfigError when one of the pair is missing */
  constructor(
    callbacks: LegacyTokenCallbacks,
    { rest, appId, style, maxTokenLength = 200, now = Date.now }: CallbackTokenStoreOptions = {},
  ) {
    super();
    for (const name of ['getToken', 'saveToken'] as const) {
      if (typeof callbacks?.[name] === 'function') continue;
      throw new WechatConfigError(
        `CallbackTokenStore.${name}`,
        'is not a function',
        'Pass the two functions that were given to `new OAuth(appid, secret, getToken, saveToken)`.',
      );
    }
    if (style !== undefined && style !== 'callback' && style !== 'promise') {
      throw new WechatConfigError(
        'CallbackTokenStore.style',
        'is neither "callback" nor "promise"',
        'Leave it out, or write the one that both functions answer by.',
      );
    }
    this.#callbacks = callbacks;
    this.#style = style;
    this.#rest = rest ?? new MemoryTokenStore({ now });
    this.#appId = appId;
    this.#maxTokenLength = maxTokenLength;
    this.#now = now;
    if (rest?.publish && rest.subscribe) {
      this.publish = rest.publish.bind(rest);
      this.subscribe = rest.subscribe.bind(rest);
    }
    if (!rest && process.env['NODE_ENV'] === 'production') {
      new Logger('WechatOAuth').warn(
        'CallbackTokenStore has no `rest`: login results and session keys are kept in the memory of this process, and other processes do not see them.',
      );
    }
  }

  override keepsInClear(key: string): boolean {
    return this.#openidOf(key) !== undefined || this.#rest.keepsInClear?.(key) === true;
  }

  override isAtomicHereOnly(): boolean {
    return this.#rest.isAtomicHereOnly?.() === true;
  }

  override keepsInProcess(key: string): boolean {
    return this.#openidOf(key) === undefined && this.#rest.keepsInProcess?.(key) === true;
  }

  override async get(key: string): Promise<string | undefined> {
    const openid = this.#openidOf(key);
    if (openid === undefined) return this.#rest.get(key);
    return (await this.#find(key, openid))?.raw;
  }

  override async set(key: string, value: string, ttlMs: number): Promise<void> {
    const openid = this.#openidOf(key);
    if (openid === undefined) return this.#rest.set(key, value, ttlMs);
    return this.#turns.take(key, () => this.#save(key, openid, value, ttlMs));
  }

  override async delete(key: string): Promise<void> {
    const openid = this.#openidOf(key);
    if (openid === undefined) return this.#rest.delete(key);
    return this.#turns.take(key, async () => {
      const found = await this.#find(key, openid);
      if (found) await this.#markGone(key, found.fingerprint);
    });
  }

  override async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    const openid = this.#openidOf(key);
    if (openid === undefined) return this.#rest.setIfAbsent(key, value, ttlMs);
    return this.#turns.take(key, async () => {
      if (await this.#find(key, openid)) return false;
      await this.#save(key, openid, value, ttlMs);
      return true;
    });
  }

  override async replaceIfEqual(
    key: string,
    expected: string,
    value: string | undefined,
    ttlMs: number,
  ): Promise<boolean> {
    const openid = this.#openidOf(key);
    if (openid === undefined) return this.#rest.replaceIfEqual(key, expected, value, ttlMs);
    return this.#turns.take(key, async () => {
      const found = await this.#find(key, openid);
      if (found?.raw !== expected) return false;
      if (value === undefined) await this.#markGone(key, found.fingerprint);
      else await this.#save(key, openid, value, ttlMs);
      return true;
    });
  }

  /** The openid of a token's key that belongs to the pair. */
  #openidOf(key: string): string | undefined {
    const [, appId, openid] = /^wechat:([^:]*):token:([^]*)$/.exec(key) ?? [];
    return this.#appId === undefined || this.#appId === appId ? openid : undefined;
  }

  async #find(key: string, openid: string): Promise<{ raw: string; fingerprint: string } | undefined> {
    const found = readLegacy(await this.#call('getToken', openid));
    if (!found) return undefined;
    if (found.openid !== undefined && found.openid !== openid) {
      throw this.#refusal(
        'getToken',
        'found the token of another openid',
        'Have it compare openids byte by byte: in MySQL by COLLATE utf8_bin, as in the table of its README.',
      );
    }
    const fingerprint = fingerprintOf(found);
    // Not a miss when `rest` is down: a snapshot user would pass for a real one.
    const beside = parseBeside(await this.#rest.get(key));
    if (beside.gone === fingerprint) return undefined;
    return { raw: JSON.stringify(toTokenRecord(openid, found, beside)), fingerprint };
  }

  /**
   * A file or a row that is not there is a person who has not been here yet: the example in the
   * predecessor's README reads a file for each. Any other failure is one, and the log says whose:
   * what catches it further up knows no more than that the store did not answer.
   */
  async #call(name: keyof LegacyTokenCallbacks, ...args: unknown[]): Promise<unknown> {
    try {
      return await callLegacy(this.#callbacks, name, this.#style, ...args);
    } catch (error) {
      if (error instanceof WechatConfigError) throw this.#once(error);
      const code = codeOf(error);
      if (name === 'getToken' && code !== undefined && NOT_FOUND.has(code)) return undefined;
      if (!this.#said.has(`${name} ${code}`)) {
        // Never the message, which may hold a token; and a code only if it looks like one.
        new Logger('WechatOAuth').error(
          `CallbackTokenStore: ${name} failed${code ? ` (${code})` : ''}. Said once.`,
        );
        if (this.#said.size < MAX_SAID) this.#said.add(`${name} ${code}`);
      }
      throw error;
    }
  }

  async #save(key: string, openid: string, value: string, ttlMs: number): Promise<void> {
    const record = JSON.parse(value) as TokenRecord;
    if (!isTokenRecord({ ...record }) || record.openid !== openid) {
      throw new TypeError('CallbackTokenStore keeps the token records of WechatOAuthService only.');
    }
    const token = toLegacy(record, this.#now());
    for (const name of ['access_token', 'refresh_token'] as const) {
      if (token[name].length > this.#maxTokenLength) {
        throw this.#refusal(
          'maxTokenLength',
          `is ${this.#maxTokenLength}, and the ${name} has ${token[name].length} characters`,
          'Widen the columns first, e.g. to 512, in the storage and for the old application; then raise it.',
        );
      }
    }
    await this.#call('saveToken', openid, token);
    await this.#rest.set(key, JSON.stringify(toBeside(record)), ttlMs);
  }

  async #markGone(key: string, fingerprint: string): Promise<void> {
    await this.#rest.set(key, JSON.stringify({ gone: fingerprint } satisfies Beside), GONE_MS);
  }

  /**
   * Logged here, because whoever catches it counts it as an outage of the store and does not log
   * messages of errors.
   */
  #refusal(option: string, problem: string, fix: string): WechatConfigError {
    return this.#once(new WechatConfigError(`CallbackTokenStore.${option}`, problem, fix));
  }

  #once(error: WechatConfigError): WechatConfigError {
    if (!this.#said.has(error.option)) new Logger('WechatOAuth').error(error.message);
    this.#said.add(error.option);
    return error;
  }
}

/** How files and the level family say that there is nothing under a name. */
const NOT_FOUND = new Set(['ENOENT', 'LEVEL_NOT_FOUND']);
const MAX_SAID = 100;

function codeOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? code : undefined;
}

/** Longer than the refresh tokens of most apps live; after it WeChat is asked once more. */
const GONE_MS = 30 * 86_400_000;

function parseBeside(text: string | undefined): Beside {
  try {
    return (JSON.parse(text ?? '{}') as Beside | null) ?? {};
  } catch {
    return {};
  }
}
