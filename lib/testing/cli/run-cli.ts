// The bin without its process: starts the server, says where it is, stops it on a signal. cli.ts
// runs it.
import type { CliHost } from './cli-host.js';
import { type CliOptions, CliUsageError, parseCliOptions, USAGE } from './cli-options.js';
import { connectPush, newPushSetUp, pushApp, pushEnv, type PushSetUp } from './push-set-up.js';
import { envBlock } from './env-block.js';
import { WX_LOGIN } from '../mock-server/desk/wx-login.js';
import { DEFAULT_MOCK_APPS } from '../mock-server/mock-apps.js';
import { MockServerError } from '../mock-server/mock-server-error.js';
import { WechatMockServer } from '../mock-server/mock-server.js';
import type { WechatMockServerOptions } from '../mock-server/mock-server.types.js';

/** @returns the exit code: 0 stopped or helped, 1 could not start, 2 wrong option */
export async function runCli(argv: readonly string[], host: CliHost): Promise<number> {
  let server: WechatMockServer;
  let options: CliOptions | 'help';
  try {
    options = parseCliOptions(argv);
    if (options === 'help') {
      host.out(USAGE);
      return 0;
    }
    server = await WechatMockServer.start(options.server);
  } catch (error) {
    const [code, message] = explain(error as NodeJS.ErrnoException);
    host.err(`nestjs-wechat-mock: ${message}`);
    if (code === 2) host.err('Try nestjs-wechat-mock --help.');
    return code;
  }
  const account = options.push === undefined ? undefined : pushApp(server.apps);
  if (options.push !== undefined && account === undefined) {
    await server.close();
    host.err('nestjs-wechat-mock: --push: no official account is there. Add one with --app.');
    return 2;
  }
  const push = options.push === undefined ? undefined : newPushSetUp(options.push, host);
  greet(server, options.server.apps, push, host);
  if (push) void connectPush(server, account!, push, host);
  await host.stopped;
  await server.close();
  host.out('Stopped.');
  return 0;
}

function explain(error: NodeJS.ErrnoException): [code: 1 | 2, message: string] {
  if (error instanceof CliUsageError) return [2, error.message];
  if (error instanceof MockServerError) return [error.option === 'start()' ? 1 : 2, error.message];
  switch (error.code) {
    case 'EADDRINUSE':
      return [
        1,
        'the port is taken by another program. Choose another with --port, or --port 0 for any free one.',
      ];
    case 'EACCES':
      return [1, 'no permission for this port. Choose one above 1023 with --port.'];
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return [1, 'this machine has no such address. Check --host.'];
    default:
      return [1, `could not start: ${error.message}`];
  }
}

function greet(
  server: WechatMockServer,
  apps: WechatMockServerOptions['apps'],
  push: PushSetUp | undefined,
  host: CliHost,
): void {
  const { open, api } = server.endpoints;
  host.out('WeChat mock server (not WeChat; for development only)');
  host.out(`  page  ${open}/  (apps, people, last calls, faults to inject)`);
  host.out(`  endpoints: { open: '${open}', api: '${api}' }`);
  for (const { type, appId } of server.apps) {
    // The secrets of one's own apps are nobody's business; those of the default ones are in the
    // documentation.
    const secret = apps
      ? ''
      : `  secret ${String(DEFAULT_MOCK_APPS.find((app) => app.appId === appId)!.secret)}`;
    host.out(`  app   ${type.padEnd(16)}  ${appId}${secret}`);
  }
  for (const { id, nickname, snapshot } of server.users) {
    host.out(`  user  ${id.padEnd(16)}  ${nickname}${snapshot ? SNAPSHOT : ''}`);
  }
  // What stands first is what `wx.login` is about; a native app has codes of the same kind.
  const { apps: all, users } = server;
  const login = all.find(({ type }) => type === 'mini-program') ?? all.find(({ type }) => type === 'mobile');
  if (login)
    host.out(`  code  ${open}${WX_LOGIN}?app=${login.appId}&user=${users[0]!.id}  (as wx.login gives it)`);
  host.out('');
  // A comment, so that nothing breaks when it is pasted as well.
  host.out('# .env for the quick start of the README:');
  const sessionSecret = host.random(32).toString('base64');
  for (const line of envBlock({ apps, origin: open, sessionSecret })) host.out(line);
  for (const line of push ? pushEnv(push) : []) host.out(line);
  host.out('');
  host.out('Stop with Ctrl+C.');
}

/** Why picking such a user for the quick start's silent login shows nothing special. */
const SNAPSHOT = '  (a snapshot user with snsapi_userinfo only; a silent login gives an ordinary identity)';
