// Messages as WeChat writes them, and replies as it reads them.
import type { MockPushFields } from './push.types.js';

/** The text of a message or an event, in the format that the console was told. */
export function writeMessage(fields: MockPushFields, format: 'xml' | 'json'): string {
  return format === 'json' ? JSON.stringify(fields) : `<xml>${children(fields)}</xml>`;
}

function children(fields: MockPushFields): string {
  return Object.entries(fields)
    .map(([name, value]) => `<${name}>${content(value)}</${name}>\n`)
    .join('');
}

function content(value: MockPushFields[string]): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return `<![CDATA[${value.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
  if (Array.isArray(value))
    return value.map((item: MockPushFields) => `<item>${children(item)}</item>`).join('');
  return children(value as MockPushFields);
}

const PIECE = /<!\[CDATA\[(.*?)\]\]>|<(\/?)(\w+)>|([^<]+)/gsy;

/** @throws Error for what is no element `xml`; `item`s become an array */
export function readXmlText(text: string): MockPushFields {
  interface Open {
    name: string;
    text: string;
    fields: Record<string, MockPushFields[string]>;
    items: MockPushFields[];
  }
  const open = (name: string): Open => ({ name, text: '', fields: {}, items: [] });
  const stack: Open[] = [open('')];
  let end = 0;
  for (const [piece, cdata, slash, name, plain] of text.matchAll(PIECE)) {
    end += piece.length;
    const top = stack.at(-1)!;
    if (cdata !== undefined || plain !== undefined) top.text += cdata ?? plain!;
    else if (slash === '') stack.push(open(name!));
    else {
      if (top.name !== name || stack.length === 1) throw new Error('its elements do not fit');
      stack.pop();
      const hasFields = Object.keys(top.fields).length > 0;
      const value = top.items.length > 0 ? top.items : hasFields ? top.fields : top.text;
      const parent = stack.at(-1)!;
      if (name === 'item') parent.items.push(value as MockPushFields);
      else parent.fields[name!] = value;
    }
  }
  const root = stack[0]!.fields['xml'];
  if (end !== text.length || stack.length > 1 || typeof root !== 'object') throw new Error('it is no XML');
  return root as MockPushFields;
}
