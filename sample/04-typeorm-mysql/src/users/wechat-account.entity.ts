// A WeChat identity and whose it is. One person has one for each app.
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('wechat_accounts')
@Index(['appId', 'unionid'], { unique: true })
export class WechatAccount {
  @PrimaryColumn({ name: 'app_id', type: 'varchar', length: 32 })
  appId!: string;

  /** Differs by case: the column has a binary collation. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  openid!: string;

  /** Of one open-platform account: the app option `unionRealm`. */
  @Column({ type: 'varchar', length: 64 })
  realm!: string;

  /** At one app a unionid has one openid: the index refuses a second one. */
  @Column({ type: 'varchar', length: 64, nullable: true })
  unionid!: string | null;

  @Column({ name: 'user_id', type: 'int' })
  userId!: number;
}
