// Judges a call to any API of WeChat before it is sent: the app's own token goes with it, which is
// a power over the whole account.
import { WechatInputError } from '../errors/errors.js';
import { WechatSecret } from '../sealing/secret.js';

/** How one of WeChat's other APIs is called. */
export interface WechatCallOptions {
  /**
   * The method that the page of this API names.
   * @default `GET`
   */
  method?: 'GET' | 'POST';
  /** Parameters beside `access_token`, which is added. What is undefined is left out. */
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** An object or a list, sent as JSON in UTF-8. Only with POST. */
  body?: object;
  /**
   * Hard limit of the call, in ms.
   * @default `http.timeout`
   */
  timeout?: number;
  /**
   * Whether the call may be sent again after a fault, although WeChat may have seen it. Never for
   * one that sends or pays something.
   * @default false
   */
  repeatable?: boolean;
}

/** A call that was judged. */
export interface JudgedCall {
  method: 'GET' | 'POST';
  path: string;
  query: Record<string, string>;
  body: string | undefined;
  timeout: number | undefined;
  repeatable: boolean;
  /** All that was given, which no errmsg may bring back. */
  hidden: string[];
}

/** Letters, digits and `_ - . ~` between single slashes: no other can become another path. */
const PATH = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)+$/;
const MAX_PATH = 256;
const MAX_BODY = 1024 * 1024;
const MAX_TIMEOUT_MS = 120_000;

/** They give tokens out, and their forced refreshes are counted elsewhere. */
const TOKEN_PATHS = new Set(['/cgi-bin/token', '/cgi-bin/stable_token']);

/**
 * @param base WeChat's API host, as in the options
 * @throws WechatInputError, which repeats nothing of what was given
 */
export function judgeCall(base: string, path: unknown, options: unknown = {}): JudgedCall {
  if (!isPlain(options)) throw bad('options', 'is not an object', 'Pass { method, query, body }.');
  for (const name of Object.keys(options)) {
    const known = ['method', 'query', 'body', 'timeout', 'repeatable'];
    if (!known.includes(name))
      throw bad('options', 'has a name that is not known', `Known: ${known.join(', ')}.`);
  }
  const { method = 'GET', timeout, repeatable = false } = options;
  if (method !== 'GET' && method !== 'POST')
    throw bad('method', 'is neither GET nor POST', 'Write it as the page of this API does.');
  if (typeof repeatable !== 'boolean')
    throw bad('repeatable', 'is not a boolean', 'Pass true or leave it out.');
  const isTime = typeof timeout === 'number' && timeout > 0 && timeout <= MAX_TIMEOUT_MS;
  if (timeout !== undefined && !isTime)
    throw bad('timeout', `is not a number of milliseconds up to ${MAX_TIMEOUT_MS}`, 'Pass e.g. 10_000.');
  const hidden: string[] = [];
  const query = readQuery(options['query'], hidden);
  const body = readBody(options['body'], hidden);
  if (body !== undefined && method === 'GET')
    throw bad('body', 'stands at a GET', 'Pass method: "POST", or put it into the query.');
  return { method, path: readPath(base, path), query, body, timeout, repeatable, hidden };
}

/** Fails closed: a path is one of WeChat's on WeChat's host exactly as written, or refused. */
function readPath(base: string, path: unknown): string {
  const refuse = (problem: string) =>
    bad('path', problem, 'Pass a path as in WeChat\'s documentation, e.g. "/cgi-bin/user/info".');
  if (typeof path !== 'string' || path.length > MAX_PATH || !PATH.test(path)) throw refuse('is not a path');
  const url = new URL(path, base);
  const isSame =
    url.origin === new URL(base).origin && url.pathname === path && url.search === '' && url.hash === '';
  if (!isSame) throw refuse('is not a path');
  if (TOKEN_PATHS.has(path.toLowerCase()))
    throw bad('path', 'is that of a token endpoint', 'Call getStableToken(), which keeps the token.');
  return path;
}

function readQuery(given: unknown, hidden: string[]): Record<string, string> {
  if (given === undefined) return {};
  if (!isPlain(given)) throw bad('query', 'is not an object', 'Pass { name: value }.');
  const query: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (!/^[A-Za-z0-9_.-]{1,64}$/.test(name) || name in Object.prototype)
      throw bad('query', 'has a name that is no parameter', 'Use letters, digits, "_", "." and "-".');
    // Two of them, and nobody knows which one WeChat takes.
    if (name.toLowerCase() === 'access_token')
      throw bad('query', 'has an access_token', 'Leave it out: it is added.');
    if (value === undefined) continue;
    const isValue =
      typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value as number);
    if (!isValue) throw bad('query', 'has a value that is no text, number or boolean', 'Write it as text.');
    query[name] = String(value);
    hidden.push(query[name]);
  }
  return query;
}

function readBody(given: unknown, hidden: string[]): string | undefined {
  if (given === undefined) return undefined;
  if (!Array.isArray(given) && !isPlain(given))
    throw bad('body', 'is neither an object nor a list', 'Pass what is to be sent as JSON, unwritten.');
  let holdsSecret = false;
  let text: string | undefined;
  try {
    text = JSON.stringify(given, function (this: Record<string, unknown>, key: string, value: unknown) {
      // It would be sent as "[secret]".
      if (this[key] instanceof WechatSecret) holdsSecret = true;
      if (typeof value === 'string') hidden.push(value);
      return value;
    });
  } catch {
    // A circle, a BigInt, a toJSON that throws: the message may quote them.
  }
  if (holdsSecret) throw bad('body', 'holds a WechatSecret', 'Pass what its reveal() gives.');
  if (text === undefined || !/^[{[]/.test(text)) throw bad('body', 'is no JSON', 'Pass plain values.');
  if (Buffer.byteLength(text) > MAX_BODY) throw bad('body', 'is larger than 1 MiB', 'Send less at once.');
  return text;
}

/**
 * As written in code or made by a class: no list, no map, no bytes, no promise that was forgotten.
 */
function isPlain(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]';
}

function bad(parameter: string, problem: string, fix: string): WechatInputError {
  return new WechatInputError('input', parameter, problem, fix);
}
