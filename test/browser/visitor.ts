// A person at a screen: a browser window of its own, with what went over the network, and a camera.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page, type Response } from 'playwright-core';

const SCREENS = {
  phone: {
    viewport: { width: 390, height: 844 },
    isMobile: true,
    hasTouch: true,
    deviceScaleFactor: 2,
  },
  desktop: { viewport: { width: 1280, height: 800 } },
};

/**
 * @param more switches of Chromium
 * @param keepsPages goes back to a page as it was left, as browsers of people do; Playwright
 * otherwise loads it anew
 */
export async function launchChromium(more: string[] = [], keepsPages = false): Promise<Browser> {
  const executablePath = process.env['CHROME_PATH'] || '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(
      `There is no Chromium at ${executablePath}. Install one with "sudo apt-get install -y chromium fonts-noto-cjk", or name yours in CHROME_PATH.`,
    );
  }
  return chromium.launch({
    executablePath,
    ...(keepsPages ? { ignoreDefaultArgs: ['--disable-back-forward-cache'] } : {}),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  });
}

export class Visitor {
  readonly responses: Response[] = [];
  /** What a developer would see in red in the console. */
  readonly errors: string[] = [];

  private constructor(
    readonly page: Page,
    readonly context: BrowserContext,
  ) {
    context.on('response', (response) => this.responses.push(response));
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text());
    });
  }

  static async open(
    browser: Browser,
    screen: keyof typeof SCREENS,
    options: { javaScript?: boolean; userAgent?: string; locale?: string } = {},
  ): Promise<Visitor> {
    const context = await browser.newContext({
      ...SCREENS[screen],
      locale: options.locale ?? 'zh-CN',
      ignoreHTTPSErrors: true,
      ...(options.userAgent === undefined ? {} : { userAgent: options.userAgent }),
      javaScriptEnabled: options.javaScript ?? true,
    });
    context.setDefaultTimeout(20_000);
    return new Visitor(await context.newPage(), context);
  }

  /** Presses what carries this `data-testid`, and waits for the page it leads to. */
  async press(testId: string): Promise<void> {
    await this.page.getByTestId(testId).click();
    await this.page.waitForLoadState();
  }

  async text(testId: string): Promise<string> {
    return (await this.page.getByTestId(testId).innerText()).trim();
  }

  /** One line of the table of what the guard knew. */
  async fact(name: string): Promise<string> {
    const row = this.page.getByTestId('identity').getByRole('row', { name: new RegExp(`^${name} `) });
    return (await row.getByRole('cell').innerText()).split('\n')[0]!;
  }

  async photograph(name: string): Promise<void> {
    const path = join(import.meta.dirname, 'screenshots', `${name}.png`);
    await this.page.screenshot({ path, fullPage: true });
  }

  /** The hosts this browser has asked for anything. */
  hosts(): string[] {
    return [...new Set(this.responses.map((response) => new URL(response.url()).hostname))];
  }

  /** How often each of the two hosts' paths was asked for, by path. */
  to(path: string): Response[] {
    return this.responses.filter((response) => new URL(response.url()).pathname === path);
  }
}
