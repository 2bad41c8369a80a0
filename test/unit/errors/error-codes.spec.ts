// The catalogue of return codes: complete for what the endpoints can answer, said in both
// languages, and safe for whatever arrives as a code.
import { explainErrcode, WECHAT_ERROR_CODES } from '../../../lib/errors/error-codes.js';
import { WechatApiError } from '../../../lib/errors/errors.js';

const rows = [...WECHAT_ERROR_CODES];
const kindOf = (errcode: number) => explainErrcode(errcode).kind;

describe('WECHAT_ERROR_CODES', () => {
  it.each(rows)('%d says in Chinese and in English what to do', (_errcode, { zh, en }) => {
    expect(zh).toMatch(/^[^a-z]*.*\p{Script=Han}.*。$/u);
    expect(en).toMatch(/^[A-Za-z].{20,}\.$/);
    expect(en).not.toMatch(/\p{Script=Han}/u);
  });

  it('lists every code once, in ascending order', () => {
    const codes = rows.map(([errcode]) => errcode);
    expect(codes).toEqual([...new Set(codes)].sort((a, b) => a - b));
  });

  it('covers every code that the endpoints called here are known to answer with', () => {
    const known = [
      [-1, 40001, 40002, 40003, 40013, 40014, 40029, 40030, 40125, 40163, 40164, 40226, 40242, 40243],
      [41001, 41002, 41003, 41004, 41008, 41009, 42001, 42002, 42003, 42007, 43002, 44002, 45009, 45011],
      [45035, 47001, 48001, 48004, 50001, 50002, 50004, 50007, 61004, 87008, 87009, 89503, 89506, 89507],
      [10003, 10004, 10005, 10006, 10009, 10010, 10011, 10012, 10013, 10015, 10016],
    ].flat();
    expect(known.filter((errcode) => !WECHAT_ERROR_CODES.has(errcode))).toEqual([]);
  });

  it('calls retryable only what WeChat itself asks to try again', () => {
    expect(rows.filter(([, row]) => row.retryable).map(([errcode]) => errcode)).toEqual([-1, 10009, 45011]);
  });

  it('cannot be changed by those who read it', () => {
    expect(rows.every(([, row]) => Object.isFrozen(row))).toBe(true);
  });
});

describe('explainErrcode', () => {
  // By WeChat's table of return codes: what each asks the application to do.
  it.each([
    [
      'config',
      [
        10003, 10005, 10010, 10011, 10012, 10013, 10015, 10016, 40002, 40013, 40066, 40097, 40125, 40164,
        40188, 40243, 41002, 41004, 41009, 42005, 43001, 43002, 43003, 43007, 43008, 43104, 44002, 45035,
        47001, 49003, 61004, 87008, 89503, 89506, 89507,
      ],
    ],
    ['code', [40029, 40163, 40242, 41008, 42003]],
    ['token', [40001, 40003, 40014, 40030, 41001, 41003, 42001, 42002, 42007, 42009]],
    ['consent', [48001, 50001]],
    [
      'blocked',
      [10004, 10006, 40226, 43004, 43005, 43006, 43019, 43101, 48004, 50002, 50003, 50004, 50005, 50007],
    ],
    ['quota', [10009, 45009, 45011, 48006]],
    ['upstream', [-1]],
    ['decrypt', [87009]],
  ])('files under %s what has to be treated so, and nothing else', (kind, errcodes) => {
    expect(rows.filter(([, row]) => row.kind === kind).map(([errcode]) => errcode)).toEqual(errcodes);
    expect(errcodes.map(kindOf)).toEqual(errcodes.map(() => kind));
  });

  it('tells both meanings of 40001', () => {
    const { zh, en } = explainErrcode(40001);
    expect(zh).toMatch(/AppSecret.*access_token/);
    expect(en).toMatch(/app secret.*access token/);
  });

  it.each([
    [40999, 'config'],
    [41999, 'config'],
    [42999, 'token'],
    [43999, 'config'],
    [44999, 'config'],
    [45999, 'quota'],
    [47999, 'config'],
    [48999, 'config'],
    [50999, 'blocked'],
    [61999, 'config'],
    [0, 'upstream'],
    [-2, 'upstream'],
    [1003, 'upstream'],
    [9_999_999, 'upstream'],
    [40_029.5, 'config'],
  ])('judges the unlisted code %d by its family: %s', (errcode, kind) => {
    expect(explainErrcode(errcode)).toEqual({
      kind,
      retryable: false,
      zh: expect.stringMatching(/^此返回码不在目录中：.+。$/),
      en: expect.stringMatching(/^This code is not in the catalogue: .+\.$/),
    });
  });

  it.each([
    [NaN],
    [Infinity],
    [-Infinity],
    [null],
    [undefined],
    ['__proto__'],
    [''],
    [{}],
    [[]],
    [Symbol('code')],
    [40029n],
    [() => 40029],
    [Object.create(null)],
  ])('takes %p for an unknown code', (errcode) => {
    expect(explainErrcode(errcode as number)).toMatchObject({ kind: 'upstream', retryable: false });
  });

  it('reads digits in a string, as some samples of WeChat carry', () => {
    expect(explainErrcode('40029' as unknown as number)).toBe(WECHAT_ERROR_CODES.get(40029));
  });

  it('gives an API error its kind and both hints', () => {
    const error = new WechatApiError({ errcode: 45011, errmsg: 'limit', endpoint: '/sns/userinfo' });
    const { zh, en } = explainErrcode(45011);
    expect(error).toMatchObject({ kind: 'quota', retryable: true, hint: { zh, en } });
    expect(error.message).toContain(en);
  });
});
