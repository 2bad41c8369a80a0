// The ways in which a start can fail, in one line.
import { ConsoleLogger } from '@nestjs/common';
import { MockServerError } from 'nestjs-wechat-oauth/testing';
import { DatabaseError } from './database.js';
import { MOCK_PORT } from './settings.js';

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
