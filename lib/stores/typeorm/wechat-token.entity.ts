// Tells TypeORM of the table, so that a prefix, a schema or a naming strategy of the application
// applies to it too.
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * The table of `TypeOrmTokenStore`: name it in `entities`, or with Nest in
 * `forFeature([WechatTokenEntity])` together with `autoLoadEntities`.
 *
 * `synchronize: true` and `migration:generate` leave this table alone, because no one set of column
 * types is right in every database; the migration `CreateWechatTokens1767225600000` makes it. Read
 * and write through the store: what a row means (sealed, over, a lock) is its business.
 */
@Entity({ name: 'wechat_tokens', synchronize: false })
export class WechatTokenEntity {
  /** `wechat:<appId>:<kind>:<id>` */
  @PrimaryColumn({ name: 'key', type: 'varchar', length: 512, transformer: { from: textOf, to: same } })
  key!: string;

  /** Sealed, as the module wrote it. */
  @Column({ name: 'value', type: 'text', transformer: { from: textOf, to: same } })
  value!: string;

  /** Milliseconds since 1970. */
  @Column({ name: 'expires_at', type: 'bigint', transformer: { from: Number, to: same } })
  expiresAt!: number;
}

function same(value: unknown): unknown {
  return value;
}

/** What comes out of a column of bytes, which some drivers hand out as an ArrayBuffer. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : Buffer.from(value as Uint8Array).toString();
}
