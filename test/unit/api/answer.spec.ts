// What WeChat, and whatever stands between it and us, may answer: only an object without an errcode
// and with a good status is an answer.
import { judgeAnswer, judgeAnyAnswer, type RawAnswer } from '../../../lib/api/answer.js';
import { WechatApiError, WechatError, WechatResponseError } from '../../../lib/errors/errors.js';
import { thrownBy } from '../../support/failure.js';

const ENDPOINT = '/sns/userinfo';

function judge(text: string, more: Partial<RawAnswer> = {}) {
  return judgeAnswer({
    endpoint: ENDPOINT,
    status: 200,
    text,
    secrets: [],
    attempt: 1,
    repeatable: true,
    ...more,
  });
}

const refusal = (text: string, more?: Partial<RawAnswer>): WechatError =>
  thrownBy(WechatError, () => judge(text, more));
const apiError = (body: object, more?: Partial<RawAnswer>): WechatApiError =>
  thrownBy(WechatApiError, () => judge(JSON.stringify(body), more));

describe('judgeAnswer', () => {
  it('gives back the object', () => {
    expect(judge('{"openid":"o1","n":1}')).toEqual({ openid: 'o1', n: 1 });
  });

  it.each([
    ['0', 0],
    ['"0"', '0'],
    ['null', null],
  ])('takes errcode %s for success', (_name, errcode) => {
    expect(judge(JSON.stringify({ errcode, errmsg: 'ok', openid: 'o1' }))).toMatchObject({ openid: 'o1' });
  });

  it.each([
    ['nothing', '', 'the body is empty'],
    ['blanks', ' \r\n\t', 'the body is empty'],
    ['HTML', '<!DOCTYPE html><html>502</html>', 'the body is not JSON'],
    ['XML', '<xml><errcode>0</errcode></xml>', 'the body is not JSON'],
    ['half an object', '{"openid":"o1"', 'the body is not JSON'],
    ['two objects', '{"openid":"o1"}{}', 'the body is not JSON'],
    ['a script', 'callback({"openid":"o1"})', 'the body is not JSON'],
    ['null', 'null', 'the body is not an object'],
    ['an array', '[{"openid":"o1"}]', 'the body is not an object'],
    ['a number', '40029', 'the body is not an object'],
    ['a string', '"ok"', 'the body is not an object'],
    ['true', 'true', 'the body is not an object'],
  ])('refuses %s', (_name, text, problem) => {
    const error = refusal(text);
    expect(error).toBeInstanceOf(WechatResponseError);
    expect(error).toMatchObject({
      kind: 'upstream',
      code: 'WECHAT_RESPONSE',
      endpoint: ENDPOINT,
      httpStatus: 200,
      problem,
    });
  });

  it.each([
    ['"abc"'],
    ['""'],
    ['" "'],
    ['"4e4"'],
    ['"0x9c5d"'],
    ['40029.5'],
    ['false'],
    ['true'],
    ['[]'],
    ['[40029]'],
    ['{}'],
    ['1e999'],
  ])('does not guess what an errcode of %s means', (errcode) => {
    expect(refusal(`{"errcode":${errcode},"openid":"o1"}`)).toMatchObject({
      code: 'WECHAT_RESPONSE',
      problem: 'errcode is not a number',
    });
  });

  it.each([[40029], ['40029'], [40029.0]])('takes the errcode %p for 40029', (errcode) => {
    expect(apiError({ errcode, errmsg: 'invalid code' })).toMatchObject({ errcode: 40029, kind: 'code' });
  });

  it('lets an errcode win over everything else in the answer', () => {
    const login = { openid: 'o1', access_token: 'AT', expires_in: 7200 };
    expect(apiError({ ...login, errcode: 40163, errmsg: 'code been used' }).errcode).toBe(40163);
  });

  it.each([[201], [204], [299]])('accepts HTTP %d', (status) => {
    expect(judge('{"openid":"o1"}', { status })).toEqual({ openid: 'o1' });
  });

  it.each([[100], [199], [300], [302], [304], [400], [401], [403], [404], [412], [429], [500], [502], [504]])(
    'refuses HTTP %d around a good body',
    (status) => {
      expect(refusal('{"openid":"o1"}', { status })).toMatchObject({
        httpStatus: status,
        problem: 'the status says failure',
      });
    },
  );

  it('believes an errcode more than a status', () => {
    expect(apiError({ errcode: 45011, errmsg: 'limit' }, { status: 502 })).toMatchObject({ kind: 'quota' });
    expect(refusal('<html>', { status: 502 })).toMatchObject({ httpStatus: 502 });
    expect(refusal('{"errcode":0}', { status: 500 })).toMatchObject({ httpStatus: 500 });
  });

  it('reads nicknames with control characters in them, which JSON forbids', () => {
    expect(judge('{"nickname":"a\u0000b\nc\u001fd","sex":1}')).toEqual({ nickname: 'a b c d', sex: 1 });
    expect(judge('{\r\n\t"nickname":"a\tb"\r\n}')).toEqual({ nickname: 'a b' });
  });

  it('leaves what is written by the rules as it is', () => {
    expect(judge('{"nickname":"a\\u0000b\\n"}')).toEqual({ nickname: 'a\u0000b\n' });
    expect(judge('{"nickname":"🐼\\ud83d\\udc3c"}')).toEqual({ nickname: '🐼🐼' });
  });

  it.each([
    ['{"nickname":"a\\ud83d"}', 'a\uFFFD'],
    ['{"nickname":"\\udc3ca\\ud83d\\ud83d\\udc3c"}', '\uFFFDa\uFFFD🐼'],
    ['{"nickname":"\\ud83d\n\\udc3c"}', '\uFFFD \uFFFD'],
  ])('makes well-formed text of %s', (text, nickname) => {
    expect(judge(text)).toEqual({ nickname });
  });

  it('makes well-formed text of everything, at every depth', () => {
    const half = '"x\\ud83d"';
    const answer = judge(`{"city":${half},"country":${half},"privilege":[${half}],"a":{"b":${half}}}`);
    const whole = 'x\uFFFD';
    expect(answer).toEqual({ city: whole, country: whole, privilege: [whole], a: { b: whole } });
  });

  it('makes no prototype out of what was sent', () => {
    const answer = judge('{"__proto__":{"openid":"o1"},"constructor":1}');
    expect(Object.getPrototypeOf(answer)).toBe(Object.prototype);
    expect(answer['openid']).toBeUndefined();
    expect(({} as Record<string, unknown>)['openid']).toBeUndefined();
  });

  it('passes on how often the call was sent, and whether it may be sent again', () => {
    expect(apiError({ errcode: -1 }, { attempt: 3 })).toMatchObject({ attempts: 3, retryable: true });
    expect(apiError({ errcode: -1 }, { repeatable: false })).toMatchObject({ attempts: 1, retryable: false });
  });
});

describe('The errmsg', () => {
  const of = (errmsg: unknown, secrets: string[] = []) => apiError({ errcode: 40029, errmsg }, { secrets });

  it.each([
    ['invalid code, rid: 61725984-6126f6f9-040f19c4', 'invalid code', '61725984-6126f6f9-040f19c4'],
    ['invalid code rid: 61725984-6126f6f9-040f19c4', 'invalid code', '61725984-6126f6f9-040f19c4'],
    ['invalid code,rid:61725984', 'invalid code', '61725984'],
    ['rid: 61725984', '', '61725984'],
    ['invalid code, hints: [ req_id: HFhdjpqe-Rz.1 ]', 'invalid code', 'HFhdjpqe-Rz.1'],
    ['invalid code, hints: [ req_id: .C7b50084cth! ]', 'invalid code', '.C7b50084cth'],
    ['invalid credential hint: [Kx12 req_id: abc] rid: 63f5-a', 'invalid credential', '63f5-a'],
    [
      'not latest, more details at https://mmbizurl.cn/s/Jtxx rid: 63f5',
      'not latest, more details at https://mmbizurl.cn/s/Jtxx',
      '63f5',
    ],
    ['invalid code', 'invalid code', undefined],
    ['hybrid: no, grid: none', 'hybrid: no, grid: none', undefined],
    ['', '', undefined],
  ])('of %p is parted from its request id', (errmsg, text, rid) => {
    expect(of(errmsg)).toMatchObject({ errmsg: text, rid });
  });

  it.each([[undefined], [null], [7], [['invalid code']], [{ text: 'invalid code' }]])(
    'counts as empty if it is %p',
    (errmsg) => {
      expect(of(errmsg)).toMatchObject({ errcode: 40029, errmsg: '', rid: undefined });
    },
  );

  it('gives nothing back of what was sent, wherever it stands', () => {
    const error = of('CODE-123 is bad, SECRET-1 CODE-123, hints: [ req_id: x SECRET-1 ], rid: CODE-123', [
      'SECRET-1',
      'CODE-123',
      '',
    ]);
    expect(error.errmsg).toBe('[redacted] is bad, [redacted] [redacted]');
    expect(error.rid).toBe('x');
    expect(error.message).not.toMatch(/SECRET|CODE-123/);
  });

  it('gives nothing back of it as it stood in the URL either', () => {
    const error = of('invalid code a%26b%3D%22+xyz of a&b=" xyz', ['a&b=" xyz']);
    expect(error.errmsg).toBe('invalid code [redacted] of [redacted]');
  });

  it.each([['code'], ['invalid'], ['i'], ['c']])('keeps its words where %p was sent', (short) => {
    expect(of('invalid code, check the code', [short]).errmsg).toBe('invalid code, check the code');
  });

  it('is text that is well formed, where it is cut too', () => {
    expect(of(`${'x'.repeat(199)}🐼`).errmsg).toBe(`${'x'.repeat(199)}\uFFFD`);
  });

  it('is redacted before it is cut, so that no half of a secret stays', () => {
    const error = of(`${'x'.repeat(195)}SECRETSECRET`, ['SECRETSECRET']);
    expect(error.errmsg).toBe(`${'x'.repeat(195)}[reda`);
  });

  it('does not break a log line, and is no longer than 200 characters', () => {
    const error = of(`one\r\ntwo\u0000\u001b[31m three\u0085four\u2028five\u2029${'x'.repeat(500)}`);
    expect(error.errmsg).toMatch(/^one two \[31m three four five x+$/);
    expect(error.errmsg).toHaveLength(200);
    expect(error.message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
  });

  it('does not make the request id longer than an id is', () => {
    expect(of(`no, rid: ${'a'.repeat(60_000)}`).rid).toHaveLength(80);
  });

  it.each([
    ['rid: '.repeat(12_000)],
    [`rid:${'a'.repeat(60_000)}!`],
    ['hints: ['.repeat(8_000)],
    [', '.repeat(30_000)],
    ['hint '.repeat(12_000)],
  ])('is read in no time, however it is made (%#)', (errmsg) => {
    const startedAt = performance.now();
    of(errmsg);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});

describe('judgeAnyAnswer', () => {
  const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const judgeAny = (bytes: Buffer, contentType: unknown = 'text/plain', status = 200) =>
    judgeAnyAnswer({
      endpoint: ENDPOINT,
      status,
      secrets: [],
      attempt: 1,
      repeatable: true,
      bytes,
      text: new TextDecoder().decode(bytes),
      contentType,
    });

  it.each(['image/png', 'application/octet-stream', 'text/plain', undefined, 7])(
    'gives a file of the type %p as its bytes',
    (type) => {
      expect(judgeAny(PNG, type)).toBe(PNG);
    },
  );

  it.each(['image/jpeg', 'application/json; encoding=utf-8', 'text/plain', undefined])(
    'sees an object whatever the type says: %p',
    (type) => {
      expect(judgeAny(Buffer.from(' {"ip_list":[]}'), type)).toEqual({ ip_list: [] });
      const refused = () => judgeAny(Buffer.from('\u{feff}{"errcode":41030,"errmsg":"invalid page"}'), type);
      expect(thrownBy(WechatApiError, refused).errcode).toBe(41030);
    },
  );

  it.each([
    ['nothing', '', 'image/png', 200],
    ['blanks', ' \r\n', 'text/plain', 200],
    ['a page', '<!doctype html>', 'text/plain', 200],
    ['a page by its type', 'Please log in', 'Text/HTML; charset=utf-8', 200],
    ['half an object', '{"buffer":"x', 'text/plain', 200],
    ['a list', '[1]', 'text/plain', 200],
    ['JSON by its type', 'x', 'application/json', 200],
    ['a file of a failing gateway', 'x', 'image/png', 502],
    ['a file beside a redirect', 'x', 'image/png', 302],
  ])('refuses %s', (_name, text, type, status) => {
    expect(() => judgeAny(Buffer.from(text), type, status)).toThrow(WechatResponseError);
  });
});
