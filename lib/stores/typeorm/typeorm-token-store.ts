// Keeps tokens in an SQL database through TypeORM, for applications that have one anyway: no
// transaction, no table lock, one row per statement.
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, QueryResult, Repository } from 'typeorm';
import { WechatConfigError, WechatInputError } from '../../errors/errors.js';
import { TokenStore } from '../../tokens/token-store.js';
import { type Dialect, dialectOf, fill, namesOf, type TableNames } from './dialects.js';
import { textOf, type WechatTokenEntity } from './wechat-token.entity.js';

/** What `TypeOrmTokenStore` may be told. */
export interface TypeOrmTokenStoreOptions {
  /**
   * Milliseconds since 1970, for tests that hold time still.
   * @default the clock of the database
   */
  now?: () => number;
  /**
   * How often rows past their time are removed, in ms; false: never, and the application calls
   * `clean()`.
   * @default ten minutes
   */
  cleanEvery?: number | false;
}

/**
 * Takes an initialized `DataSource` of MySQL, MariaDB, PostgreSQL or SQLite (`better-sqlite3`) that
 * knows `WechatTokenEntity`, or the repository of it. The migration
 * `CreateWechatTokens1767225600000` makes the table.
 *
 * - Both atomic operations are atomic among all processes: each is decided by one row that one
 *   statement changes.
 * - Keys and values are compared byte by byte whatever the collation of the database. A key has 512
 *   bytes at most.
 * - Entries expire to the millisecond by the clock of the database, so that the clocks of several
 *   servers need not agree. `now` replaces it.
 * - Rows past their time count as missing at once. They are removed by the way: at most every ten
 *   minutes after a write, 500 rows at a time, found by index and read without a lock, while no
 *   caller waits for it. How often is `cleanEvery`; `clean()` does it now.
 * - What the database has acknowledged is kept as it keeps everything. Reads ask the primary where
 *   there are replicas.
 * - A connection of the pool is taken for each operation, never that of the caller's transaction.
 *   SQLite has but one connection per data source: there an operation during a transaction of the
 *   application is part of it, and is undone with it, unless the store has a data source of its
 *   own.
 *
 * While the database is down every operation rejects with TypeORM's `QueryFailedError` or the
 * driver's error. A deadlock, which only concurrent deletions of one key can bring about, is tried
 * again. How soon an unreachable server is given up is the driver's setting (`connectTimeout` of
 * mysql2, `connectTimeoutMS` for PostgreSQL).
 */
export class TypeOrmTokenStore extends TokenStore {
  readonly #dataSource: DataSource;
  readonly #dialect: Dialect;
  readonly #now: (() => number) | undefined;
  readonly #cleanEvery: number;
  #names: TableNames | undefined;
  #cleanAt: number;

  /**
   * @throws WechatConfigError for a database it cannot work with, and for a data source that does
   * not know the entity
   */
  constructor(
    source: DataSource | Repository<WechatTokenEntity>,
    { now, cleanEvery = 600_000 }: TypeOrmTokenStoreOptions = {},
  ) {
    super();
    this.#dataSource = dataSourceOf(source);
    this.#dialect = dialectOf(this.#dataSource);
    this.#now = now;
    this.#cleanEvery = cleanEvery === false ? Infinity : cleanEvery;
    // A random share of the time, so that a fleet that starts together does not clean together.
    this.#cleanAt = Date.now() + (cleanEvery === false ? Infinity : Math.random() * cleanEvery);
    // Before it is initialized a data source knows no entity at all; then the first operation finds
    // out.
    if (this.#dataSource.isInitialized) this.#namesOf();
  }

  override async get(key: string): Promise<string | undefined> {
    const { table, key: k, value, expiresAt } = this.#namesOf();
    const { records } = await this.#run(
      `SELECT ${value} AS ${value} FROM ${table} WHERE ${k} = :key AND ${expiresAt} > ${this.#nowSql()}`,
      { key: this.#keyOf(key) },
    );
    return records[0] && textOf(records[0]['value']);
  }

  override async set(key: string, value: string, ttlMs: number): Promise<void> {
    await this.#run(this.#dialect.set(this.#namesOf(), this.#expiresSql()), this.#row(key, value, ttlMs));
    this.#cleanByTheWay();
  }

  override async delete(key: string): Promise<void> {
    const { table, key: k } = this.#namesOf();
    await this.#run(`DELETE FROM ${table} WHERE ${k} = :key`, { key: this.#keyOf(key) });
  }

  override async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    const row = this.#row(key, value, ttlMs);
    for (const statement of this.#dialect.create(this.#namesOf(), this.#expiresSql(), this.#nowSql())) {
      if ((await this.#run(statement, row)).affected === 1) {
        this.#cleanByTheWay();
        return true;
      }
    }
    return false;
  }

  override async replaceIfEqual(
    key: string,
    expected: string,
    value: string | undefined,
    ttlMs: number,
  ): Promise<boolean> {
    const names = this.#namesOf();
    const change =
      value === undefined
        ? `DELETE FROM ${names.table}`
        : `UPDATE ${names.table} SET ${names.value} = :value, ${names.expiresAt} = ${this.#expiresSql()} ${this.#touch(names)}`;
    const { affected } = await this.#run(
      `${change} WHERE ${names.key} = :key AND ${names.value} = :expected AND ${names.expiresAt} > ${this.#nowSql()}`,
      { ...this.#row(key, value ?? '', ttlMs), expected: Buffer.from(expected) },
    );
    return affected === 1;
  }

  /** Removes the rows past their time, in small batches. The result says how many they were. */
  async clean(): Promise<number> {
    let removed = 0;
    for (;;) {
      const batch = await this.#removeBatch();
      removed += batch.removed;
      if (batch.last) return removed;
    }
  }

  /**
   * Found first and then removed by key: a DELETE that runs along the index of times would lock
   * what others are about to write.
   */
  async #removeBatch(): Promise<{ removed: number; last: boolean }> {
    const { table, key, expiresAt } = this.#namesOf();
    const over = `${expiresAt} <= ${this.#nowSql()}`;
    const { records } = await this.#run(
      `SELECT ${key} AS ${key} FROM ${table} WHERE ${over} ORDER BY ${expiresAt} LIMIT ${BATCH}`,
    );
    if (records.length === 0) return { removed: 0, last: true };
    // Every node takes the rows in one order, so that two of them wait for each other at most in a
    // queue.
    const keys = records.map((record) => record['key'] as string | Buffer).sort(byBytes);
    const { affected } = await this.#run(`DELETE FROM ${table} WHERE ${key} IN (:...keys) AND ${over}`, {
      keys,
    });
    return { removed: affected ?? 0, last: records.length < BATCH };
  }

  #cleanByTheWay(): void {
    const time = Date.now();
    if (time < this.#cleanAt) return;
    this.#cleanAt = time + this.#cleanEvery;
    // The next time will do: what is not removed is not seen either.
    this.clean().catch(() => undefined);
  }

  async #run(
    sql: string,
    parameters: Record<string, unknown> = {},
  ): Promise<QueryResult<Record<string, unknown>>> {
    const now = this.#now?.();
    // Every statement with a time in it has the same one.
    const times =
      now === undefined ? {} : { now: Math.floor(now), expires: Math.floor(now) + Number(parameters['ttl']) };
    const { query, values } = fill(sql, { ...parameters, ...times }, this.#dialect);
    for (let attempt = 1; ; attempt++) {
      const runner = this.#dataSource.createQueryRunner('master');
      try {
        return await runner.query(query, values, true);
      } catch (error) {
        if (attempt === ATTEMPTS || !isRolledBack(error)) throw error;
      } finally {
        await runner.release();
      }
      await sleep(Math.random() * 10 * attempt);
    }
  }

  #row(key: string, value: string, ttlMs: number): Record<string, unknown> {
    return { key: this.#keyOf(key), value: Buffer.from(value), ttl: Math.ceil(ttlMs) };
  }

  #keyOf(key: string): string | Buffer {
    const bytes = Buffer.byteLength(key);
    if (bytes > MAX_KEY_BYTES) {
      throw new WechatInputError(
        'input',
        'key',
        `has ${bytes} bytes`,
        `TypeOrmTokenStore takes ${MAX_KEY_BYTES}.`,
      );
    }
    return this.#dialect.binaryKeys ? Buffer.from(key) : key;
  }

  #nowSql(): string {
    return this.#now ? ':now' : this.#dialect.now;
  }

  #expiresSql(): string {
    return this.#now ? ':expires' : `${this.#dialect.now} + :ttl`;
  }

  #touch(names: TableNames): string {
    return this.#dialect.touch?.(names, this.#expiresSql()) ?? '';
  }

  #namesOf(): TableNames {
    return (this.#names ??= namesOf(this.#dataSource));
  }
}

const MAX_KEY_BYTES = 512;
const BATCH = 500;
const ATTEMPTS = 10;

function dataSourceOf(source: DataSource | Repository<WechatTokenEntity>): DataSource {
  const { manager, driver } = (source ?? {}) as Partial<DataSource & Repository<WechatTokenEntity>>;
  if (driver) return source as DataSource;
  // `connection` is what 0.3 and 1 both have.
  if (manager) return manager.connection;
  throw new WechatConfigError(
    'TypeOrmTokenStore',
    'got neither a data source nor a repository of TypeORM',
    'Pass a DataSource, or what `@InjectRepository(WechatTokenEntity)` gives.',
  );
}

/**
 * Deadlocks and failed serializations: the database has undone the statement and asks for it again.
 */
function isRolledBack(error: unknown): boolean {
  const { errno, code } = ((error as { driverError?: unknown })?.driverError ?? {}) as {
    errno?: number;
    code?: string;
  };
  // 1020 is what MariaDB since 11.6 says where it used to go on with a newer row.
  return errno === 1213 || errno === 1020 || code === '40P01' || code === '40001';
}

function byBytes(a: string | Buffer, b: string | Buffer): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
