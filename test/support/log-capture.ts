// Keeps what an application logs, so that tests can look for what must, and for what must not, be
// there.
import type { LoggerService } from '@nestjs/common';
import { inspect } from 'node:util';

export class LogCapture implements LoggerService {
  readonly lines: { level: string; text: string }[] = [];

  log = (...parts: unknown[]) => this.keep('log', parts);
  error = (...parts: unknown[]) => this.keep('error', parts);
  warn = (...parts: unknown[]) => this.keep('warn', parts);
  debug = (...parts: unknown[]) => this.keep('debug', parts);
  verbose = (...parts: unknown[]) => this.keep('verbose', parts);
  fatal = (...parts: unknown[]) => this.keep('fatal', parts);

  get text(): string {
    return this.lines.map(({ level, text }) => `${level} ${text}`).join('\n');
  }

  private keep(level: string, parts: unknown[]): void {
    this.lines.push({
      level,
      text: parts
        .map((part) => (typeof part === 'string' ? part : inspect(part, { depth: 10, showHidden: true })))
        .join(' '),
    });
  }
}
