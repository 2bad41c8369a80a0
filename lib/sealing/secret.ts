// A value that must not be printed. Everything that holds an app secret or a session key holds it
// in one of these.
import type { InspectOptions } from 'node:util';

/**
 * Keeps a string out of JSON, `util.inspect`, template literals and logs. Only `reveal()` gives it.
 */
export class WechatSecret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Do not print it. */
  reveal(): string {
    return this.#value;
  }

  /** `[secret]`. */
  toString(): string {
    return '[secret]';
  }

  /** `[secret]`. */
  toJSON(): string {
    return '[secret]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](_depth: number, _options: InspectOptions): string {
    return '[secret]';
  }
}
