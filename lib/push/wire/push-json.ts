// Reads the JSON of pushes into the same fields as the XML.
import {
  fieldsOf,
  MAX_DEPTH,
  MAX_ELEMENTS,
  type WechatPushFields,
  type WechatPushValue,
} from './push-xml.js';

const STRING = '"(?:[^"\\\\]|\\\\.)*"';
/** Whole strings, so that it never begins inside one; what a colon follows is a key. */
const KEY = new RegExp(`(${STRING})(\\s*:)?`, 'gs');
const TOKEN = new RegExp(`${STRING}|-?\\d[\\d.eE+-]*`, 'gs');
/** What JavaScript cannot count exactly: message ids have up to 20 digits. */
const LONG = /^-?\d{16,}$/;

/** The fields of the object, or undefined for what is none of bearable size. */
export function readJson(text: string): WechatPushFields | undefined {
  try {
    JSON.parse(text);
    const exact = text.replace(TOKEN, (token) => (LONG.test(token) ? `"${token}"` : token));
    return readObject(JSON.parse(exact), countedFrom());
  } catch {
    return undefined;
  }
}

/**
 * How often an object of that text names a key, at whatever depth: `JSON.parse` keeps the last of
 * several and says nothing.
 */
export function countKey(text: string, key: string): number {
  return [...text.matchAll(KEY)].filter(([, name, colon]) => colon && JSON.parse(name!) === key).length;
}

type Count = { elements: number };
const countedFrom = (): Count => ({ elements: 0 });

/** An array at the top is no push. */
function readObject(value: unknown, count: Count): WechatPushFields | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return read(value, count, 1) as WechatPushFields;
}

function read(value: unknown, count: Count, depth: number): WechatPushValue {
  if (typeof value !== 'object' || value === null) return value === null ? '' : String(value);
  if (depth > MAX_DEPTH) throw new RangeError('too deep');
  const enter = (child: unknown) => {
    if (++count.elements > MAX_ELEMENTS) throw new RangeError('too many');
    return read(child, count, depth + 1);
  };
  if (Array.isArray(value)) return value.map(enter);
  return fieldsOf(Object.entries(value).map(([name, child]) => [name, enter(child)] as const));
}
