// The message push that the command sets up by itself.
import { runCli } from '../../../../lib/testing/cli/run-cli.js';
import { localServer } from '../../../support/local-server.js';

const out: string[] = [];
const err: string[] = [];
let stop: () => void;

/** Runs the command until a line says that it is done. @param until a line that ends it */
function run(argv: string[], until: RegExp, paused: () => Promise<unknown> = async () => undefined) {
  out.length = err.length = 0;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  return runCli(['--port', '0', ...argv], {
    out: (line) => {
      out.push(line);
      if (until.test(line)) stop();
    },
    err: (line) => err.push(line),
    random: (bytes) => Buffer.from(Array.from({ length: bytes }, (_, index) => (index * 41) % 256)),
    pause: paused,
    stopped,
  });
}

it('waits for the application, and says why it is not done yet', async () => {
  let echoes = false;
  const server = await localServer((request, response) => {
    const { searchParams } = new URL(request.url!, 'http://x');
    response.end(echoes ? searchParams.get('echostr') : 'not found');
  });
  const url = `${server.origin}/wechat/push`;
  const paused = async () => void (echoes = true);
  expect(await run(['--push', url], /^Push: .* go there/, paused)).toBe(0);
  server.close();
  const lines = out.filter((line) => line.startsWith('Push: '));
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain('not yet');
  expect(lines[1]).toContain(`${url} answers`);
  const [token, key] = ['WECHAT_PUSH_TOKEN=', 'WECHAT_PUSH_KEY='].map((name) =>
    out.find((line) => line.startsWith(name))!.slice(name.length),
  );
  expect(token).toMatch(/^[A-Za-z0-9]{16}$/);
  expect(key).toMatch(/^[A-Za-z0-9]{43}$/);
});

it('stops while it waits, and says each reason once', async () => {
  let pauses = 0;
  const paused = async () => void (++pauses === 3 && stop());
  expect(await run(['--push', 'http://127.0.0.1:9/wechat/push'], /never/, paused)).toBe(0);
  expect(out.filter((line) => line.startsWith('Push: not yet'))).toHaveLength(1);
});

it.each([
  [['--push', 'wechat/push'], /--push: give the address/],
  [['--push', 'ftp://localhost/push'], /--push: give the address/],
  [['--push', 'http://localhost:3000/wechat/push', '--app', 'website:wx1:s'], /no official account is there/],
])('refuses %j', async (argv, why) => {
  expect(await run(argv, /never/)).toBe(2);
  expect(err.join('\n')).toMatch(why);
});

it('prints no push where none was asked for', async () => {
  expect(await run([], /^Stop with/)).toBe(0);
  expect(out.join('\n')).not.toContain('PUSH');
});
