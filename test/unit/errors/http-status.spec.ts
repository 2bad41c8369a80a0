// Which HTTP status an error deserves.
import {
  WechatTokenNotFoundError,
  toHttpStatus,
  WechatApiError,
  WechatConfigError,
  WechatDecryptError,
  WechatInputError,
  WechatNetworkError,
  WechatResponseError,
  WechatStoreError,
} from '../../../lib/index.js';

const api = (errcode: number) => new WechatApiError({ errcode, errmsg: '', endpoint: '/sns/x' });

it.each<[string, unknown, number]>([
  ['an option that is wrong', new WechatConfigError('a', 'is wrong', 'Write b.'), 500],
  ['an argument that is wrong', new WechatInputError('input', 'state', 'is no text', 'Pass one.'), 400],
  ['a dead code', api(40029), 401],
  ['a dead token', api(42001), 401],
  ['nobody who is known', new WechatTokenNotFoundError('oMing'), 401],
  ['a scope that was not granted', api(48001), 403],
  ['a person whom WeChat blocks', api(50002), 403],
  ['too many calls', api(45009), 429],
  ['WeChat being busy', api(-1), 502],
  ['an answer that is none', new WechatResponseError('/sns/x', 200, 'not JSON'), 502],
  ['a store that is away', new WechatStoreError(), 503],
  ['too much to do here', new WechatNetworkError('/sns/x', 'busy', false), 503],
  ['silence', new WechatNetworkError('/sns/x', 'timeout', true), 504],
  ['data that does not open', new WechatDecryptError(), 400],
  ['anything else', new Error('theirs'), 500],
  ['no error at all', 'text', 500],
  ['nothing', undefined, 500],
])('%s', (_what, error, status) => {
  expect(toHttpStatus(error)).toBe(status);
});
