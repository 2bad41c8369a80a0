// The function pair of the predecessor, in its callback form or as promises.
import { isPromise } from 'node:util/types';

/** As the predecessor's functions call it. What they declare for error and token is their own matter, and `any` fits it. */
// oxlint-disable-next-line typescript/no-explicit-any -- see above
export type LegacyCallback = (error?: any, token?: any) => void;

/**
 * What was given to `new OAuth(appid, secret, getToken, saveToken)`, unchanged, or the same as functions that return promises. A function that names the
 * callback among its parameters gets one and has to call it; any other answers by what it returns.
 */
export interface LegacyTokenCallbacks {
  /** The stored token of a person, or null or undefined when there is none. */
  getToken(openid: string, callback: LegacyCallback): unknown;
  /** Overwrites what is stored for the person. */
  saveToken(openid: string, token: LegacyToken, callback: LegacyCallback): unknown;
}

/** A token as the predecessor keeps it: WeChat's answer and the time of the request. */
export interface LegacyToken {
  access_token: string;
  /** Seconds. */
  expires_in: number;
  refresh_token: string;
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

/** Calls one of the pair as a method, as the predecessor does. */
export function callLegacy(
  callbacks: LegacyTokenCallbacks,
  name: keyof LegacyTokenCallbacks,
  ...args: unknown[]
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const method = callbacks[name] as (...all: unknown[]) => unknown;
    if (method.length <= args.length) {
      resolve(method.apply(callbacks, args));
      return;
    }
    const returned = method.call(callbacks, ...args, (error: unknown, answer: unknown) => {
      if (error === null || error === undefined || error === false) resolve(answer);
      else reject(error instanceof Error ? error : new Error(`${name} failed`));
    });
    // An async function that takes a callback answers through it, but may fail before it gets there.
    // Only a true promise: the `then` of a mongoose query would send it a second time.
    if (isPromise(returned)) returned.catch(reject);
  });
}
