// A person, as the shop knows one.
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity('users')
export class User {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'varchar', length: 64, nullable: true })
  nickname!: string | null;

  /**
   * What the accounts of one person have in common, as far as it is known. Unique, so that two
   * first logins at once make one person.
   */
  @Column({ type: 'varchar', length: 64, nullable: true, unique: true })
  unionid!: string | null;
}
