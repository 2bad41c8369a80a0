// How much of a header is ours: servers and proxies refuse a request or an answer whose header is
// too long, and then no page opens at all.

/**
 * What the Set-Cookie and Location fields of one answer may take, in bytes. nginx reads the whole
 * header of an answer into 4 KiB (`proxy_buffer_size`) and answers 502 where it is longer.
 */
const ANSWER_BUDGET = 4_000;

/**
 * What all our cookies of a host may take in a Cookie field, in bytes, however many apps there are.
 * Many servers take 8 KiB, and the application has cookies of its own.
 */
export const COOKIES_BUDGET = 6_000;

/**
 * Cookies that one answer removes at most: each costs about 100 bytes. What is left goes with the
 * next.
 */
export const MAX_REMOVED = 10;

/**
 * @param setCookies Set-Cookie lines @param location ASCII, as it will be sent but for the `#` that
 * may be put behind it
 */
export function fitsAnswer(setCookies: readonly string[], location = ''): boolean {
  const lines = setCookies.reduce((sum, line) => sum + 'Set-Cookie: \r\n'.length + line.length, 0);
  return lines + 'Location: #\r\n'.length + location.length < ANSWER_BUDGET;
}

/** As many of the lines, from the first, as one answer has room for. */
export function withinAnswer(setCookies: readonly string[], location = ''): string[] {
  const lines = [...setCookies];
  while (lines.length > 0 && !fitsAnswer(lines, location)) lines.pop();
  return lines;
}

/** What a cookie takes in the header of a request. */
export function cookieLength({ name, value }: { name: string; value: string }): number {
  return name.length + value.length + '=; '.length;
}
