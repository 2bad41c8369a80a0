// TypeOrmTokenStore before it reaches a database: what it takes, and what it says of the rest. The databases are asked in test/services.
import { DataSource } from 'typeorm';
import {
  CreateWechatTokens1767225600000,
  TypeOrmTokenStore,
  WechatTokenEntity,
} from '../../../lib/stores/typeorm/index.js';
import { fill } from '../../../lib/stores/typeorm/dialects.js';

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
