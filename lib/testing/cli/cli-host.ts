// What the command needs of the program that it runs in, so that tests can hold it.

/** The parts of `process` that are needed. */
export interface CliHost {
  out(line: string): void;
  err(line: string): void;
  /** So many bytes that nobody can guess. */
  random(bytes: number): Buffer;
  /** Waits, in ms, without keeping the process alive. */
  pause(ms: number): Promise<unknown>;
  /** Resolves when the program is to stop (SIGINT, SIGTERM). */
  stopped: Promise<unknown>;
}
