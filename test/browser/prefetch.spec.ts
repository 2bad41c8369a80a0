// Pages that Chromium asks for before anybody has clicked.
import { Controller, Get, Header } from '@nestjs/common';
import { SHOP } from '../support/application.js';
import { Shop } from './shop.js';
import type { Visitor } from './visitor.js';

const rules = (kind: string) =>
  `<script type="speculationrules">{"${kind}":[{"urls":["/orders/mine"],"eagerness":"immediate"}]}</script>`;

@Controller()
class Pages {
  @Get('link')
  @Header('Content-Type', 'text/html')
  link() {
    return '<link rel="prefetch" href="/orders/mine"><a href="/orders/mine">mine</a>';
  }

  @Get('prefetch')
  @Header('Content-Type', 'text/html')
  prefetch() {
    return `${rules('prefetch')}<a href="/orders/mine">mine</a>`;
  }

  @Get('prerender')
  @Header('Content-Type', 'text/html')
  prerender() {
    return `${rules('prerender')}<a href="/orders/mine">mine</a>`;
  }
}

describe('A guarded page that Chromium asks for in advance', () => {
  let shop: Shop;
  let visitor: Visitor;

  beforeAll(async () => {
    shop = await Shop.open(Pages);
  }, 60_000);

  afterAll(() => shop?.close());

  beforeEach(async () => {
    shop.seen.length = 0;
    visitor = await shop.visitor();
  });

  afterEach(() => visitor?.context.close());

  it.each([
    ['<link rel="prefetch">', '/link'],
    ['rules to prefetch', '/prefetch'],
    ['rules to prerender', '/prerender'],
  ])('by %s starts no login, and a real click does', async (_, page) => {
    await visitor.page.goto(SHOP + page);
    await shop.until(() => shop.to('/orders/mine').length > 0);

    const inAdvance = shop.to('/orders/mine');
    expect(inAdvance[0]!.headers['sec-purpose']).toMatch(/^prefetch/);
    expect(inAdvance.map(({ status, setCookies }) => [status, setCookies])).toEqual(
      inAdvance.map(() => [503, []]),
    );
    expect(await visitor.context.cookies(SHOP)).toEqual([]);

    shop.seen.length = 0;
    await visitor.page.getByRole('link').click();
    await visitor.page.getByText('openid').waitFor();
    expect(shop.to('/orders/mine').map(({ status }) => status)).toEqual([302, 302, 200]);
  });
});
