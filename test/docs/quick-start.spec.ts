// The first evening, by the README and nothing else: `nest new`, its install line, its blocks merged
// as they stand, the mock, a login with a cookie jar and one in Chromium, and the template's own
// tests and lint. With the commands of Nest 12 and of Nest 11.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchChromium, Visitor } from '../browser/visitor.js';
import { AGENTS, type Answer, Browser } from '../support/browser.js';
import { packed, run } from '../packaging/pack.js';
import { pages } from './pages.js';

const readme = pages.get('README.md')!;
const ofLanguage = (language: string) => readme.blocks.filter((block) => block.language === language);
const line = (start: string) =>
  ofLanguage('sh')
    .flatMap(({ text }) => text.split('\n'))
    .find((one) => one.startsWith(start))!;

/** The blocks of Quick start: those that import nothing which only an application of one's own has. */
const files = ofLanguage('ts').filter(({ text }) => !text.includes('./users.service.js'));

/** A command that stays, and what it says. */
class Running {
  output = '';
  private readonly ended: Promise<unknown>;

  constructor(
    private readonly child: ChildProcess,
    readonly name: string,
  ) {
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.ended = once(child, 'close');
  }

  static start(command: string, cwd: string): Running {
    const [program, ...args] = command.split(' ') as [string, ...string[]];
    // As in a terminal of somebody else: nothing of the npm and the jest that run this.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !/^(npm_|JEST_|NODE_ENV|NODE_OPTIONS|PORT$)/i.test(name),
      ),
    );
    return new Running(
      spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] }),
      command,
    );
  }

  async until(pattern: RegExp): Promise<RegExpExecArray> {
    const found = new Promise<RegExpExecArray>((resolve) => {
      const look = () => {
        const match = pattern.exec(this.output);
        if (match) resolve(match);
      };
      this.child.stdout!.on('data', look);
      look();
    });
    const early = this.ended.then(() => {
      throw new Error(`${this.name} ended:\n${this.output}`);
    });
    return Promise.race([found, early]);
  }

  async stop(): Promise<void> {
    // The whole group: npm, nest and the application under them.
    if (this.child.exitCode === null) process.kill(-this.child.pid!, 'SIGTERM');
    await this.ended;
  }
}

/** Fails at once with the reason where somebody uses the ports that the README names. */
async function requireFree(port: number): Promise<void> {
  const server = createServer().listen(port);
  await Promise.race([
    once(server, 'listening'),
    once(server, 'error').then(([error]) => Promise.reject(error as Error)),
  ]);
  await new Promise((resolve) => server.close(resolve));
}

/** Nest says that it has started a moment before it listens. */
async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, 'localhost');
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Presses a button of a page and follows where it leads, as a person would. */
async function press(browser: Browser, page: Answer, button: RegExp): Promise<Answer> {
  const forms = [...page.body.matchAll(/<form[^>]*>.*?<\/form>/gs)].map(([one]) => one);
  const form = forms.find((one) => button.test(one));
  if (!form) throw new Error(`no button ${button} in\n${page.body}`);
  const read = (tag: string, name: string) =>
    (new RegExp(`${name}="([^"]*)"`).exec(tag)?.[1] ?? '').replaceAll('&amp;', '&').replaceAll('&quot;', '"');
  const fields = [...form.matchAll(/<(?:input|button)[^>]* name="[^>]*>/g)].map(([tag]) => tag);
  const body = new URLSearchParams(
    fields.map((tag): [string, string] => [read(tag, 'name'), read(tag, 'value')]),
  ).toString();
  const action = new URL(read(form, 'action') || page.url, page.url).href;
  if (!/method="post"/i.test(form)) return (await browser.follow(`${action}?${body}`)).at(-1)!;
  const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(page.url).origin };
  const answer = await browser.visit(action, { method: 'POST', body, headers });
  const { location } = answer.headers;
  return location ? (await browser.follow(new URL(location, action).href)).at(-1)! : answer;
}

describe.each(['12', '11'])('the quick start with the command of Nest %s', (nest) => {
  let directory: string;
  let shop: string;
  const running: Running[] = [];
  const npm = (...args: string[]) => run('npm', args, { cwd: shop });

  beforeAll(async () => {
    await requireFree(3000);
    await requireFree(8765);
    directory = mkdtempSync(join(tmpdir(), 'nestjs-wechat-oauth-evening-'));
    shop = join(directory, 'shop');
    run('npx', ['--yes', `@nestjs/cli@${nest}`, 'new', 'shop', '--skip-git', '--package-manager', 'npm'], {
      cwd: directory,
    });
    npm(...line('npm i ').replace('npm ', '').replace('nestjs-wechat-oauth', packed().tarball).split(' '));
    for (const { file, text } of files) {
      // "leave the `.js` off in the imports of your own files"
      const source = nest === '11' ? text.replaceAll(/ from '(\.\/.*)\.js'/g, " from '$1'") : text;
      writeFileSync(join(shop, file!), source);
    }
    if (nest === '11') addJestLine();
  }, 600_000);

  afterAll(async () => {
    for (const one of running.toReversed()) await one.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** "in package.json under "jest" and in test/jest-e2e.json" */
  function addJestLine(): void {
    const [block] = ofLanguage('json');
    const extra = JSON.parse(block!.text) as object;
    const change = (name: string, merge: (json: { jest: object }) => object) => {
      const path = join(shop, name);
      writeFileSync(
        path,
        JSON.stringify(merge(JSON.parse(readFileSync(path, 'utf8')) as { jest: object }), null, 2),
      );
    };
    change('package.json', (json) => ({ ...json, jest: { ...json.jest, ...extra } }));
    change('test/jest-e2e.json', (json) => ({ ...json, ...extra }));
  }

  it('starts against the mock, with the block that the mock prints', async () => {
    const mock = Running.start(line('npx nestjs-wechat-mock'), shop);
    running.push(mock);
    const [block] = await mock.until(/(?:^[A-Z_]+=.*\n){5}/m);
    writeFileSync(join(shop, '.env'), block);
    const app = Running.start(line('npm run start:dev'), shop);
    running.push(app);
    await app.until(/Nest application successfully started/);
    await listening(3000);
    expect(app.output).not.toMatch(/ERROR/);
    expect(app.output).toContain('login path: /wechat/login');
  });

  it('signs somebody in who keeps cookies', async () => {
    const browser = new Browser(AGENTS.desktop);
    const people = (await browser.follow('http://localhost:3000/account')).at(-1)!;
    const page = await press(browser, people, /小明/);
    expect(page.json()).toMatchObject({
      user: { app: 'default', openid: expect.any(String) as string },
    });
    const consent = (await browser.follow('http://localhost:3000/account/profile')).at(-1)!;
    const profile = await press(browser, consent, /允许|同意/);
    expect(profile.json()).toMatchObject({ nickname: '小明' });
    const asked = await browser.another().fetch('http://localhost:3000/account');
    expect([asked.status, asked.json()]).toEqual([
      401,
      expect.objectContaining({
        code: 'WECHAT_LOGIN_REQUIRED',
        loginUrl: 'http://localhost:3000/wechat/login',
      }),
    ]);
  });

  it('signs somebody in who sits before Chromium', async () => {
    const chromium = await launchChromium();
    try {
      const { page, errors } = await Visitor.open(chromium, 'desktop');
      await page.goto('http://localhost:3000/account');
      await page.click('text=小明');
      await page.waitForURL('http://localhost:3000/account**');
      expect(await page.textContent('body')).toContain('"openid"');
      await page.goto('http://localhost:3000/account/profile');
      await page.click('button.go');
      await page.waitForURL('http://localhost:3000/account/profile**');
      expect(await page.textContent('body')).toContain('小明');
      await page.goto('http://127.0.0.1:8765/');
      expect(await page.textContent('body')).toContain('wx00000000000000a1');
      // The template has no icon.
      expect(errors.filter((text) => !text.includes('404'))).toEqual([]);
    } finally {
      await chromium.close();
    }
  });

  it('builds, and leaves the tests and the lint of the template green', () => {
    for (const script of ['build', 'test', 'test:e2e', 'lint']) expect(npm('run', script)).toContain(script);
  });
});
