// What policies of our pages are made of.
import { createHash } from 'node:crypto';

/** A style or a script, as a source of a policy. */
export function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
