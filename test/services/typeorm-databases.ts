// The SQL databases the store is promised for: one database of our own per run in each, dropped at
// its end.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource, type DataSourceOptions } from 'typeorm';
import {
  CreateWechatTokens1767225600000,
  TypeOrmTokenStore,
  type TypeOrmTokenStoreOptions,
  WechatTokenEntity,
} from '../../lib/stores/typeorm/index.js';
import type { OpenTokenStore } from '../../lib/testing/token-store-contract/harness.js';
import { Line } from './outage.js';
import { requireServer } from './servers.js';

export type Settings = Partial<Record<string, unknown>>;

export interface Database {
  /** What the server, or SQLite, says of itself. */
  version: string;
  /** A data source of its own, through the line that can be cut. */
  connect(settings?: Settings): Promise<DataSource>;
  line?: Line;
  drop(): Promise<void>;
}

const OURS = { entities: [WechatTokenEntity], migrations: [CreateWechatTokens1767225600000], logging: false };
const NAME = `wechat_oauth_test_${process.pid}`;

export const DATABASES = { MariaDB: mariadb, PostgreSQL: postgres, SQLite: sqlite };

async function mariadb(): Promise<Database> {
  const options = { type: 'mariadb', username: 'root', database: NAME, connectTimeout: 2_000, poolSize: 5 };
  return server('mariadb', options, 'test', 'SELECT VERSION() AS version');
}

async function postgres(): Promise<Database> {
  const options = {
    type: 'postgres',
    username: 'postgres',
    database: NAME,
    connectTimeoutMS: 5_000,
    poolSize: 5,
  };
  return server('postgres', options, 'postgres', 'SHOW server_version');
}

async function server(
  name: 'mariadb' | 'postgres',
  options: Settings,
  other: string,
  versionOf: string,
): Promise<Database> {
  const address = await requireServer(name);
  const line = new Line(address);
  await line.start();
  const administer = async (...statements: string[]): Promise<Record<string, string>[]> => {
    const admin = new DataSource({ ...options, ...address, database: other } as DataSourceOptions);
    await admin.initialize();
    try {
      let rows: Record<string, string>[] = [];
      for (const statement of statements) rows = await admin.query(statement);
      return rows;
    } finally {
      await admin.destroy();
    }
  };
  const [row] = await administer(`DROP DATABASE IF EXISTS ${NAME}`, `CREATE DATABASE ${NAME}`, versionOf);
  return {
    version: Object.values(row!)[0]!,
    line,
    connect: (settings) => open({ ...options, host: '127.0.0.1', port: line.port, ...settings }),
    drop: async () => {
      await line.stop();
      await administer(`DROP DATABASE ${NAME}`);
    },
  };
}

/**
 * better-sqlite3 where it is installed, else libsql, which has the same interface and is SQLite in
 * a slightly changed form: it comes ready-made from the registry, while better-sqlite3 has to be
 * compiled wherever GitHub cannot be reached.
 */
async function sqlite(): Promise<Database> {
  const directory = mkdtempSync(join(tmpdir(), 'wechat-oauth-sqlite-'));
  const require = createRequire(import.meta.url);
  let driver: unknown, name: string;
  try {
    driver = require((name = process.env.TEST_SQLITE ?? 'better-sqlite3'));
  } catch {
    driver = require((name = 'libsql'));
  }
  const options = { type: 'better-sqlite3', driver, database: join(directory, 'test.db') };
  const source = await open(options);
  const [row] = await source.query('SELECT sqlite_version() AS version');
  await source.destroy();
  return {
    version: `${row.version} by ${name.replace(/^.*\//, '')}`,
    connect: (settings) => open({ ...options, ...settings }),
    drop: async () => rmSync(directory, { recursive: true }),
  };
}

async function open(options: Settings): Promise<DataSource> {
  const source = new DataSource({ ...OURS, ...options } as unknown as DataSourceOptions);
  return source.initialize();
}

/** Another process, as far as the database can tell. */
export async function openStore(
  database: Database,
  options?: TypeOrmTokenStoreOptions,
): Promise<OpenTokenStore & { store: TypeOrmTokenStore; source: DataSource }> {
  const source = await database.connect();
  return { store: new TypeOrmTokenStore(source, options), source, close: () => source.destroy() };
}
