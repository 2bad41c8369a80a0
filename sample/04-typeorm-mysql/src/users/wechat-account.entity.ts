// A WeChat identity and whose it is. One person has one for each app.
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('wechat_accounts')
export class WechatAccount {
  @PrimaryColumn({ name: 'app_id', type: 'varchar', length: 32 })
  appId!: string;

  /** Differs by case: the column has a binary collation. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  openid!: string;

  /** Null for as long as the first login is under way. */
  @Column({ name: 'user_id', type: 'int', nullable: true })
  userId!: number | null;

  @Column({ name: 'last_login_at', type: 'datetime', precision: 3 })
  lastLoginAt!: Date;
}
