// The body of a push, on any platform and whatever parsers stand in front of us.
import type { IncomingMessage } from 'node:http';
import { inTime, type Runtime, TOO_LATE } from '../../common/runtime.js';

/** WeChat's pushes have a few KB, in compatible mode three times as many. */
export const MAX_BODY_BYTES = 256 * 1024;
/** So that there is time left to answer; in ms. */
export const BODY_MS = 2_500;

/** A request as Express or Fastify leaves it: a parser of the application may have read it. */
export type PushRequest = IncomingMessage & { body?: unknown; rawBody?: unknown };

/** What was read, or the status to refuse with; `gone`: nobody waits for an answer. */
export type PushBody = { body: unknown } | { status: 400 | 408 | 413; why: string } | 'gone';

/**
 * The text, or the object that a parser made of it: the signature covers the text of one field and
 * nothing else, so the bytes around it need not be what was sent.
 */
export async function readBody(request: PushRequest, runtime: Pick<Runtime, 'sleep'>): Promise<PushBody> {
  if (request.readableDidRead) return parsed(request);
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return TOO_LARGE;
  const reading = collect(request);
  const bytes = await inTime(runtime, reading.done, BODY_MS);
  if (bytes !== TOO_LATE) return Buffer.isBuffer(bytes) ? decoded(bytes) : bytes;
  reading.stop();
  return { status: 408, why: `its body did not come within ${BODY_MS} ms` };
}

const TOO_LARGE = { status: 413, why: `its body has more than ${MAX_BODY_BYTES} bytes` } as const;

function parsed({ rawBody, body }: PushRequest): PushBody {
  const text = rawBody ?? body;
  if (text instanceof Uint8Array)
    return text.length > MAX_BODY_BYTES ? TOO_LARGE : decoded(Buffer.from(text));
  if (typeof text === 'string') return Buffer.byteLength(text) > MAX_BODY_BYTES ? TOO_LARGE : { body: text };
  return { body: text };
}

function decoded(bytes: Buffer): PushBody {
  try {
    return { body: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { status: 400, why: 'its body is not UTF-8' };
  }
}

function collect(request: IncomingMessage): { done: Promise<Buffer | PushBody>; stop: () => void } {
  const chunks: Buffer[] = [];
  let size = 0;
  let stop = () => {};
  const done = new Promise<Buffer | PushBody>((resolve) => {
    const finish = (result: Buffer | PushBody) => {
      stop();
      resolve(result);
    };
    // Texts where a middleware that listens too has set an encoding.
    const onData = (chunk: Buffer | string) => {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      size += bytes.length;
      if (size > MAX_BODY_BYTES) finish(TOO_LARGE);
      else chunks.push(bytes);
    };
    const onEnd = () => finish(Buffer.concat(chunks));
    const onGone = () => finish('gone');
    stop = () => {
      request.off('data', onData).off('end', onEnd).off('close', onGone);
      // The listener for errors stays: one that comes later must not end the process.
      request.pause();
      chunks.length = 0;
    };
    request.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone);
  });
  return { done, stop: () => stop() };
}
