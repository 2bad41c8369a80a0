// What an endpoint is given and what it gives back, and how the former is read off a socket.
import type { IncomingMessage } from 'node:http';

/** A request, read to its end. */
export interface MockRequest {
  readonly method: string;
  readonly path: string;
  /** As it came, without the `?`: the order of parameters counts. */
  readonly rawQuery: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The body was read to its end and thrown away. */
  readonly bodyTooLarge?: boolean;
}

/** What is sent back. */
export interface MockAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string | Buffer;
  readonly errcode?: number;
  /** What `body` says, where it is a good JSON answer. */
  readonly json?: Readonly<Record<string, unknown>>;
}

const BODY_LIMIT = 64 * 1024;
const SWALLOW_LIMIT = 8 * 1024 * 1024;

/**
 * Reads a request with its body. Rejects when the client goes away or sends more than 64 KiB.
 * @param patient swallows what is more, up to 8 MiB: who is still sending when the connection is
 * cut never sees an answer
 */
export async function readRequest(
  incoming: IncomingMessage,
  patient: (path: string) => boolean,
): Promise<MockRequest> {
  const { path, rawQuery } = targetOf(incoming);
  const most = patient(path) ? SWALLOW_LIMIT : BODY_LIMIT;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) throw new Error(`The body is larger than ${most} bytes.`);
    if (size <= BODY_LIMIT) chunks.push(chunk);
  }
  const bodyTooLarge = size > BODY_LIMIT;
  return {
    method: incoming.method!,
    path,
    rawQuery,
    query: new URLSearchParams(rawQuery),
    headers: incoming.headers,
    body: bodyTooLarge ? '' : Buffer.concat(chunks).toString('utf8'),
    bodyTooLarge,
  };
}

function targetOf(incoming: IncomingMessage): { path: string; rawQuery: string } {
  // A request line may be absolute (`GET http://host/path`), as proxies send it.
  const target = incoming.url!.replace(/^[a-z]+:\/\/[^/?]*/i, '');
  const mark = target.indexOf('?');
  const rawQuery = mark < 0 ? '' : target.slice(mark + 1);
  return { path: (mark < 0 ? target : target.slice(0, mark)) || '/', rawQuery };
}

/** A header as one string; '' where it is missing. */
export function headerOf(request: MockRequest, name: string): string {
  return String(request.headers[name] ?? '');
}

/** A 302 that nobody keeps. The address has to be ASCII, as `URL.href` is. */
export function redirect(location: string, headers: Record<string, string> = {}): MockAnswer {
  return {
    status: 302,
    headers: { Location: location, 'Cache-Control': 'no-store', ...headers },
    body: '',
  };
}
