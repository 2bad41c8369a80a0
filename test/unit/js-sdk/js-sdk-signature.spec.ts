// WeChat's own examples, the one on the page today and the one before it.
import { signJsSdk } from '../../../lib/js-sdk/js-sdk-signature.js';

const ticket = 'sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg';
const given = { ticket, nonceStr: 'Wm3WZYTPz0wzccnW', timestamp: 1414587457 };

describe('The signature of the JS-SDK', () => {
  it.each([
    ['http://mp.weixin.qq.com?params=value', '0f9de62fce790f9a083d5c99e95740ceb90c27ed'],
    ['http://mp.weixin.qq.com', 'f4d90daf4b3bca3078ab155816175ba34c443a7b'],
  ])('is that of the official example for %s', (url, signature) => {
    expect(signJsSdk({ ...given, url })).toBe(signature);
  });

  it('is of the text as it is: another spelling of the same address has another one', () => {
    const spellings = [
      'http://mp.weixin.qq.com/',
      'http://mp.weixin.qq.com',
      'http%3A%2F%2Fmp.weixin.qq.com',
    ];
    expect(new Set(spellings.map((url) => signJsSdk({ ...given, url }))).size).toBe(3);
  });
});
