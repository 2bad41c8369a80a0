// What the terminal says: the greeting, and the ways in which a start can fail, in one line.
import { ConsoleLogger } from '@nestjs/common';
import { MockServerError } from 'nestjs-wechat-oauth/testing';
import { MOCK_PORT, PUBLIC_URL, REDIS_URL, STORE } from './settings.js';

/** A server that the sample needs does not answer. The message is one line for the terminal. */
export class MissingServer extends Error {}

export function greet(pids: readonly (number | undefined)[]): string {
  const store = STORE === 'file' ? '文件 · files in tokens/' : `Redis ${hostOf(REDIS_URL)}`;
  return [
    '',
    `  两个进程，一个端口 · One port, several processes   ${PUBLIC_URL}`,
    '',
    ...pids.map((pid, index) => `  进程 ${index + 1} · process ${index + 1}   pid ${pid}`),
    `  共享 · shared   ${store}`,
    `  微信   模拟服务器 http://127.0.0.1:${MOCK_PORT} · a mock, nothing leaves this machine`,
    '',
    '  Ctrl+C 停止 · stops',
    '',
  ].join('\n');
}

export function missingRedis(reason: string): MissingServer {
  return new MissingServer(
    `连不上 Redis ${hostOf(REDIS_URL)} · Redis does not answer there (${reason}). Set REDIS_URL, or in the root of the repository: docker compose -f test/services/compose.yaml up --wait redis`,
  );
}

export function explain(error: unknown): string {
  if (error instanceof MissingServer || error instanceof MockServerError) return error.message;
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

/** Without a password that may be in the address. */
function hostOf(url: string): string {
  return new URL(url).host;
}
