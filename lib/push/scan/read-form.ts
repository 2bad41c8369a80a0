// The fields of a form or of JSON, whatever parsers the application has: one of them may have read
// it already.
import type { Runtime } from '../../common/runtime.js';
import { type PushRequest, readBody } from '../wire/push-body.js';

/** Longer than all fields of ours together. */
const MAX_TEXT = 4_096;

/** The texts by name. A field that comes twice, or is no text, is none. */
export type Form = ReadonlyMap<string, string>;

export async function readForm(request: object, runtime: Pick<Runtime, 'sleep'>): Promise<Form> {
  const body = await bodyOf(request, runtime);
  if (typeof body === 'object' && body !== null && !Buffer.isBuffer(body))
    return ofEntries(Object.entries(body));
  const text = Buffer.isBuffer(body) ? body.toString() : body;
  if (typeof text !== 'string' || text.length > MAX_TEXT) return new Map();
  if (!text.startsWith('{')) return ofEntries(new URLSearchParams(text));
  try {
    return ofEntries(Object.entries(JSON.parse(text) as object));
  } catch {
    return new Map();
  }
}

async function bodyOf(request: object, runtime: Pick<Runtime, 'sleep'>): Promise<unknown> {
  // Fastify keeps Node's request beside what its parsers made of it.
  const { raw, body } = request as { raw?: PushRequest; body?: unknown };
  if (body !== undefined && body !== null) return body;
  const own = raw ?? (request as PushRequest);
  // Read by somebody who left nothing.
  if (own.readableDidRead || own.readableEnded) return undefined;
  const read = await readBody(own, runtime);
  return typeof read === 'object' && 'body' in read ? read.body : undefined;
}

function ofEntries(entries: Iterable<readonly [string, unknown]>): Form {
  const form = new Map<string, string>();
  const twice = new Set<string>();
  for (const [name, value] of entries) {
    if (form.has(name)) twice.add(name);
    if (typeof value === 'string') form.set(name, value);
  }
  for (const name of twice) form.delete(name);
  return form;
}
