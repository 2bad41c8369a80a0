// Makes the table of `TypeOrmTokenStore` in MySQL, MariaDB, PostgreSQL and SQLite, and drops it.
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { dialectOf, namesOf } from './dialects.js';

/**
 * Name it in `migrations` of the data source, beside `WechatTokenEntity` in `entities`. It leaves a
 * table alone that is there already. Dropping the table signs nobody out: sessions live in cookies.
 * Tokens are lost, so that `getUser` has to wait for people's next login.
 */
export class CreateWechatTokens1767225600000 implements MigrationInterface {
  readonly name = 'CreateWechatTokens1767225600000';

  async up(runner: QueryRunner): Promise<void> {
    const { connection } = runner;
    for (const statement of dialectOf(connection).createTable(namesOf(connection))) {
      await runner.query(statement);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE IF EXISTS ${namesOf(runner.connection).table}`);
  }
}
