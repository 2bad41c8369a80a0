// A token store of one's own: a file for each entry. For one process, because nothing keeps another
// one from writing between a look and a write.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TokenStore } from 'nestjs-wechat-oauth';

interface Entry {
  value: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

export class FileTokenStore extends TokenStore {
  /** The end of the queue of writes. */
  private last: Promise<unknown> = Promise.resolve();

  private constructor(private readonly directory: string) {
    super();
  }

  /** Makes the directory, and sweeps out what is over: nobody may ever ask for it again. */
  static async open(directory: string): Promise<FileTokenStore> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const name of await readdir(directory)) {
      const path = join(directory, name);
      if (!(await readEntry(path))) await rm(path, { force: true });
    }
    return new FileTokenStore(directory);
  }

  override async get(key: string): Promise<string | undefined> {
    return (await readEntry(this.pathOf(key)))?.value;
  }

  override set(key: string, value: string, ttlMs: number): Promise<void> {
    return this.inTurn(() => this.write(key, value, ttlMs));
  }

  override delete(key: string): Promise<void> {
    return this.inTurn(() => rm(this.pathOf(key), { force: true }));
  }

  override setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    return this.inTurn(async () => {
      if ((await this.get(key)) !== undefined) return false;
      await this.write(key, value, ttlMs);
      return true;
    });
  }

  override replaceIfEqual(
    key: string,
    expected: string,
    value: string | undefined,
    ttlMs: number,
  ): Promise<boolean> {
    return this.inTurn(async () => {
      if ((await this.get(key)) !== expected) return false;
      await (value === undefined ? rm(this.pathOf(key), { force: true }) : this.write(key, value, ttlMs));
      return true;
    });
  }

  /** What makes the two operations above atomic: one write at a time. */
  private inTurn<T>(turn: () => Promise<T>): Promise<T> {
    const mine = this.last.then(turn);
    this.last = mine.catch(() => undefined);
    return mine;
  }

  /** Through another file, so that a reader finds the old entry or the new one and never a half. */
  private async write(key: string, value: string, ttlMs: number): Promise<void> {
    const unfinished = join(this.directory, randomUUID());
    const entry: Entry = { value, expiresAt: Date.now() + ttlMs };
    await writeFile(unfinished, JSON.stringify(entry), { flag: 'wx', mode: 0o600 });
    await rename(unfinished, this.pathOf(key));
  }

  /**
   * A hash, because keys are longer than names of files may be, hold any character, and differ by
   * case.
   */
  private pathOf(key: string): string {
    return join(this.directory, createHash('sha256').update(key).digest('hex'));
  }
}

/** Undefined for what is missing, over, or was never finished. */
async function readEntry(path: string): Promise<Entry | undefined> {
  try {
    const entry = JSON.parse(await readFile(path, 'utf8')) as Entry;
    return entry.expiresAt > Date.now() ? entry : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
