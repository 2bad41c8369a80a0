// The function pair of the predecessor, in its callback form or as promises.
import { isGeneratorObject, isPromise } from 'node:util/types';
import { WechatConfigError } from '../../errors/errors.js';

/**
 * How a function of the pair answers: through a callback behind its arguments, or by what it
 * returns.
 */
export type LegacyStyle = 'callback' | 'promise';

/**
 * As the predecessor's functions call it. What they declare for error and token is their own
 * matter, and `any` fits it.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- see above
export type LegacyCallback = (error?: any, token?: any) => void;

/**
 * What was given to `new OAuth(appid, secret, getToken, saveToken)`, unchanged, or the same as
 * functions that return promises. A function that names the callback among its parameters gets one
 * and has to call it; any other answers by what it returns. Where that is guessed wrong, say
 * `style`.
 */
export interface LegacyTokenCallbacks {
  /** The stored token of a person, or null or undefined when there is none. */
  getToken(openid: string, callback: LegacyCallback): unknown;
  /** Overwrites what is stored for the person. */
  saveToken(openid: string, token: LegacyToken, callback: LegacyCallback): unknown;
}

/** A token as the predecessor keeps it: WeChat's answer and the time of the request. */
export interface LegacyToken {
  /** The access token. */
  access_token: string;
  /** Seconds. */
  expires_in: number;
  /** The refresh token. */
  refresh_token: string;
  /** Whose it is. */
  openid: string;
  /** With commas in between. */
  scope: string;
  /** Milliseconds since 1970. */
  create_at: number;
  /** Where WeChat has said it, after a refresh too. */
  unionid?: string;
  /** Only of a visitor of a snapshot page. */
  is_snapshotuser?: 1;
}

/**
 * Calls one of the pair as a method, as the predecessor does.
 * @param style undefined: a function that names the callback among its parameters gets one. It
 * cannot be seen of `(openid, callback = noop)` or `(...args)`.
 */
export async function callLegacy(
  callbacks: LegacyTokenCallbacks,
  name: keyof LegacyTokenCallbacks,
  style: LegacyStyle | undefined,
  ...args: unknown[]
): Promise<unknown> {
  const answer = await answerOf(callbacks, name, style, args);
  if (!isGeneratorObject(answer)) return answer;
  throw new WechatConfigError(
    `CallbackTokenStore.${name}`,
    'is a generator, whose body nobody runs',
    'Make it an async function, or wrap it: getToken: co.wrap(getToken).',
  );
}

function answerOf(
  callbacks: LegacyTokenCallbacks,
  name: keyof LegacyTokenCallbacks,
  style: LegacyStyle | undefined,
  args: unknown[],
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const method = callbacks[name] as (...all: unknown[]) => unknown;
    const takesCallback = style === undefined ? method.length > args.length : style === 'callback';
    if (!takesCallback) {
      resolve(method.apply(callbacks, args));
      return;
    }
    const returned = method.call(callbacks, ...args, (error: unknown, answer: unknown) => {
      if (error === null || error === undefined || error === false) resolve(answer);
      else reject(error instanceof Error ? error : new Error(`${name} failed`));
    });
    // An async function that takes a callback answers through it, but may fail before it gets
    // there. Only a true promise: the `then` of a mongoose query would send it a second time.
    if (isPromise(returned)) returned.catch(reject);
    // It never gets to its callback.
    if (isGeneratorObject(returned)) resolve(returned);
  });
}
