// What the terminal says: the greeting, and the ways in which a start can fail, in one line.
import { ConsoleLogger } from '@nestjs/common';
import { MockServerError } from 'nestjs-wechat-oauth/testing';
import { DatabaseError } from './make-database.js';
import { MOCK_PORT, MYSQL_URL, PUBLIC_URL } from './settings.js';

export function greet(): string {
  const { host, pathname } = new URL(MYSQL_URL);
  return [
    '',
    `  一个用户，几个微信身份 · One user, several WeChat identities   ${PUBLIC_URL}`,
    '',
    `  数据库   ${host}${pathname} · the database`,
    `  微信     模拟服务器 http://127.0.0.1:${MOCK_PORT} · a mock, nothing leaves this machine`,
    '',
    '  Ctrl+C 停止 · stops',
    '',
  ].join('\n');
}

export function explain(error: unknown): string {
  if (error instanceof DatabaseError || error instanceof MockServerError) return error.message;
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') {
    const variable = port === MOCK_PORT ? 'MOCK_PORT' : 'PORT';
    return `端口 ${port} 已被占用 · Port ${port} is taken. Try: ${variable}=${port! + 1_000} npm start`;
  }
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
