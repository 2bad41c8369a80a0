// What the terminal says: the greeting, and every way in which a start can fail, in one line.
import { ConsoleLogger } from '@nestjs/common';
import { WechatConfigError } from 'nestjs-wechat-oauth';
import { MockServerError } from 'nestjs-wechat-oauth/testing';
import { type Settings, SettingsError } from './settings.js';

/** The settings behind the module's options. */
const VARIABLES: readonly [option: RegExp, variable: string][] = [
  [/appId$/, 'WECHAT_APP_ID'],
  [/secret$/, 'WECHAT_SECRET'],
  [/^publicUrl$/, 'PUBLIC_URL'],
  [/^sessionSecret$/, 'SESSION_SECRET'],
];

export function greet({ mockPort, port, publicUrl }: Settings): string {
  const where =
    mockPort === undefined
      ? [
          '微信   真实微信 · the real WeChat',
          `本机   监听端口 ${port} · listening on port ${port}; ${publicUrl} must lead here`,
        ]
      : [`微信   模拟服务器 http://127.0.0.1:${mockPort} · a mock, nothing leaves this machine`];
  const tries =
    mockPort === undefined
      ? [
          '在微信里打开上面的地址 · open the address inside WeChat',
          '再点“显示我的昵称和头像” · then show your profile',
        ]
      : [
          '“微信”：静默登录，再授权昵称和头像，试试“拒绝” · inside WeChat: silent login, then the profile; refuse it too',
          '“电脑”：扫码登录 · desktop: sign in by QR code',
          '“小程序”：wx.login 换令牌 · mini program: a code for a bearer token',
        ];
  return [
    '',
    `  一叶茶铺 · Yiye Teahouse   ${publicUrl}`,
    '',
    ...where.map((line) => `  ${line}`),
    '',
    ...tries.map((line, index) => `  ${index + 1}  ${line}`),
    '',
    '  Ctrl+C 停止 · stops',
    '',
  ].join('\n');
}

export function explain(error: unknown): string {
  if (error instanceof SettingsError) return error.message;
  if (error instanceof WechatConfigError) {
    const variable = VARIABLES.find(([option]) => option.test(error.option))?.[1];
    return `${variable ?? error.option} 有误 · ${error.message}`;
  }
  if (error instanceof MockServerError) return error.message;
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  const variable = port === Number(process.env['MOCK_PORT'] || 3001) ? 'MOCK_PORT' : 'PORT';
  const another = `${variable}=${port === undefined ? 8000 : (port % 60_000) + 1_000} npm start`;
  if (code === 'EADDRINUSE') return `端口 ${port} 已被占用 · Port ${port} is taken. Try: ${another}`;
  if (code === 'EACCES') return `没有权限使用端口 ${port} · No permission for port ${port}. Try: ${another}`;
  // Unforeseen, so the stack is worth more than a short line.
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Nest reports a failed start with a stack; `explain` says the same in one line. */
export class QuietLogger extends ConsoleLogger {
  override error(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (context !== 'ExceptionHandler' && context !== 'NestApplication') super.error(message, ...rest);
  }
}
