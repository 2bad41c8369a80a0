// Reads the XML of pushes: elements and texts, nothing else of what XML can do.
import { SaxesParser } from 'saxes';

/** A field of a push as WeChat sends it. Texts are texts, numbers too. */
export type WechatPushValue = string | WechatPushFields | readonly WechatPushValue[];

/** The fields of a push by WeChat's own names; one that comes several times is an array. */
export interface WechatPushFields {
  /** By name, e.g. `FromUserName`. */
  readonly [name: string]: WechatPushValue;
}

/** Deeper and longer than anything WeChat sends. */
export const MAX_DEPTH = 8;
export const MAX_ELEMENTS = 200;

/** Said in a line at debug, and never with what the document holds. */
class NotRead extends Error {}

interface Open {
  readonly name: string;
  readonly children: [string, WechatPushValue][];
  text: string;
}

/**
 * The children of the root by name, or undefined for what is no such document. A document type, an
 * entity beyond the five, a processing instruction or a comment is none: what two parsers may read
 * in two ways is not read at all.
 */
export function readXml(text: string): WechatPushFields | undefined {
  const parser = new SaxesParser({ position: false });
  const path: Open[] = [];
  let elements = 0;
  let root: WechatPushValue | undefined;
  const refuse = () => {
    throw new NotRead();
  };
  parser.on('error', refuse);
  parser.on('doctype', refuse);
  parser.on('comment', refuse);
  parser.on('processinginstruction', refuse);
  parser.on('opentag', ({ name }) => {
    if (++elements > MAX_ELEMENTS || path.length === MAX_DEPTH) refuse();
    path.push({ name, children: [], text: '' });
  });
  const add = (piece: string) => {
    const open = path.at(-1);
    if (open) open.text += piece;
  };
  parser.on('text', add);
  parser.on('cdata', add);
  parser.on('closetag', () => {
    const { name, children, text: own } = path.pop()!;
    // Text between elements is blank space that somebody put in to read it better.
    if (children.length > 0 && own.trim() !== '') refuse();
    const value = children.length > 0 ? fieldsOf(children) : own;
    const parent = path.at(-1);
    if (parent) parent.children.push([name, value]);
    else root = value;
  });
  try {
    parser.write(text).close();
  } catch {
    return undefined;
  }
  return typeof root === 'object' && !Array.isArray(root) ? (root as WechatPushFields) : undefined;
}

/** Without a prototype, so that an element may be called `constructor`. */
export function fieldsOf(children: readonly (readonly [string, WechatPushValue])[]): WechatPushFields {
  const several = new Map<string, WechatPushValue[]>();
  for (const [name, value] of children) {
    const known = several.get(name);
    if (known) known.push(value);
    else several.set(name, [value]);
  }
  const fields = Object.create(null) as Record<string, WechatPushValue>;
  for (const [name, values] of several) fields[name] = values.length === 1 ? values[0]! : values;
  return fields;
}
