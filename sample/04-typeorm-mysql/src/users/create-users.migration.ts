// Makes the shop's own two tables, as they were before there was an identity linker.
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateUsers1767312000000 implements MigrationInterface {
  readonly name = 'CreateUsers1767312000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE users (
        id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
        nickname VARCHAR(64) CHARACTER SET utf8mb4 NULL,
        unionid VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL UNIQUE
      ) ENGINE=InnoDB`);
    // openid and unionid differ by case, which the default collations do not see.
    await runner.query(`
      CREATE TABLE wechat_accounts (
        app_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        openid VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        user_id INT NULL,
        last_login_at DATETIME(3) NOT NULL,
        PRIMARY KEY (app_id, openid),
        FOREIGN KEY (user_id) REFERENCES users (id)
      ) ENGINE=InnoDB`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE wechat_accounts');
    await runner.query('DROP TABLE users');
  }
}
