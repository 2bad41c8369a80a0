// The one place that judges what WeChat answered. WeChat says `text/plain` and HTTP 200 whatever
// happened, so only the body counts.
import { WechatApiError, WechatResponseError } from '../errors/errors.js';

/** The JSON of a good answer, field by field unchecked. */
export type WechatAnswer = Readonly<Record<string, unknown>>;

/** An answer as it came: status and body. */
export interface RawAnswer {
  endpoint: string;
  status: number;
  text: string;
  /** Values that were sent and must not come back out. */
  secrets: readonly string[];
  attempt: number;
  repeatable: boolean;
  /** Whose credentials the call carried. Default: a person's. */
  of?: 'app' | 'person' | undefined;
}

/** An answer that may be a file. */
export interface RawFile extends RawAnswer {
  bytes: Buffer;
  /** The header of that name, if there was one. */
  contentType: unknown;
}

/**
 * @throws WechatApiError when it carries an errcode, WechatResponseError when it is nothing WeChat
 * would say
 */
export function judgeAnswer(answer: RawAnswer): WechatAnswer {
  const refuse = (problem: string): never => {
    throw new WechatResponseError(answer.endpoint, answer.status, problem);
  };
  if (answer.text.trim() === '') return refuse('the body is empty');
  const body = parseJson(answer.text);
  if (body === undefined) return refuse('the body is not JSON');
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return refuse('the body is not an object');

  const record = body as WechatAnswer;
  // Samples show the errcode as a number and as a string, and `errcode: 0` may stand in a good
  // answer.
  const errcode = readErrcode(record['errcode'] ?? 0);
  if (!Number.isInteger(errcode)) return refuse('errcode is not a number');
  if (errcode !== 0) {
    const { errmsg, rid } = readErrmsg(record['errmsg'], answer.secrets);
    const { endpoint, attempt: attempts, repeatable, of } = answer;
    throw new WechatApiError({ errcode, errmsg, rid, endpoint, attempts, repeatable, of });
  }
  if (answer.status < 200 || answer.status > 299) return refuse('the status says failure');
  return record;
}

/**
 * As `judgeAnswer`, for endpoints that may give a file: what a file is not is judged as JSON. A
 * file is neither text nor a page nor what begins like JSON, so that a broken answer, or the page
 * of some proxy, is not taken for one.
 * @throws WechatApiError, WechatResponseError
 */
export function judgeAnyAnswer(answer: RawFile): WechatAnswer | Buffer {
  const { bytes, text, status, contentType } = answer;
  const type = typeof contentType === 'string' ? contentType : '';
  const isFile =
    status >= 200 &&
    status <= 299 &&
    !/^\s*(text\/html|application\/xhtml|application\/json)/i.test(type) &&
    !/^\s*([{[<]|$)/.test(text);
  return isFile ? bytes : judgeAnswer(answer);
}

/**
 * JSON as WeChat writes it, and text that every database takes. Nicknames may hold raw control
 * characters, which JSON forbids inside strings (between values a blank does no harm), and may end
 * in half a surrogate pair.
 * @param read may change or, by undefined, drop a value
 * @returns undefined for what is no JSON
 */
export function parseJson(text: string, read = asItIs): unknown {
  // Half a pair can only come as an escape, and only then is every value looked at.
  const isPlain = read === asItIs && !text.includes('\\ud') && !text.includes('\\uD');
  const revive = (key: string, value: unknown) =>
    read(key, typeof value === 'string' ? wellFormed(value) : value);
  const parse = (json: string): unknown => JSON.parse(json, isPlain ? undefined : revive);
  try {
    return parse(text);
  } catch {
    // Again below, without what may be in the way.
  }
  try {
    return parse(text.replace(/[\u0000-\u001f]/g, ' '));
  } catch {
    return undefined;
  }
}

const asItIs = (_key: string, value: unknown): unknown => value;

/** Half a surrogate pair, which no encoding knows, becomes the replacement character. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}

/** NaN for whatever `Number()` would take for a 0: an empty string, false, an empty array. */
function readErrcode(value: unknown): number {
  if (typeof value === 'string') return /^-?\d+$/.test(value) ? Number(value) : NaN;
  return typeof value === 'number' ? value : NaN;
}

/**
 * WeChat appends `, rid: …` or `, hints: [ req_id: … ]`, and may echo a parameter. Never match on
 * the rest.
 */
function readErrmsg(value: unknown, secrets: readonly string[]): { errmsg: string; rid: string | undefined } {
  let errmsg = typeof value === 'string' ? value : '';
  for (const secret of secrets) {
    // A short one is no secret of WeChat's, and may be a word of the message: `code`.
    if (secret.length < 8) continue;
    // As it was meant, and as it stood in the URL.
    const inUrl = new URLSearchParams({ '': secret }).toString().slice(1);
    for (const echo of [secret, inUrl]) errmsg = errmsg.replaceAll(echo, '[redacted]');
  }
  const rid = /\brid: ?([\w-]{1,80})/.exec(errmsg)?.[1] ?? /req_id: ?([\w.-]{1,80})/.exec(errmsg)?.[1];
  const text = errmsg
    .replace(/,? ?(\brid: ?[\w-]+|hints?: ?\[.*)$/s, '')
    // oxlint-disable-next-line no-control-regex -- they would break log lines
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
    .slice(0, 200);
  return { errmsg: wellFormed(text), rid };
}
