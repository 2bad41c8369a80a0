// TypeOrmTokenStore where no server is needed: on SQLite in a file, what it does when a database
// refuses, and what it takes. MariaDB and PostgreSQL are asked in test/services.
import { DataSource } from 'typeorm';
import {
  CreateWechatTokens1767225600000,
  TypeOrmTokenStore,
  WechatTokenEntity,
} from '../../lib/stores/typeorm/index.js';
import { fill } from '../../lib/stores/typeorm/dialects.js';
import { describeTokenStore } from '../../lib/testing/token-store-contract/describe-token-store.js';
import { DATABASES, openStore } from '../services/typeorm-databases.js';

const sqlite = await DATABASES.SQLite();
beforeAll(async () => (await sqlite.connect({ migrationsRun: true })).destroy());
afterAll(() => sqlite.drop());

describeTokenStore(
  `TypeOrmTokenStore on SQLite ${sqlite.version}`,
  () => ({ open: () => openStore(sqlite) }),
  {
    // A file cannot be down.
    outage: false,
  },
);

it('removes what is over, by the way and when it is told to', async () => {
  const { store, source, close } = await openStore(sqlite, { cleanEvery: 0 });
  const repository = source.getRepository(WechatTokenEntity);
  await store.set('wechat:x:token:over', 'x', -1);
  for (let i = 0; i < 50 && (await repository.count()) > 0; i++) await new Promise(setImmediate);
  expect(await repository.count()).toBe(0);
  const keeps = new TypeOrmTokenStore(repository, { cleanEvery: false });
  await keeps.set('wechat:x:token:over', '微信', -1);
  expect(await repository.findOneBy({})).toMatchObject({ key: 'wechat:x:token:over', value: '微信' });
  expect(await keeps.clean()).toBe(1);
  await close?.();
});

it('refuses a key that is too long, instead of having it cut', async () => {
  const { store, close } = await openStore(sqlite);
  await expect(store.set(`wechat:${'x'.repeat(506)}`, 'one', 1)).rejects.toThrow('key has 513 bytes');
  await close?.();
});

it('may have time held still', async () => {
  let time = 0;
  const { store, close } = await openStore(sqlite, { now: () => time });
  await store.set('wechat:x:token:now', 'one', 1_000);
  time = 999.5;
  expect(await store.get('wechat:x:token:now')).toBe('one');
  time = 1_000;
  expect(await store.setIfAbsent('wechat:x:token:now', 'two', 0)).toBe(true);
  expect(await store.clean()).toBe(1);
  await close?.();
});

describe('when the database refuses', () => {
  /**
   * A data source of the type, whose statements are refused in turn; undefined and all after it
   * succeed.
   */
  function playing(type: string, answers: unknown[], cleanEvery: number | false = false) {
    const asked: { sql: string; mode: string }[] = [];
    let released = 0;
    const source = {
      options: { type },
      driver: { escape: (name: string) => `"${name}"` },
      isInitialized: true,
      hasMetadata: () => true,
      getMetadata: () => ({
        tableName: 'app_wechat_tokens',
        tablePath: 'shop.app_wechat_tokens',
        findColumnWithPropertyName: (databaseName: string) => ({ databaseName }),
      }),
      createQueryRunner: (mode: string) => ({
        query: async (sql: string) => {
          asked.push({ sql, mode });
          const answer = answers.shift();
          if (answer) throw answer;
          return { records: [], affected: 1 };
        },
        release: async () => void released++,
      }),
    };
    const store = new TypeOrmTokenStore(source as never, { cleanEvery });
    return { store, asked, released: () => released };
  }
  const refusal = (driverError: object) => Object.assign(new Error('refused'), { driverError });

  it.each([
    ['mysql', 'a deadlock', { errno: 1213 }],
    ['mariadb', 'a row that has changed', { errno: 1020 }],
    ['postgres', 'a deadlock', { code: '40P01' }],
    ['postgres', 'a serialization failure', { code: '40001' }],
  ])('%s: %s is tried again, on the primary, and no connection is kept', async (type, _, error) => {
    const { store, asked, released } = playing(type, [refusal(error), refusal(error)]);
    await store.set('wechat:x:token:o1', 'one', 1_000);
    expect(asked).toHaveLength(3);
    expect(asked[2]).toEqual({ sql: expect.stringContaining('"shop"."app_wechat_tokens"'), mode: 'master' });
    expect(released()).toBe(3);
  });

  it('a deadlock that does not end is passed on', async () => {
    const { store, asked } = playing(
      'mysql',
      Array.from({ length: 20 }, () => refusal({ errno: 1213 })),
    );
    await expect(store.delete('wechat:x:token:o1')).rejects.toThrow('refused');
    expect(asked).toHaveLength(10);
  });

  it.each([refusal({ errno: 1146 }), refusal({ code: 'ECONNREFUSED' }), new Error('refused')])(
    'everything else is passed on at once: %p',
    async (error) => {
      const { store, asked, released } = playing('postgres', [error]);
      await expect(store.setIfAbsent('wechat:x:token:o1', 'one', 1)).rejects.toThrow('refused');
      expect([asked.length, released()]).toEqual([1, 1]);
    },
  );

  it('a cleaning that fails disturbs nobody', async () => {
    const { store, asked } = playing('mysql', [undefined, refusal({ errno: 1146 })], 0);
    await expect(store.set('wechat:x:token:o1', 'one', 1)).resolves.toBeUndefined();
    await new Promise(setImmediate);
    expect(asked).toHaveLength(2);
  });
});

const source = (options: object = {}) =>
  new DataSource({ type: 'better-sqlite3', database: ':memory:', driver: Map, ...options } as never);

it.each([undefined, null, 'mysql://localhost', {}, Promise.resolve()])('does not take %p', (given) => {
  expect(() => new TypeOrmTokenStore(given as never)).toThrow(
    'got neither a data source nor a repository of TypeORM',
  );
});

it('names the databases it works with when given another', () => {
  const other = source({ type: 'mongodb' });
  expect(() => new TypeOrmTokenStore(other)).toThrow(
    'cannot work with the database type "mongodb". Use one of: mysql, mariadb, postgres, better-sqlite3.',
  );
});

it('says at once that an initialized data source does not know the entity, and otherwise when it is used', async () => {
  const initialized = source();
  Object.assign(initialized, { isInitialized: true });
  expect(() => new TypeOrmTokenStore(initialized)).toThrow('Add WechatTokenEntity to its `entities`');
  await expect(new TypeOrmTokenStore(source()).get('wechat:x')).rejects.toThrow(
    'does not know the entity, or is not initialized',
  );
});

it('has a migration whose name ends in a time, as TypeORM demands, and never changes', () => {
  expect(new CreateWechatTokens1767225600000().name).toBe('CreateWechatTokens1767225600000');
  expect(CreateWechatTokens1767225600000.name).toBe('CreateWechatTokens1767225600000');
  expect(WechatTokenEntity.name).toBe('WechatTokenEntity');
});

it('fills statements by name, in the way of each database', () => {
  const sql = 'SELECT :a, :b::bigint FROM t WHERE k IN (:...list) AND :a = 1';
  const parameters = { a: 1, b: 'x', list: ['y', 'z'], unused: 0 };
  expect(fill(sql, parameters, { numbered: true } as never)).toEqual({
    query: 'SELECT $1, $2::bigint FROM t WHERE k IN ($3, $4) AND $5 = 1',
    values: [1, 'x', 'y', 'z', 1],
  });
  expect(fill(sql, parameters, {} as never).query).toBe(
    'SELECT ?, ?::bigint FROM t WHERE k IN (?, ?) AND ? = 1',
  );
});
