// The words of an error, where they depend on what happened.
import { WechatNetworkError } from '../../../lib/errors/errors.js';

it('A network error counts the attempts only where there were several', () => {
  const words = (attempts?: number) =>
    new WechatNetworkError('/sns/userinfo', 'reset', false, attempts).message;
  expect(words()).toContain('(reset)');
  expect(words(1)).toContain('(reset)');
  expect(words(2)).toContain('(reset, 2 attempts)');
});
