// Which addresses are signed for the JS-SDK. Whoever gets a signature for a page may use the
// account's rights there, so it is for pages of the application's own hosts and for nobody else's.
import type { WechatConfig } from '../config/wechat-config.js';
import { WechatInputError } from '../errors/errors.js';

/** More than browsers and servers take; hashing is cheap, but not for a megabyte. */
const MAX_LENGTH = 8_192;

/** `encodeURIComponent` of an address: as it stands in a query that nobody has decoded yet. */
const ENCODED_WHOLE = /^https?%3a/i;

/**
 * Nothing that a parser drops or takes for something else: control and format characters, halves of
 * surrogate pairs (which hash as another character), blanks of any kind, backslashes. No browser
 * has them in `location.href`.
 */
const ODD = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}\\]/u;

/** Scheme and slashes written out, since parsers add slashes that are missing; then the host. */
const WEB = /^https?:\/\/([^/?]+)(?=[/?]|$)/i;

/**
 * The text to sign: what is judged is what is signed, character by character, up to the `#`. One
 * decode of an address that was percent-encoded as a whole; an encoding inside of it is its own.
 * Fails closed: what is no address of a listed host is an error, whatever else it may be.
 * @throws WechatInputError for anything but an address on the host and port of `publicUrl` or
 * `returnTo.origins`
 */
export function signableAddress({ returnTo }: Pick<WechatConfig, 'returnTo'>, value: unknown): string {
  if (typeof value !== 'string' || value === '') throw refuse('is not a text');
  // An encoded character is three times as long.
  if (value.length > 3 * MAX_LENGTH) throw refuse(`is longer than ${MAX_LENGTH} characters`);
  const text = decodedOnce(value).split('#', 1)[0]!;
  if (text.length > MAX_LENGTH) throw refuse(`is longer than ${MAX_LENGTH} characters`);
  if (ODD.test(text)) throw refuse('has a blank, a backslash or a character that no browser shows');
  const authority = WEB.exec(text)?.[1];
  if (authority === undefined || !URL.canParse(text)) throw refuse('is not an address of http or https');
  // An empty user too, which a parser forgets. And no spelling of a host that only some parsers
  // read as ours.
  if (/[^\w.:[\]-]/.test(authority)) throw refuse('has a user, or a host that no browser spells like that');
  if (!hostsOf(returnTo.origins).has(new URL(text).host)) throw refuse('is on no host of this application');
  return text;
}

function decodedOnce(value: string): string {
  if (!ENCODED_WHOLE.test(value)) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    throw refuse('is percent-encoded, but not as encodeURIComponent does it');
  }
}

/**
 * Host and port, the port that a scheme has anyway left out. Which of the two schemes it is counts
 * for nothing: WeChat registers hosts.
 */
const hosts = new WeakMap<ReadonlySet<string>, ReadonlySet<string>>();

function hostsOf(origins: ReadonlySet<string>): ReadonlySet<string> {
  let known = hosts.get(origins);
  if (known === undefined) {
    known = new Set([...origins].map((origin) => new URL(origin).host));
    hosts.set(origins, known);
  }
  return known;
}

function refuse(problem: string): WechatInputError {
  return new WechatInputError(
    'input',
    'url',
    problem,
    "Pass location.href.split('#')[0] of the page; its host has to be that of publicUrl or stand in returnTo.origins.",
  );
}
