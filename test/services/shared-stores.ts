// The stores that several processes can share, on their real servers: how to open one, and how to
// look into it behind the library's back.
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import type { DataSource, DataSourceOptions } from 'typeorm';
import { RedisTokenStore } from '../../lib/stores/redis/index.js';
import type { OpenTokenStore } from '../../lib/testing/token-store-contract/harness.js';
import { requireServer, type ServerAddress } from './servers.js';

type SqlKind = 'mariadb' | 'postgres';

/** Enough to open the same store in another process. Plain JSON. */
export interface StorePlace {
  kind: 'redis' | 'keyv' | SqlKind;
  server: ServerAddress;
  /** A prefix, a namespace or a database: nobody else's, and gone after the test. */
  space: string;
}

/** One entry as the server has it. */
export interface RawEntry {
  value: string;
  /** When the server drops it, in ms since 1970. */
  until: number;
}

export interface SharedStore {
  readonly place: StorePlace;
  /** By the keys that the library uses. */
  entries(): Promise<Map<string, RawEntry>>;
  /** Changes the value of an entry, as somebody with access to the server could. */
  tamper(key: string, value: string): Promise<void>;
  /** All that the server holds for it, in every form in which it gives it out. */
  dump(): Promise<string>;
  empty(): Promise<void>;
  /** Leaves nothing behind. */
  remove(): Promise<void>;
}

type Create = () => Promise<SharedStore>;

/** Those that are atomic across processes. */
export const FLEET_STORES: [title: string, create: Create][] = [
  ['Redis', () => createRedis('redis')],
  ['MariaDB', () => createSql('mariadb')],
  ['PostgreSQL', () => createSql('postgres')],
];

export const REAL_STORES: [title: string, create: Create][] = [
  ...FLEET_STORES,
  ['Redis by way of Keyv', () => createRedis('keyv')],
];

/**
 * What an application would do. Drivers are loaded only where they are needed, so that processes
 * start fast.
 */
export async function openStore({ kind, server, space }: StorePlace): Promise<OpenTokenStore> {
  if (kind === 'redis') {
    const client = new Redis({ ...server, lazyConnect: true });
    await client.connect();
    return {
      store: new RedisTokenStore(client, { prefix: `${space}:` }),
      close: () => client.disconnect(),
    };
  }
  if (kind === 'keyv') {
    const { default: KeyvRedis } = await import('@keyv/redis');
    const { Keyv } = await import('keyv');
    const { KeyvTokenStore } = await import('../../lib/stores/keyv/index.js');
    const keyv = new Keyv(new KeyvRedis(`redis://${server.host}:${server.port}`), { namespace: space });
    return { store: new KeyvTokenStore(keyv, { warn: false }), close: () => keyv.disconnect() };
  }
  const { TypeOrmTokenStore } = await import('../../lib/stores/typeorm/index.js');
  const source = await openDatabase(kind, server, space);
  return { store: new TypeOrmTokenStore(source), close: () => source.destroy() };
}

async function createRedis(kind: 'redis' | 'keyv'): Promise<SharedStore> {
  const server = await requireServer('redis');
  const space = uniqueName();
  const prefix = kind === 'redis' ? `${space}:` : `${space}::${space}:`;
  const client = new Redis({ ...server, lazyConnect: true });
  await client.connect();
  const keys = () => client.keys(`${space}*`);
  const empty = async () => {
    const all = await keys();
    if (all.length > 0) await client.del(all);
  };
  return {
    place: { kind, server, space },
    async entries() {
      const found = new Map<string, RawEntry>();
      for (const key of await keys()) {
        const [value, left] = await Promise.all([client.get(key), client.pttl(key)]);
        if (value === null) continue;
        const raw = kind === 'keyv' ? (JSON.parse(value) as { value: string }).value : value;
        found.set(key.slice(prefix.length), { value: raw, until: Date.now() + left });
      }
      return found;
    },
    async tamper(key, value) {
      const full = prefix + key;
      const before = (await client.get(full))!;
      const raw = kind === 'keyv' ? JSON.stringify({ ...JSON.parse(before), value }) : value;
      await client.set(full, raw, 'KEEPTTL');
    },
    async dump() {
      const rows = await Promise.all(
        (await keys()).map(async (key) => [
          key,
          await client.get(key),
          // What a snapshot or a replica holds.
          (await client.dumpBuffer(key))?.toString('latin1'),
        ]),
      );
      return rows.flat().join('\n');
    },
    empty,
    async remove() {
      await empty();
      client.disconnect();
    },
  };
}

async function createSql(kind: SqlKind): Promise<SharedStore> {
  const server = await requireServer(kind);
  const space = uniqueName();
  const admin = await openDatabase(kind, server);
  await admin.query(`CREATE DATABASE ${space}`);
  const database = await openDatabase(kind, server, space);
  await database.runMigrations();
  type Row = { key: Buffer | string; value: Buffer; expires_at: string };
  const rows = (): Promise<Row[]> => database.query('SELECT * FROM wechat_tokens');
  return {
    place: { kind, server, space },
    async entries() {
      const now = Date.now();
      return new Map(
        (await rows())
          .map(({ key, value, expires_at }): [string, RawEntry] => [
            String(key),
            { value: value.toString(), until: Number(expires_at) },
          ])
          // What is over is removed later, and counts as gone.
          .filter(([, { until }]) => until > now),
      );
    },
    async tamper(key, value) {
      const [first, second, name] = kind === 'postgres' ? ['$1', '$2', '"key"'] : ['?', '?', '`key`'];
      await database.query(`UPDATE wechat_tokens SET value = ${first} WHERE ${name} = ${second}`, [
        Buffer.from(value),
        kind === 'postgres' ? key : Buffer.from(key),
      ]);
    },
    async dump() {
      // As bytes, and as the hexadecimal text that backups are written in.
      return (await rows())
        .flatMap(({ key, value, expires_at }) => [
          String(key),
          value.toString('latin1'),
          value.toString('hex'),
          expires_at,
        ])
        .join('\n');
    },
    empty: async () => void (await database.query('DELETE FROM wechat_tokens')),
    async remove() {
      await database.destroy();
      // A process that was killed may be connected for a moment longer.
      await admin.query(`DROP DATABASE ${space}${kind === 'postgres' ? ' WITH (FORCE)' : ''}`);
      await admin.destroy();
    },
  };
}

async function openDatabase(kind: SqlKind, server: ServerAddress, database?: string): Promise<DataSource> {
  const { DataSource: Source } = await import('typeorm');
  const { CreateWechatTokens1767225600000, WechatTokenEntity } =
    await import('../../lib/stores/typeorm/index.js');
  const [username, other] = kind === 'postgres' ? ['postgres', 'postgres'] : ['root', 'test'];
  return new Source({
    type: kind,
    ...server,
    username,
    database: database ?? other,
    entities: [WechatTokenEntity],
    migrations: [CreateWechatTokens1767225600000],
  } as DataSourceOptions).initialize();
}

/** Right as a prefix and as the name of a database. */
function uniqueName(): string {
  return `wechat_services_${randomBytes(6).toString('hex')}`;
}
