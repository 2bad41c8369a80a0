// The tests of TypeOrmTokenStore against real databases, for whichever major of TypeORM stands
// behind the name `typeorm`.
import { jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { TypeOrmTokenStore, WechatTokenEntity } from '../../lib/stores/typeorm/index.js';
import { describeTokenStore } from '../../lib/testing/token-store-contract/describe-token-store.js';
import { type Database, DATABASES, openStore } from './typeorm-databases.js';

const MINUTE = 60_000;

export async function describeTypeOrm(version: string): Promise<void> {
  const opened = new Map<string, Database>();
  for (const [name, make] of Object.entries(DATABASES)) opened.set(name, await make());

  afterAll(async () => {
    for (const database of opened.values()) await database.drop();
  });

  describe.each([...opened])('on %s', (name, database) => {
    const isMariaDb = name === 'MariaDB';
    let direct: DataSource;

    beforeAll(async () => {
      direct = await database.connect({ migrationsRun: true });
    });

    afterAll(async () => {
      // Every case of the contract deletes its keys; what is left would be a case's fault.
      const left = await direct.query(`SELECT * FROM wechat_tokens`);
      await direct.destroy();
      expect(left).toEqual([]);
    });

    describeTokenStore(
      `TypeOrmTokenStore on ${name} ${database.version} by TypeORM ${version}`,
      () => ({
        open: () => openStore(database),
        stop: () => database.line!.stop(),
        start: () => database.line!.start(),
      }),
      // A file cannot be down.
      { outage: database.line !== undefined },
    );

    describe('the table', () => {
      it('is made by the migration, once, and dropped by it', async () => {
        const source = await database.connect({ entityPrefix: 'mig_', migrationsTableName: 'mig_log' });
        const tables = async () =>
          (await source.createQueryRunner().getTables(['mig_wechat_tokens'])).length > 0;
        try {
          expect(await source.runMigrations()).toHaveLength(1);
          expect(await source.runMigrations()).toHaveLength(0);
          const store = new TypeOrmTokenStore(source);
          await store.set('wechat:contract-prefix:token:o1', '微信🐼', MINUTE);
          expect(await store.get('wechat:contract-prefix:token:o1')).toBe('微信🐼');
          expect(await new TypeOrmTokenStore(direct).get('wechat:contract-prefix:token:o1')).toBeUndefined();
          await source.undoLastMigration();
          expect(await tables()).toBe(false);
        } finally {
          await source.query('DROP TABLE mig_log');
          await source.destroy();
        }
      });

      it('is left alone by `synchronize`, and made by the migration beside it', async () => {
        const { store, close } = await openStore(database);
        await store.set('wechat:contract-sync:token:o1', 'kept', MINUTE);
        const source = await database.connect({ synchronize: true, migrationsRun: true });
        try {
          expect(await source.driver.createSchemaBuilder().log()).toMatchObject({ upQueries: [] });
          expect(await store.get('wechat:contract-sync:token:o1')).toBe('kept');
        } finally {
          await store.delete('wechat:contract-sync:token:o1');
          await source.destroy();
          await close?.();
        }
      });

      it('is found through a repository, whose rows read as texts and a number', async () => {
        const repository = direct.getRepository(WechatTokenEntity);
        const store = new TypeOrmTokenStore(repository);
        const before = Date.now();
        await store.set('wechat:contract-repo:token:oAbC', '微信🐼', MINUTE);
        const row = await repository.findOneByOrFail({});
        expect(row.key).toBe('wechat:contract-repo:token:oAbC');
        expect(row.value).toBe('微信🐼');
        expect(Math.abs(row.expiresAt - before - MINUTE)).toBeLessThan(5_000);
        await store.delete('wechat:contract-repo:token:oAbC');
      });
    });

    it('refuses a key that is too long, instead of cutting it', async () => {
      const store = new TypeOrmTokenStore(direct);
      const longest = `wechat:contract-long:token:${'x'.repeat(485)}`;
      await store.set(longest, 'one', MINUTE);
      expect(await store.get(longest)).toBe('one');
      await store.delete(longest);
      await expect(store.set(`${longest}x`, 'one', MINUTE)).rejects.toThrow('512');
      await expect(store.get('微'.repeat(171))).rejects.toThrow('key has 513 bytes');
    });

    describe('the clock', () => {
      it("is the database's, whatever this process believes", async () => {
        const store = new TypeOrmTokenStore(direct);
        const key = 'wechat:contract-clock:token:o1';
        const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.UTC(2001));
        try {
          await store.set(key, 'one', MINUTE);
          clock.mockReturnValue(Date.UTC(2099));
          expect(await store.get(key)).toBe('one');
          expect(await store.setIfAbsent(key, 'two', MINUTE)).toBe(false);
          expect(await store.replaceIfEqual(key, 'one', 'two', 400)).toBe(true);
          await sleep(600);
          expect(await store.get(key)).toBeUndefined();
        } finally {
          clock.mockRestore();
          await store.delete(key);
        }
      });

      it('may be the one that a test holds', async () => {
        let time = Date.UTC(2020);
        const store = new TypeOrmTokenStore(direct, { now: () => time });
        const key = 'wechat:contract-clock:token:o2';
        await store.set(key, 'one', 1_000);
        time += 999;
        expect(await store.get(key)).toBe('one');
        expect(await store.setIfAbsent(key, 'two', 1_000)).toBe(false);
        time += 1;
        expect(await store.get(key)).toBeUndefined();
        expect(await store.replaceIfEqual(key, 'one', 'two', 1_000)).toBe(false);
        expect(await store.setIfAbsent(key, 'two', 1_000)).toBe(true);
        expect(await store.replaceIfEqual(key, 'two', 'three', 5_000)).toBe(true);
        time += 5_000;
        expect(await store.clean()).toBe(1);
      });
    });

    describe('cleaning', () => {
      const fill = async (store: TypeOrmTokenStore, count: number, ttl: number) => {
        for (let i = 0; i < count; i += 50) {
          const batch = Array.from({ length: Math.min(50, count - i) }, (_, j) => i + j);
          await Promise.all(batch.map((n) => store.set(`wechat:contract-clean:${ttl}:${n}`, 'x', ttl)));
        }
      };
      const rows = () => direct.getRepository(WechatTokenEntity).count();

      it('removes what is over, in batches, and nothing else', async () => {
        const store = new TypeOrmTokenStore(direct, { cleanEvery: false });
        await fill(store, 1_203, -1);
        await fill(store, 3, MINUTE);
        expect(await rows()).toBe(1_206);
        expect(await store.clean()).toBe(1_203);
        expect(await store.clean()).toBe(0);
        expect(await rows()).toBe(3);
        await Promise.all([0, 1, 2].map((i) => store.delete(`wechat:contract-clean:${MINUTE}:${i}`)));
      });

      it('happens by the way after a write, and not more often than it is told to', async () => {
        const keeps = new TypeOrmTokenStore(direct, { cleanEvery: false });
        const cleans = new TypeOrmTokenStore(direct, { cleanEvery: 300 });
        await fill(keeps, 5, -1);
        await sleep(350);
        expect(await rows()).toBe(5);
        await cleans.set('wechat:contract-clean:live', 'x', MINUTE);
        for (let i = 0; i < 50 && (await rows()) > 1; i++) await sleep(20);
        expect(await rows()).toBe(1);
        await fill(keeps, 5, -1);
        await cleans.set('wechat:contract-clean:live', 'x', MINUTE);
        await sleep(100);
        expect(await rows()).toBe(6);
        await keeps.delete('wechat:contract-clean:live');
        await keeps.clean();
      });

      it('by several nodes at once removes everything once', async () => {
        const nodes = await Promise.all([1, 2, 3].map(() => openStore(database)));
        await fill(nodes[0]!.store, 1_500, -1);
        const removed = await Promise.all(nodes.map(({ store }) => store.clean()));
        expect(removed.reduce((a, b) => a + b)).toBe(1_500);
        expect(await rows()).toBe(0);
        for (const { close } of nodes) await close?.();
      });

      // SQLite has one writer at a time by nature.
      const withManyWriters = database.line ? it : undefined;
      withManyWriters?.('that has to wait for a row keeps nobody else waiting', async () => {
        const { store, source, close } = await openStore(database);
        const holder = source.createQueryRunner();
        await store.set('wechat:contract-clean:held', 'x', -1);
        await store.set('wechat:contract-clean:live', 'x', MINUTE);
        await holder.startTransaction();
        await holder.query(
          `UPDATE wechat_tokens SET expires_at = 5 WHERE ${isMariaDb ? '`key`' : 'key'} = 'wechat:contract-clean:held'`,
        );
        const cleaning = store.clean();
        await sleep(100);
        const started = Date.now();
        await store.set('wechat:contract-clean:new', 'x', 5);
        await store.set('wechat:contract-clean:soon', 'x', MINUTE);
        expect(await store.setIfAbsent('wechat:contract-clean:other', 'x', 1)).toBe(true);
        expect(await store.replaceIfEqual('wechat:contract-clean:live', 'x', 'y', MINUTE)).toBe(true);
        expect(Date.now() - started).toBeLessThan(2_000);
        await holder.commitTransaction();
        await holder.release();
        await cleaning;
        for (const key of ['live', 'soon']) await store.delete(`wechat:contract-clean:${key}`);
        await sleep(20);
        await store.clean();
        expect(await rows()).toBe(0);
        await close?.();
      });
    });

    it('stays right under 50 callers that create, replace and delete one key', async () => {
      const nodes = await Promise.all([1, 2, 3, 4, 5].map(() => openStore(database)));
      const key = 'wechat:contract-storm:token:o1';
      let created = 0;
      let removed = 0;
      await Promise.all(
        Array.from({ length: 50 }, async (_, caller) => {
          const { store } = nodes[caller % nodes.length]!;
          for (let round = 0; round < 10; round++) {
            if (await store.setIfAbsent(key, `${caller}`, MINUTE)) created++;
            if (await store.replaceIfEqual(key, `${caller}`, undefined, 0)) removed++;
          }
        }),
      );
      // Whoever created it removed it: each creation is answered by exactly one removal.
      expect(created).toBeGreaterThan(0);
      expect(removed).toBe(created);
      expect(await nodes[0]!.store.get(key)).toBeUndefined();
      for (const { close } of nodes) await close?.();
    });

    const whereItMatters = isMariaDb ? describe : undefined;
    whereItMatters?.('whatever the connection is set to', () => {
      it.each([
        ['counts changed rows only', { extra: { flags: ['-FOUND_ROWS'] } }],
        ['speaks latin1', { charset: 'latin1_swedish_ci' }],
        ['lives in another time zone', { timezone: '+09:30' }],
      ])('%s', async (_, settings) => {
        const source = await database.connect(settings);
        const store = new TypeOrmTokenStore(source);
        const key = 'wechat:contract-set:token:微信🐼';
        try {
          expect(await store.setIfAbsent(key, '微信🐼', MINUTE)).toBe(true);
          expect(await store.setIfAbsent(key, '微信🐼', MINUTE)).toBe(false);
          for (let i = 0; i < 20; i++) {
            expect(await store.replaceIfEqual(key, '微信🐼', '微信🐼', MINUTE)).toBe(true);
          }
          expect(await new TypeOrmTokenStore(direct).get(key)).toBe('微信🐼');
          await store.set(key, 'over', -1);
          expect(await store.setIfAbsent(key, 'next', MINUTE)).toBe(true);
          expect(await store.get(key)).toBe('next');
        } finally {
          await store.delete(key);
          await source.destroy();
        }
      });
    });
  });
}
