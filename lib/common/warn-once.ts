// Says what a developer has to hear, once for each thing it is said about, and not for ever: what
// it is said about may come from a stranger.
import { Logger } from '@nestjs/common';

const MAX_SUBJECTS = 20;

/** By the configuration it is about: applications in one process each have a log of their own. */
const said = new WeakMap<object, Map<string, Set<string>>>();

/**
 * @param kind what is said; of each kind the first 20 are
 * @param subject about what, as it will stand in the text
 */
export function warnOnce(config: object, kind: string, subject: string, text: string): void {
  let kinds = said.get(config);
  if (!kinds) said.set(config, (kinds = new Map()));
  let subjects = kinds.get(kind);
  if (!subjects) kinds.set(kind, (subjects = new Set()));
  if (subjects.has(subject) || subjects.size === MAX_SUBJECTS) return;
  subjects.add(subject);
  const last = subjects.size === MAX_SUBJECTS ? ' No more of this kind will be said.' : '';
  new Logger('WechatOAuth').warn(`${text} Said once.${last}`);
}

/** Text of a stranger for a line of the log. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
