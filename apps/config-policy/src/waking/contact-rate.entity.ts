import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** The token bucket that limits requests of all replicas together: one row. */
@Entity({ name: 'contact_rate' })
@Check('contact_rate_one_row', 'id = 1')
export class ContactRateEntity {
  @PrimaryColumn({ type: 'smallint' })
  id!: number;

  @Column({ type: 'double precision' })
  tokens!: number;

  @Column({ name: 'refilled_at', type: 'timestamptz' })
  refilledAt!: Date;
}
