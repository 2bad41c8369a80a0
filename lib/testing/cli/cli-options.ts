// The command line of nestjs-wechat-mock: what it takes, and what each mistake is called.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type {
  MockAppOptions,
  MockAppType,
  MockUserOptions,
  WechatMockServerOptions,
} from '../mock-server/mock-server.types.js';

export const USAGE = `Usage: nestjs-wechat-mock [options]

Plays open.weixin.qq.com and api.weixin.qq.com for development. Anybody can sign in as anybody: never in production.

  --port <n>           port to listen on (default 8765; 0: any free port)
  --host <address>     address to listen on (default 127.0.0.1)
  --allow-remote       let other machines in where --host is not of this one alone
  --app <app>          an app, may be repeated: type:appId:secret[:domain…], domains separated by : or ,
                       type: official-account, website, mobile or mini-program
  --apps <file>        JSON file with an array of apps, or { "apps": […], "users": […] }
  --push <url>         set the message push of the first official account up, as soon as the application answers
                       there, e.g. http://localhost:3000/wechat/push; its token and key are printed
  --auto-consent <id>  answer every page at once as this test user
  --wechat-only        refuse browsers that are not WeChat on the pages inside WeChat, as WeChat does
  --help               show this

Without --app and --apps there is one app of each type; they are listed at the start.
Exit codes: 0 stopped or helped, 1 could not start, 2 wrong option.`;

/** A wrong option. The message is for the terminal. */
export class CliUsageError extends Error {}

/** What to start with, and where the message push goes. */
export interface CliOptions {
  readonly server: WechatMockServerOptions;
  readonly push: string | undefined;
}

/** @returns the options to start with, or `help`. @throws CliUsageError */
export function parseCliOptions(argv: readonly string[]): CliOptions | 'help' {
  const values = parse(argv);
  if (values.help) return 'help';
  return { server: readServerOptions(values), push: readPushUrl(values.push) };
}

function readPushUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new CliUsageError('--push: give the address of the push, e.g. http://localhost:3000/wechat/push');
}

function readServerOptions(values: ReturnType<typeof parse>): WechatMockServerOptions {
  const file = values.apps === undefined ? {} : readAppsFile(values.apps);
  return {
    port: values.port === undefined ? 8765 : parsePort(values.port),
    host: values.host,
    allowRemote: values['allow-remote'],
    // A file's apps that are no array are left for the server to complain about.
    apps:
      values.app && (file.apps === undefined || Array.isArray(file.apps))
        ? [...(file.apps ?? []), ...values.app.map(parseApp)]
        : file.apps,
    users: file.users,
    autoConsent: values['auto-consent'],
    requireWechatUserAgent: values['wechat-only'],
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        'allow-remote': { type: 'boolean' },
        app: { type: 'string', multiple: true },
        apps: { type: 'string' },
        push: { type: 'string' },
        'auto-consent': { type: 'string' },
        'wechat-only': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Its message repeats the argument: an app, most likely, and so a secret.
    if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL')
      throw new CliUsageError('an argument stands without an option: an app goes behind --app');
    throw new CliUsageError(message);
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535)
    throw new CliUsageError(`--port ${text}: give a number from 0 to 65535`);
  return port;
}

/** What is wrong inside an app is for the server to say; here only the form counts. */
function parseApp(text: string): MockAppOptions {
  const [type, appId, secret, ...domains] = text.split(/[:,]/);
  // Never the text itself: it may hold a secret, and terminals are recorded.
  if (!type || !appId || !secret) throw new CliUsageError('--app: give type:appId:secret[:domain…]');
  return { type: type as MockAppType, appId, secret, ...(domains.length > 0 ? { domains } : {}) };
}

function readAppsFile(path: string): { apps?: MockAppOptions[]; users?: MockUserOptions[] } {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code;
    throw new CliUsageError(`--apps ${path}: ${missing ? `cannot be read (${missing})` : 'is not JSON'}`);
  }
  if (Array.isArray(content)) return { apps: content };
  if (typeof content === 'object' && content !== null) {
    // Left out in silence, the default apps would start in their place.
    const odd = Object.keys(content).filter((name) => name !== 'apps' && name !== 'users');
    if (odd.length === 0) return content;
    throw new CliUsageError(
      `--apps ${path}: knows apps and users, not ${odd.map((name) => JSON.stringify(name.slice(0, 40))).join(', ')}`,
    );
  }
  throw new CliUsageError(`--apps ${path}: give an array of apps, or an object with apps and users`);
}
