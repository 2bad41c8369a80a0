// How a passive reply looks in the chat: text, and links in it.
import type { MockPushFields } from '../push/push.types.js';

/** A bit of text, or a link. */
export interface ChatPiece {
  readonly text: string;
  /** As it was written, whatever it is. */
  readonly href?: string;
}

/** Double quotes only: with others WeChat was seen to show the markup. */
const LINK = /<a\s(?:[^>]*?\s)?href="([^"]*)"[^>]*>(.*?)<\/a>/gis;

/** What is there to see; undefined: nothing. */
export function piecesOf(reply: MockPushFields): { type: string; pieces: ChatPiece[] } | undefined {
  const type = textOf(reply['MsgType']) || 'text';
  // Hands the person over to somebody of the staff; it is no message.
  if (type === 'transfer_customer_service') return undefined;
  if (type === 'news') return { type, pieces: articles(reply['Articles']) };
  if (type !== 'text') return { type, pieces: [{ text: `[${type}]` }] };
  const content = textOf(reply['Content']);
  return content === '' ? undefined : { type, pieces: linked(content) };
}

function linked(content: string): ChatPiece[] {
  const pieces: ChatPiece[] = [];
  let end = 0;
  for (const match of content.matchAll(LINK)) {
    if (match.index > end) pieces.push({ text: content.slice(end, match.index) });
    pieces.push({ text: match[2]!, href: match[1]! });
    end = match.index + match[0].length;
  }
  if (end < content.length) pieces.push({ text: content.slice(end) });
  return pieces;
}

function articles(given: MockPushFields[string] | undefined): ChatPiece[] {
  const items: readonly MockPushFields[] = Array.isArray(given) ? given : [];
  return items.flatMap((item, index) => [
    ...(index > 0 ? [{ text: '\n' }] : []),
    { text: textOf(item?.['Title']), href: textOf(item?.['Url']) || undefined },
  ]);
}

function textOf(value: MockPushFields[string] | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
