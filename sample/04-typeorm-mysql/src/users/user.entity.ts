// A person, as the shop knows one.
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity('users')
export class User {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'varchar', length: 64, nullable: true })
  nickname!: string | null;

  /** Nobody who is banned gets in again: the login handler reads it. */
  @Column({ type: 'boolean', default: false })
  banned!: boolean;
}
