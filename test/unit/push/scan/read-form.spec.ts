// Fields of a form or of JSON, on a platform that has read them and on one that has not.
import { PassThrough } from 'node:stream';
import { readForm } from '../../../../lib/push/scan/read-form.js';

const runtime = { sleep: () => new Promise<never>(() => {}) };
const fields = async (request: object) => Object.fromEntries(await readForm(request, runtime));

/** As it comes before any parser. */
function unread(text: string, headers: Record<string, string> = {}) {
  const stream = new PassThrough();
  stream.end(text);
  return Object.assign(stream, { headers });
}

const ways: [string, (text: string) => object][] = [
  ['not read yet', (text) => unread(text)],
  ['read as text', (body) => ({ body, headers: {} })],
  ['read as bytes', (text) => ({ body: Buffer.from(text), headers: {} })],
  ['not read yet, on Fastify', (text) => ({ raw: unread(text), body: undefined })],
  ['read as text, on Fastify', (body) => ({ raw: unread(''), body })],
];

describe.each(ways)('%s', (_name, as) => {
  it.each<[string, Record<string, string>]>([
    ['digits=012345&token=a%2Bb+c', { digits: '012345', token: 'a+b c' }],
    ['{"digits":"012345"}', { digits: '012345' }],
    ['digits=1&digits=2&token=t', { token: 't' }],
    ['digits=1&%64igits=1', {}],
    ['digits', { digits: '' }],
    ['', {}],
    ['{"digits":12345,"token":null,"answer":["yes"],"x":{"y":1}}', {}],
    ['{"digits":"012345"', {}],
    ['["digits"]', { '["digits"]': '' }],
    ['null', { null: '' }],
    [`digits=${'1'.repeat(5_000)}`, {}],
    [`{"digits":"${'1'.repeat(5_000)}"}`, {}],
    ['{"__proto__":{"digits":"1"},"constructor":"c"}', { constructor: 'c' }],
    ['__proto__=x&toString=y', { toString: 'y', ['__proto__']: 'x' }],
  ])('%.40s', async (text, expected) => {
    const form = await readForm(as(text), runtime);
    expect([...form].sort()).toEqual(Object.entries(expected).sort());
    expect(({} as Record<string, unknown>)['digits']).toBeUndefined();
  });
});

it.each<[string, unknown, Record<string, string>]>([
  ['an object', { digits: '012345', token: 't' }, { digits: '012345', token: 't' }],
  ['a field that came twice', { digits: ['1', '2'], token: 't' }, { token: 't' }],
  ['an object without a prototype', Object.assign(Object.create(null), { digits: '1' }), { digits: '1' }],
  ['what a prototype has', Object.create({ digits: '1' }), {}],
  ['an array', ['012345'], { 0: '012345' }],
  ['a number', 7, {}],
  ['a yes', true, {}],
])('a parser made %s of it', async (_name, body, expected) => {
  expect(await fields({ body, headers: {} })).toEqual(expected);
});

it('somebody read it and left nothing', async () => {
  const stream = unread('digits=012345');
  for await (const _ of stream);
  expect(await fields(stream)).toEqual({});
});

it('too much to be a form, by what it says and by what comes', async () => {
  expect(await fields(unread('digits=1', { 'content-length': '9999999' }))).toEqual({});
  expect(await fields(unread(`digits=1&x=${'x'.repeat(300_000)}`))).toEqual({});
});

it('no text', async () => {
  const stream = Object.assign(new PassThrough(), { headers: {} });
  stream.end(Buffer.from([0x64, 0x3d, 0xff, 0xfe]));
  expect(await fields(stream)).toEqual({});
});
