import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { jest } from '@jest/globals';
import { envBlock } from '../../../../lib/testing/cli/env-block.js';
import { runCli } from '../../../../lib/testing/cli/run-cli.js';
import { readSessionSecrets } from '../../../../lib/config/read-session.js';
import type { MockAppOptions } from '../../../../lib/testing/index.js';
import { start } from '../mock-server/kit.js';

const folder = mkdtempSync(join(tmpdir(), 'wechat-mock-'));
const file = (name: string, content: unknown) => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the bin to its end; `whileUp` is called with the origin as soon as the server listens. */
async function run(argv: string[], whileUp?: (origin: string) => Promise<void>) {
  const [out, err]: [string[], string[]] = [[], []];
  let stop!: () => void;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  let used: Promise<void> | undefined;
  const code = await runCli(argv, {
    out: (line) => {
      out.push(line);
      if (line === 'Stop with Ctrl+C.') {
        used = (whileUp?.(/open: '([^']+)'/.exec(out.join('\n'))![1]!) ?? Promise.resolve()).finally(stop);
      }
    },
    err: (line) => err.push(line),
    random: (bytes) => Buffer.alloc(bytes, 'seam'),
    pause: async () => undefined,
    stopped,
  });
  await used;
  return { code, out: out.join('\n'), err: err.join('\n') };
}

describe('nestjs-wechat-mock', () => {
  it.each(['--help', '-h'])('explains itself with %s', async (option) => {
    const { code, out, err } = await run([option]);
    expect(code).toBe(0);
    expect(out).toMatch(/^Usage: nestjs-wechat-mock/);
    expect(err).toBe('');
  });

  it('says where it is, who is there and which secrets the default apps have, and stops', async () => {
    const { code, out } = await run(['--port', '0'], async (origin) => {
      expect((await fetch(`${origin}/sns/auth`)).status).toBe(200);
    });
    expect(code).toBe(0);
    expect(out).toMatch(/endpoints: \{ open: 'http:\/\/127\.0\.0\.1:\d+', api: 'http:/);
    expect(out).toContain(`wx00000000000000a1  secret ${'a1'.repeat(16)}`);
    expect(out).toMatch(/user {2}hong +小红🌸/);
    expect(out).toMatch(/Stopped\.$/);
  });

  it('takes apps from the command line, and keeps their secrets to itself', async () => {
    const apps = [
      '--app',
      'website:wx1:topsecret:localhost,www.qq.com',
      '--app',
      'mini-program:wx2:topsecret',
    ];
    const { code, out } = await run(
      ['--port', '0', '--host', 'localhost', ...apps, '--auto-consent', 'hong'],
      async (origin) => {
        for (const redirect of ['http://localhost:1', 'https://www.qq.com']) {
          const url = `${origin}/connect/qrconnect?appid=wx1&redirect_uri=${redirect}&response_type=code&scope=snsapi_login`;
          expect((await fetch(url, { redirect: 'manual' })).status).toBe(302);
        }
      },
    );
    expect(code).toBe(0);
    expect(out).toMatch(/app {3}website +wx1\n {2}app {3}mini-program +wx2\n/);
    expect(out).not.toContain('topsecret');
  });

  /** The block as `node --env-file` reads it, comments left out. */
  const blockIn = (out: string) => {
    const block = /\n\n(# \.env [^]*?)\n\n/.exec(out)![1]!;
    return parseEnv(block);
  };

  it('prints the .env of the quick start, ready to paste', async () => {
    let origin = '';
    const { out } = await run(['--port', '0'], async (at) => void (origin = at));
    const env = blockIn(out);
    expect(env).toEqual({
      WECHAT_APP_ID: 'wx00000000000000a1',
      WECHAT_SECRET: 'a1'.repeat(16),
      PUBLIC_URL: 'http://localhost:3000',
      SESSION_SECRET: Buffer.alloc(32, 'seam').toString('base64'),
      WECHAT_MOCK: origin,
    });
    expect(out).toContain(`  page  ${origin}/  (`);
    expect(out).toContain(`${origin}/mock/wx-login?app=wx00000000000000d4&user=ming  (as`);
    expect(out).toMatch(/visitor +快照访客 {2}\(a snapshot user with snsapi_userinfo only; a silent login/);
    for (const line of out.split('\n')) expect(line.length).toBeLessThan(130);
  });

  it('makes a session secret that our own check takes', () => {
    const sessionSecret = randomBytes(32).toString('base64');
    const env = parseEnv(
      envBlock({ apps: undefined, origin: 'http://127.0.0.1:1', sessionSecret }).join('\n'),
    );
    expect(env['SESSION_SECRET']).toBe(sessionSecret);
    expect(readSessionSecrets(env['SESSION_SECRET'], new Map())).toHaveLength(1);
  });

  it.each<[MockAppOptions[], Record<string, string>]>([
    [
      [
        { type: 'website', appId: 'wx1', secret: 'topsecret' },
        { type: 'official-account', appId: 'wx2', secret: 'topsecret', domains: ['www.qq.com', '127.0.0.2'] },
      ],
      { WECHAT_APP_ID: 'wx2', PUBLIC_URL: 'http://127.0.0.2:3000' },
    ],
    [
      [{ type: 'official-account', appId: 'wx2', secret: 'topsecret', domains: ['WWW.QQ.com', 'qq.com'] }],
      { WECHAT_APP_ID: 'wx2', PUBLIC_URL: 'https://www.qq.com' },
    ],
    [
      [{ type: 'official-account', appId: 'wx2', secret: 'topsecret', domains: ['::1'] }],
      { WECHAT_APP_ID: 'wx2', PUBLIC_URL: 'http://[::1]:3000' },
    ],
    [
      [{ type: 'website', appId: 'wx1', secret: ['topsecret', 'topsecret2'], domains: ['localhost'] }],
      { WECHAT_APP_ID: 'wx1', PUBLIC_URL: 'http://localhost:3000' },
    ],
    [
      [{ type: 'mini-program', appId: 'wx3', secret: 'topsecret', domains: [] }],
      { WECHAT_APP_ID: 'wx3', PUBLIC_URL: 'http://localhost:3000' },
    ],
    [
      [{ type: 'official-account', appId: 'wx2', secret: 'topsecret', domains: [] }],
      { WECHAT_APP_ID: 'wx2', PUBLIC_URL: '' },
    ],
  ])('says in it what is true with apps of one’s own: %j', async (apps, facts) => {
    const { out } = await run(['--port', '0', '--apps', file('own.json', apps)]);
    expect(blockIn(out)).toMatchObject({ ...facts, WECHAT_SECRET: '' });
    expect(out).not.toContain('topsecret');
    const [first] = apps;
    expect(out.includes(`needs type: '${first!.type}'`)).toBe(
      apps.every(({ type }) => type !== 'official-account'),
    );
    expect(out.includes('logins end with 10003')).toBe(facts['PUBLIC_URL'] === '');
    expect(out.includes('/mock/wx-login')).toBe(first!.type === 'mini-program');
  });

  it('names the address that --host gives', async () => {
    const { out } = await run(['--port', '0', '--host', '::1']);
    expect(blockIn(out)['WECHAT_MOCK']).toMatch(/^http:\/\/\[::1\]:\d+$/);
  });

  it('takes apps and users from a file', async () => {
    const apps = [{ type: 'official-account', appId: 'wx9', secret: 's' }];
    const both = file('both.json', { apps, users: [{ id: 'lan', nickname: '小兰' }] });
    const list = file('list.json', apps);
    const first = await run(
      ['--port', '0', '--apps', both, '--app', 'website:wx1:s', '--wechat-only'],
      async (origin) => {
        const page = await fetch(`${origin}/connect/oauth2/authorize?appid=wx9`);
        expect(await page.text()).toContain('请在微信客户端打开链接');
      },
    );
    expect(first.out).toMatch(/wx9\n.*wx1\n {2}user {2}lan +小兰\n\n# \.env for/);
    expect((await run(['--port', '0', '--apps', list])).out).toMatch(/wx9\n {2}user {2}ming/);
    expect(
      (
        await run([
          '--port',
          '0',
          '--apps',
          file('users.json', { users: [{ id: 'lan', nickname: '小兰' }] }),
          '--app',
          'website:wx1:s',
        ])
      ).out,
    ).toContain('wx1');
  });

  it.each<[string[], RegExp]>([
    [['--host', '0.0.0.0'], /host is "0\.0\.0\.0".*allowRemote: true \(--allow-remote/],
    [['--host', ''], /host is "".*--allow-remote/],
    [['--prot', '1'], /Unknown option '--prot'/],
    [['extra'], /an argument stands without an option: an app goes behind --app/],
    [['--port', 'http'], /--port http: give a number from 0 to 65535/],
    [['--port', '70000'], /--port 70000/],
    [['--app', 'website:wx1'], /--app: give type:appId:secret\[:domain…\]/],
    [['--app', 'web:wx1:s'], /apps\[0\]\.type is "web"\. Use one of: official-account/],
    [['--app', 'website:wx1:s:https://a.com'], /apps\[0\]\.domains/],
    [['--auto-consent', 'nobody'], /autoConsent names the unknown user "nobody"/],
    [['--apps', join(folder, 'missing.json')], /missing\.json: cannot be read \(ENOENT\)/],
    [['--apps', file('broken.json', '{')], /broken\.json: is not JSON/],
    [
      ['--apps', file('number.json', 7)],
      /number\.json: give an array of apps, or an object with apps and users/,
    ],
    [['--apps', file('null.json', null)], /null\.json: give an array of apps/],
    [
      ['--apps', file('odd.json', { app: [], user: [] })],
      /odd\.json: knows apps and users, not "app", "user"/,
    ],
    [['--apps', file('wrong.json', { apps: 7 }), '--app', 'website:wx1:s'], /apps is empty or not an array/],
  ])('exits with 2 for %j', async (argv, message) => {
    const { code, err, out } = await run(['--port', '0', ...argv]);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(err).toMatch(/Try nestjs-wechat-mock --help\.$/);
    expect(out).toBe('');
  });

  it.each([
    [['official-account:wx1:topsecret']],
    [['--wechat-only', 'official-account:wx1:topsecret']],
    [['--app', 'official-account:wx1', 'topsecret']],
    [['--ap=official-account:wx1:topsecret']],
    [['--app', 'topsecret']],
  ])('does not repeat what may be a secret: %j', async (argv) => {
    const { code, err } = await run(argv);
    expect(code).toBe(2);
    expect(err).not.toContain('topsecret');
  });

  it('exits with 1 when it cannot start', async () => {
    const { port } = new URL((await start()).endpoints.open);
    expect(await run(['--port', port])).toMatchObject({
      code: 1,
      err: expect.stringContaining('the port is taken by another program'),
    });
    expect(await run(['--port', '0', '--host', '203.0.113.1', '--allow-remote'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('no such address. Check --host'),
    });
    process.env['NODE_ENV'] = 'production';
    try {
      expect(await run(['--port', '0'])).toMatchObject({
        code: 1,
        err: expect.stringContaining('NODE_ENV=production'),
      });
    } finally {
      process.env['NODE_ENV'] = 'test';
    }
  });

  it('lets other machines in when it is told to, and says so', async () => {
    const spy = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    expect(await run(['--port', '0', '--host', '0.0.0.0', '--allow-remote'])).toMatchObject({ code: 0 });
    expect(spy).toHaveBeenCalledTimes(1);
    spy.mockRestore();
  });

  it.each([
    ['EACCES', 'Choose one above 1023'],
    ['ENOTFOUND', 'no such address'],
    ['EMFILE', 'could not start: EMFILE happened'],
  ])('explains %s', async (code, message) => {
    const { WechatMockServer } = await import('../../../../lib/testing/index.js');
    const error = Object.assign(new Error(`${code} happened`), { code });
    const spy = jest.spyOn(WechatMockServer, 'start').mockRejectedValueOnce(error);
    expect(await run([])).toMatchObject({ code: 1, err: expect.stringContaining(message) });
    // The port people write in their configuration.
    expect(spy).toHaveBeenCalledWith(expect.objectContaining({ port: 8765 }));
    spy.mockRestore();
  });

  it('is a program', async () => {
    const { argv, exitCode } = process;
    const written: string[] = [];
    const spies = [process.stdout, process.stderr].map((stream) =>
      jest.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0),
    );
    process.argv = ['node', 'cli.js', '--prot'];
    await import('../../../../lib/testing/cli/cli.js');
    const code = process.exitCode;
    jest.resetModules();
    process.argv = ['node', 'cli.js', '--port', '0'];
    const running = import('../../../../lib/testing/cli/cli.js');
    while (!written.some((text) => text.startsWith('Stop with')))
      await new Promise((resolve) => setImmediate(resolve));
    process.emit('SIGTERM');
    await running;
    spies.forEach((spy) => spy.mockRestore());
    expect(code).toBe(2);
    expect(process.exitCode).toBe(0);
    expect(written.at(-1)).toBe('Stopped.\n');
    process.argv = argv;
    process.exitCode = exitCode;
  });
});
