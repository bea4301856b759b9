import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A secret value, sealed. */
@Entity({ name: 'secret' })
export class SecretEntity {
  @PrimaryColumn({ type: 'text', collation: 'C' })
  name!: string;

  @Column({ type: 'text' })
  sealed!: string;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;

  /** Id of the API key. */
  @Column({ name: 'updated_by', type: 'text' })
  updatedBy!: string;
}
