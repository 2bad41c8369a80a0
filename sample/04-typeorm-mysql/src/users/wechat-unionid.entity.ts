// Whom a unionid leads a new identity to.
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('wechat_unionids')
export class WechatUnionid {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  realm!: string;

  /** One row for each, so that two first logins at once make one person. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  unionid!: string;

  @Column({ name: 'user_id', type: 'int' })
  userId!: number;

  /** It links nobody until somebody of the shop has looked at it. */
  @Column({ type: 'boolean', default: false })
  disputed!: boolean;
}
