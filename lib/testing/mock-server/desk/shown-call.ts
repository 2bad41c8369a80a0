// How a call stands on the desk. The page may be shown in a meeting or end in a bug report, so
// codes, tokens and secrets are cut short there.
import type { MockCall } from '../mock-server.types.js';

/** Parameters that say nothing secret. All others, unknown ones too, are cut. */
const PLAIN = new Set([
  'appid',
  'response_type',
  'grant_type',
  'scope',
  'lang',
  'openid',
  'login_type',
  'self_redirect',
  'forcePopup',
  'forceSnapShot',
  'connect_redirect',
  'component_appid',
  'sig_method',
]);

const MOST_PARAMETERS = 12;

/** A call, ready to be shown. */
export interface ShownCall {
  readonly time: string;
  readonly what: string;
  /** Undefined: not answered (yet). */
  readonly status?: number;
  readonly errcode?: number;
  readonly query: string;
}

/** The last calls, newest first. */
export function shownCalls(calls: readonly MockCall[], most: number): ShownCall[] {
  return calls.slice(-most).reverse().map(shown);
}

function shown({ at, method, path, query, answered }: MockCall): ShownCall {
  const pairs = Object.entries(query);
  const rest = pairs.length > MOST_PARAMETERS ? ' …' : '';
  return {
    time: new Date(at).toTimeString().slice(0, 8),
    what: `${method} ${cut(path, 80)}`,
    status: answered.status || undefined,
    errcode: answered.errcode,
    query:
      pairs
        .slice(0, MOST_PARAMETERS)
        .map(([name, value]) => `${cut(name, 40)}=${shownValue(name, value)}`)
        .join(' ') + rest,
  };
}

function shownValue(name: string, value: string): string {
  if (PLAIN.has(name)) return cut(value, 64);
  // Where people are sent back to, without what stands behind it: a token of the application.
  if (name === 'redirect_uri') return cut(value.split(/[?#]|%3f|%23/i)[0]!.replace(/\/\/[^/]*@/, '//…@'), 80);
  if (/secret/i.test(name)) return '…';
  return cut(value, 6);
}

function cut(text: string, most: number): string {
  const characters = [...text];
  return characters.length > most ? `${characters.slice(0, most).join('')}…` : text;
}
