// The body of a push: from the wire, or as a parser of the application left it.
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { MAX_BODY_BYTES, type PushRequest, readBody } from '../../../../lib/push/wire/push-body.js';

const never = { sleep: () => new Promise<void>(() => {}) };
const atOnce = { sleep: async () => {} };

function incoming(headers: object = {}) {
  return Object.assign(new PassThrough(), { headers }) as unknown as PushRequest & PassThrough;
}

it('reads what comes in pieces, letters cut in two', async () => {
  const request = incoming();
  const reading = readBody(request, never);
  const bytes = Buffer.from('<xml>你</xml>');
  request.write(bytes.subarray(0, 6));
  request.end(bytes.subarray(6));
  expect(await reading).toEqual({ body: '<xml>你</xml>' });
});

it('reads texts, as they come where a middleware that listens too has set an encoding', async () => {
  const request = incoming();
  request.setEncoding('utf8').on('data', () => {});
  const reading = readBody(request, never);
  const bytes = Buffer.from('<xml>你</xml>');
  request.write(bytes.subarray(0, 6));
  request.end(bytes.subarray(6));
  expect(await reading).toEqual({ body: '<xml>你</xml>' });
});

it('gives up when it does not come in time, and listens no more', async () => {
  const request = incoming();
  request.write('<xml>');
  expect(await readBody(request, atOnce)).toEqual({
    status: 408,
    why: expect.stringContaining('2500 ms') as string,
  });
  expect(request.listenerCount('data')).toBe(0);
  expect(() => request.emit('error', new Error('reset'))).not.toThrow();
});

it('stops at 256 KiB', async () => {
  expect(await readBody(incoming({ 'content-length': `${MAX_BODY_BYTES + 1}` }), never)).toMatchObject({
    status: 413,
  });
  const request = incoming();
  const reading = readBody(request, never);
  for (let size = 0; size <= MAX_BODY_BYTES; size += 65_536) request.write(Buffer.alloc(65_536));
  expect(await reading).toMatchObject({ status: 413 });
  const full = incoming();
  const whole = readBody(full, never);
  full.end(Buffer.alloc(MAX_BODY_BYTES, 'x'));
  expect(await whole).toEqual({ body: 'x'.repeat(MAX_BODY_BYTES) });
});

it.each(['close', 'error'])('goes with whoever sent it: %s', async (event) => {
  const request = incoming();
  const reading = readBody(request, never);
  (request as EventEmitter).emit(event, new Error('gone'));
  expect(await reading).toBe('gone');
});

it('refuses bytes that are no text', async () => {
  const request = incoming();
  const reading = readBody(request, never);
  request.end(Buffer.from([0x3c, 0xff]));
  expect(await reading).toMatchObject({ status: 400 });
});

describe('Behind a parser', () => {
  const read = (more: object) =>
    readBody({ readableDidRead: true, headers: {}, ...more } as PushRequest, never);

  it('is the raw body before all, then bytes, text, or an object', async () => {
    const raw = { rawBody: Buffer.from('raw'), body: { Encrypt: 'a' } };
    expect(await read(raw)).toEqual({ body: 'raw' });
    expect(await read({ body: Buffer.from('bytes') })).toEqual({ body: 'bytes' });
    expect(await read({ body: new Uint8Array([104, 105]) })).toEqual({ body: 'hi' });
    expect(await read({ body: 'text' })).toEqual({ body: 'text' });
    expect(await read({ body: { Encrypt: 'a' } })).toEqual({ body: { Encrypt: 'a' } });
    expect(await read({})).toEqual({ body: undefined });
  });

  it('has the same limit', async () => {
    for (const body of [Buffer.alloc(MAX_BODY_BYTES + 1), '你'.repeat(MAX_BODY_BYTES / 2)])
      expect(await read({ body })).toMatchObject({ status: 413 });
  });
});
