// Reads the one path that WeChat sends people back to. It becomes part of an address that a console
// compares letter by letter, so it is one that every parser gives back as it is.
import { check } from '../read-value.js';

const FIX =
  'Write the path at which WechatAuthController stands, prefix and version included, e.g. "/wechat/callback".';

/** Letters, digits and `-._~`: nothing else is the same before and after somebody encoded it. */
const PATH = /^(?:\/[\w.~-]+)+$/;
const MAX_LENGTH = 256;

/** @throws WechatConfigError for what is no path, or not the same one to everybody */
export function readCallbackPath(option: string, value: unknown): string {
  const isText = typeof value === 'string';
  check(isText && value.startsWith('/'), option, 'is not a path that starts with "/"', FIX);
  check(!/[?#]/.test(value), option, 'has a query or a fragment', FIX);
  check(!value.endsWith('/'), option, 'has a slash at its end', FIX);
  check(
    PATH.test(value),
    option,
    'has more than letters, digits, "-", "_", "." and "~" between slashes',
    FIX,
  );
  check(!/\/\.{1,2}(?:\/|$)/.test(value), option, 'has a step up or a dot for a name', FIX);
  check(value.length <= MAX_LENGTH, option, `is longer than ${MAX_LENGTH} characters`, FIX);
  return value;
}
