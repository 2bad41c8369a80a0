// The SQL of each database: one statement per operation wherever the database can, with `:name` for
// what is filled in.
import type { DataSource, EntityMetadata } from 'typeorm';
import { WechatConfigError } from '../../errors/errors.js';
import { WechatTokenEntity } from './wechat-token.entity.js';

/** Names as they stand in SQL, quoted. */
export interface TableNames {
  table: string;
  /** For the index, which has no schema of its own in its name. */
  expiryIndex: string;
  key: string;
  value: string;
  expiresAt: string;
}

/** How one kind of database says it. */
export interface Dialect {
  /** The time now by the clock of the database, in ms since 1970. */
  now: string;
  /** Makes the table unless it is there. */
  createTable(names: TableNames): string[];
  set(names: TableNames, expires: string): string;
  /** The first that changes a row has created the entry; if none does, there is one already. */
  create(names: TableNames, expires: string, now: string): string[];
  /** Put after `expires_at = …` in an UPDATE that may change nothing else. */
  touch?(names: TableNames, expires: string): string;
  /** The key is bytes and not text. The value is so everywhere. */
  binaryKeys?: true;
  /** `$1` instead of `?`. */
  numbered?: true;
}

const mysql: Dialect = {
  // Not UNIX_TIMESTAMP(NOW(3)): that goes through the session's time zone, in which an hour of
  // autumn happens twice.
  now: `(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000)`,
  // Bytes, because every collation of text holds some different keys to be equal: the default ones
  // by case and accent, and utf8mb4_bin by trailing spaces. Whatever character set a connection
  // has, what is stored is UTF-8 with all four bytes.
  createTable: ({ table, key, value, expiresAt, expiryIndex }) => [
    `CREATE TABLE IF NOT EXISTS ${table} (
      ${key} VARBINARY(512) NOT NULL,
      ${value} MEDIUMBLOB NOT NULL,
      ${expiresAt} BIGINT NOT NULL,
      PRIMARY KEY (${key}),
      KEY ${expiryIndex} (${expiresAt})
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
  ],
  set: (names, expires) =>
    `INSERT ${row(names, expires)} ON DUPLICATE KEY UPDATE ${names.value} = VALUES(${names.value}), ${names.expiresAt} = VALUES(${names.expiresAt})`,
  // Not one ON DUPLICATE KEY UPDATE: by the client's FOUND_ROWS flag its count of rows is the same
  // whether it inserted or left things as they were.
  create: (names, expires, now) => [
    `INSERT IGNORE ${row(names, expires)}`,
    `UPDATE ${names.table} SET ${names.value} = :value, ${names.expiresAt} = ${expires} WHERE ${names.key} = :key AND ${names.expiresAt} <= ${now}`,
  ],
  // Without FOUND_ROWS only rows that change are counted, and the same value may be written twice
  // within a millisecond.
  touch: ({ expiresAt }, expires) => `+ (${expiresAt} = ${expires})`,
  binaryKeys: true,
};

const onConflict: Pick<Dialect, 'set' | 'create'> = {
  set: (names, expires) => overwrite(names, expires),
  create: (names, expires, now) => [`${overwrite(names, expires)} WHERE held.${names.expiresAt} <= ${now}`],
};

const postgres: Dialect = {
  now: '(extract(epoch from clock_timestamp()) * 1000)::bigint',
  // bytea, because text cannot hold U+0000. COLLATE "C" compares bytes, and does not change with
  // the operating system.
  createTable: ({ table, key, value, expiresAt, expiryIndex }) => [
    `CREATE TABLE IF NOT EXISTS ${table} (
      ${key} varchar(512) COLLATE "C" NOT NULL PRIMARY KEY,
      ${value} bytea NOT NULL,
      ${expiresAt} bigint NOT NULL
    )`,
    `CREATE INDEX IF NOT EXISTS ${expiryIndex} ON ${table} (${expiresAt})`,
  ],
  ...onConflict,
  numbered: true,
};

const sqlite: Dialect = {
  now: `CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)`,
  // A blob, because some drivers end a text at U+0000.
  createTable: ({ table, key, value, expiresAt, expiryIndex }) => [
    `CREATE TABLE IF NOT EXISTS ${table} (
      ${key} TEXT COLLATE BINARY NOT NULL PRIMARY KEY,
      ${value} BLOB NOT NULL,
      ${expiresAt} INTEGER NOT NULL
    )`,
    `CREATE INDEX IF NOT EXISTS ${expiryIndex} ON ${table} (${expiresAt})`,
  ],
  ...onConflict,
};

const DIALECTS: Readonly<Record<string, Dialect>> = {
  mysql,
  mariadb: mysql,
  postgres,
  'better-sqlite3': sqlite,
};

/** @throws WechatConfigError for a database that has not been tried */
export function dialectOf(dataSource: DataSource): Dialect {
  const { type } = dataSource.options;
  const dialect = DIALECTS[type];
  if (dialect) return dialect;
  throw new WechatConfigError(
    'TypeOrmTokenStore',
    `cannot work with the database type "${type}"`,
    `Use one of: ${Object.keys(DIALECTS).join(', ')}.`,
  );
}

/** @throws WechatConfigError when the data source does not know the entity */
export function namesOf(dataSource: DataSource): TableNames {
  if (!dataSource.hasMetadata(WechatTokenEntity)) {
    throw new WechatConfigError(
      'TypeOrmTokenStore',
      'got a data source that does not know the entity, or is not initialized',
      'Add WechatTokenEntity to its `entities`, or to `TypeOrmModule.forFeature` with `autoLoadEntities: true`.',
    );
  }
  const metadata = dataSource.getMetadata(WechatTokenEntity);
  const quote = (name: string) => dataSource.driver.escape(name);
  const column = (property: keyof WechatTokenEntity) => quote(columnName(metadata, property));
  return {
    table: metadata.tablePath.split('.').map(quote).join('.'),
    expiryIndex: quote(`${metadata.tableName}_expires_at`),
    key: column('key'),
    value: column('value'),
    expiresAt: column('expiresAt'),
  };
}

/**
 * Puts the database's own placeholders for `:name`, and for each of a list for `:...name`.
 * (TypeORM's way to do this differs between 0.3 and 1.)
 */
export function fill(
  sql: string,
  parameters: Record<string, unknown>,
  { numbered }: Dialect,
): { query: string; values: unknown[] } {
  const values: unknown[] = [];
  const query = sql.replace(/(?<!:):(?:\.\.\.)?([a-z]+)/g, (_, name: string) => {
    const value = parameters[name];
    return (Array.isArray(value) ? value : [value])
      .map((one) => (numbered ? `$${values.push(one)}` : (values.push(one), '?')))
      .join(', ');
  });
  return { query, values };
}

function columnName(metadata: EntityMetadata, property: keyof WechatTokenEntity): string {
  return metadata.findColumnWithPropertyName(property)!.databaseName;
}

function row({ table, key, value, expiresAt }: TableNames, expires: string): string {
  return `INTO ${table} (${key}, ${value}, ${expiresAt}) VALUES (:key, :value, ${expires})`;
}

function overwrite(names: TableNames, expires: string): string {
  const { table, key, value, expiresAt } = names;
  return `INSERT ${row({ ...names, table: `${table} AS held` }, expires)}
    ON CONFLICT (${key}) DO UPDATE SET ${value} = excluded.${value}, ${expiresAt} = excluded.${expiresAt}`;
}
