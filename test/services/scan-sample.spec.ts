// Sample 06 as its users start it; it needs no server. A desktop is signed in by a phone, through
// the pages that a person would open.
import { freePorts, occupy } from '../browser/sample.js';
import { AGENTS, type Answer, Browser } from '../support/browser.js';
import { type RunningSample, SampleCheckout } from './sample-checkout.js';

const SCAN = '06-scan-to-follow';

/** A start builds the library and the sample. */
const BUILD_MS = 240_000;

let checkout: SampleCheckout;
beforeAll(() => {
  checkout = new SampleCheckout([SCAN]);
});
afterAll(() => checkout.remove());

describe('sample 06, scan to follow and sign in', () => {
  let sample: RunningSample;
  beforeAll(async () => {
    sample = await checkout.start(SCAN);
  }, BUILD_MS);
  afterAll(() => sample?.running.kill());

  it('says where it is and what to try, and warns of nothing', () => {
    expect(sample.running.output).toContain(`Scan to follow and sign in   ${sample.home}`);
    expect(sample.running.output).toMatch(/six digits/);
    expect(sample.running.output).not.toMatch(/WARN|ERROR/);
  });

  it.each(['qiang', 'ming'])(
    'signs in at the desktop whoever types what the phone says: %s',
    async (person) => {
      const desktop = new Browser(AGENTS.desktop);
      const page = await scanPage(desktop, sample);
      const phone = await scanAs(sample, person);
      const [digits] = /(?<!\d)\d{6}(?!\d)/.exec(chatIn(phone))!;
      expect(chatIn(phone)).toContain(new URL(sample.home).host);

      const wrong = await typeDigits(desktop, page, String((Number(digits) + 1) % 1e6).padStart(6, '0'));
      expect(wrong.status).toBe(422);
      const right = await typeDigits(desktop, page, digits);
      expect([right.status, right.headers.location]).toEqual([303, `${sample.home}/orders`]);
      const orders = await desktop.visit(`${sample.home}/orders`);
      expect(orders.body).toMatch(/id="openid">o[\w-]{27}</);
      expect(orders.body).toMatch(/id="unionid">[\w-]{10,}</);
      await sample.running.printed(/已登录 · signed in/);
    },
  );

  it('stops on Ctrl+C, with a browser that waits', async () => {
    const desktop = new Browser(AGENTS.desktop);
    const { url } = await scanPage(desktop, sample);
    const waiting = desktop.fetch(`${sample.home}/wechat/scan/events${new URL(url).search}`);
    sample.running.interrupt();
    await Promise.all([sample.running.end(), waiting.catch(() => undefined)]);
    expect(sample.running.output).toContain('Stopped');
    await (await occupy(Number(new URL(sample.home).port))).release();
  });

  it('asks on the phone with CONFIRM=tap', async () => {
    const tap = await checkout.start(SCAN, { built: true, env: { CONFIRM: 'tap' } });
    try {
      const desktop = new Browser(AGENTS.desktop);
      const page = await scanPage(desktop, tap);
      const { answer, browser } = await scanOnPhone(tap, 'qiang');
      const [, link] = /<a href="([^"]+\/scan\/confirm\/[^"]+)"/.exec(answer.body)!;
      const asked = (await browser.follow(link!)).at(-1)!;
      expect(asked.body).toContain('value="yes"');
      const said = await browser.visit(asked.url, {
        method: 'POST',
        headers: { origin: tap.home, 'content-type': 'application/x-www-form-urlencoded' },
        body: 'answer=yes',
      });
      expect(said.status).toBe(303);
      expect((await typeDigits(desktop, page, '')).headers.location).toBe(`${tap.home}/orders`);
    } finally {
      await tap.running.kill();
    }
  });

  it('says in one line that its port is taken', async () => {
    const { port, release } = await occupy();
    const { MOCK_PORT } = await freePorts();
    const start = checkout.launch(SCAN, { built: true, env: { PORT: String(port), MOCK_PORT } });
    expect(await start.end()).toBe(1);
    await release();
    const said = start.output.split('\n').filter((text) => text !== '' && !/^(>|npm )/.test(text));
    expect(said).toEqual([expect.stringMatching(/端口 \d+ 已被占用/)]);
  });
});

/** To the orders as a stranger: the page with a code. */
async function scanPage(desktop: Browser, { home }: RunningSample): Promise<Answer> {
  const page = (await desktop.follow(`${home}/orders`)).at(-1)!;
  expect(page.status).toBe(200);
  expect(page.body).toContain('<svg class="code"');
  return page;
}

/** Through the mock: the newest code of its list, and somebody's phone. */
async function scanOnPhone({ running }: RunningSample, person: string) {
  const [, mock] = /模拟服务器 (http:\S+)/.exec(running.output)!;
  const browser = new Browser(AGENTS.desktop);
  const desk = await browser.visit(mock!);
  const [, code] = /<a href="(\/q\/[^"?]+)[^"]*" data-testid="scan-code"/.exec(desk.body)!;
  const scanned = await browser.visit(mock + code!, {
    method: 'POST',
    headers: { origin: mock!, 'content-type': 'application/x-www-form-urlencoded' },
    body: `user=${person}`,
  });
  expect(scanned.status).toBe(303);
  return { browser, answer: await browser.visit(new URL(String(scanned.headers.location), mock).href) };
}

const scanAs = async (sample: RunningSample, person: string) => (await scanOnPhone(sample, person)).answer;

/** What was said, without the page around it. */
function chatIn({ body }: Answer): string {
  return body.slice(body.indexOf('data-testid="chat"')).replace(/<[^>]+>/g, '\n');
}

function typeDigits(desktop: Browser, page: Answer, digits: string): Promise<Answer> {
  const { origin, search } = new URL(page.url);
  return desktop.visit(`${origin}/wechat/scan/finish${search}`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ digits }).toString(),
  });
}
