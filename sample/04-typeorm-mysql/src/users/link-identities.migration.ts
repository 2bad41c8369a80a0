// From one unionid a user to one a WeChat account: what the identity linker asks for.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const ASCII = 'CHARACTER SET ascii COLLATE ascii_bin';

export class LinkIdentities1767398400000 implements MigrationInterface {
  readonly name = 'LinkIdentities1767398400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE users ADD banned BOOLEAN NOT NULL DEFAULT FALSE');
    await runner.query('DELETE FROM wechat_accounts WHERE user_id IS NULL');
    await runner.query(`
      ALTER TABLE wechat_accounts
        ADD realm VARCHAR(64) ${ASCII} NOT NULL DEFAULT 'default',
        ADD unionid VARCHAR(64) ${ASCII} NULL,
        MODIFY user_id INT NOT NULL,
        DROP COLUMN last_login_at,
        ADD UNIQUE (app_id, unionid)`);
    await runner.query(`
      CREATE TABLE wechat_unionids (
        realm VARCHAR(64) ${ASCII} NOT NULL,
        unionid VARCHAR(64) ${ASCII} NOT NULL,
        user_id INT NOT NULL,
        disputed BOOLEAN NOT NULL DEFAULT FALSE,
        PRIMARY KEY (realm, unionid),
        FOREIGN KEY (user_id) REFERENCES users (id)
      ) ENGINE=InnoDB`);
    // Whoever has one has it at every app that they came by.
    await runner.query(`
      UPDATE IGNORE wechat_accounts JOIN users ON users.id = user_id SET wechat_accounts.unionid = users.unionid`);
    await runner.query(`
      INSERT INTO wechat_unionids (realm, unionid, user_id)
      SELECT 'default', unionid, id FROM users WHERE unionid IS NOT NULL`);
    await runner.query('ALTER TABLE users DROP COLUMN unionid');
  }

  async down(): Promise<void> {
    throw new Error('What the accounts have learnt since does not fit into the tables of before.');
  }
}
