// What `getJsSdkConfig` is made of: the answer for `wx.config`, and what is refused before WeChat is
// asked for anything.
import { WechatConfigError, WechatInputError } from '../../../lib/index.js';
import { JsSdk } from '../../../lib/js-sdk/js-sdk.js';
import { signJsSdk } from '../../../lib/js-sdk/js-sdk-signature.js';
import { JsTickets } from '../../../lib/js-sdk/js-tickets.js';
import { expectFreeOf } from '../../support/canary.js';
import { failureOf } from '../../support/failure.js';
import { APP_ID, makeParts } from '../../support/parts.js';

const PAGE = 'https://shop.example.com/teas?cup=2';

function setUp(options: Parameters<typeof makeParts>[0] = {}) {
  const parts = makeParts({ publicUrl: 'https://shop.example.com', ...options });
  let asked = 0;
  const tickets = new JsTickets(
    { call: async () => ({ ticket: `ticket-canary-${++asked}`, expires_in: 7200 }) },
    parts.vault,
    parts.runtime,
  );
  const sdk = new JsSdk(parts.config, tickets, parts.runtime);
  return { ...parts, sdk, asked: () => asked };
}

describe('A page’s configuration', () => {
  it('is what wx.config takes, signed for the address up to the #', async () => {
    const { sdk, app, runtime } = setUp();
    runtime.time = 1_414_587_457_999;
    const config = await sdk.sign(app, `${PAGE}#/cart`);

    const { nonceStr, timestamp } = config;
    const signature = signJsSdk({ ticket: 'ticket-canary-1', nonceStr, timestamp, url: PAGE });
    expect(config).toEqual({
      appId: APP_ID,
      timestamp: 1_414_587_457,
      nonceStr: expect.stringMatching(/^[0-9a-f]{32}$/),
      signature,
    });
    expectFreeOf(config, ['ticket-canary']);
  });

  it('has chance of its own each time, and one ticket', async () => {
    const { sdk, app, asked } = setUp();
    const [one, two] = [await sdk.sign(app, PAGE), await sdk.sign(app, PAGE)];

    expect(one.nonceStr).not.toBe(two.nonceStr);
    expect(one.signature).not.toBe(two.signature);
    expect(asked()).toBe(1);
  });

  it('is for hosts of returnTo.origins too', async () => {
    const { sdk, app } = setUp({ returnTo: { origins: ['https://www.example.com'] } });

    expect(await sdk.sign(app, 'https://www.example.com/a')).toHaveProperty('signature');
  });

  it('is refused for another host before WeChat is asked for anything', async () => {
    const { sdk, app, asked } = setUp();

    expect(await failureOf(() => sdk.sign(app, 'https://evil.example/'))).toBeInstanceOf(WechatInputError);
    expect(asked()).toBe(0);
  });

  it.each(['website', 'mobile', 'mini-program'] as const)('is nothing for a %s', async (type) => {
    const { sdk, app, asked } = setUp({ apps: { other: { type, appId: APP_ID, secret: 's'.repeat(32) } } });
    const error = await failureOf(() => sdk.sign(app, PAGE));

    expect(error).toBeInstanceOf(WechatConfigError);
    expect(error).toMatchObject({ option: 'apps.other.type' });
    expect(error.message).toContain('JS接口安全域名');
    expect(asked()).toBe(0);
  });

  it('names the option as it stands where there is one app', async () => {
    const { sdk, app } = setUp({ type: 'mini-program' });
    expect(await failureOf(() => sdk.sign(app, PAGE))).toMatchObject({ option: 'type' });
  });
});
