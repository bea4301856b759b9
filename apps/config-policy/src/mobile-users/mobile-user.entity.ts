import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { DeviceEntity } from '../devices/device.entity.js';

/** An item of a profile as it is stored: a secret value is sealed, or named. */
export type StoredProfileItem = { readonly name: string; readonly index?: number } & (
  { readonly value: string } | { readonly sealed: string } | { readonly secretRef: string }
);

/** A mobile user: who can log on at any phone (PROTOCOL 4.12). */
@Entity({ name: 'mobile_user' })
@Index('mobile_user_logged_on_device', ['loggedOnDeviceId'], { where: 'logged_on_device_id IS NOT NULL' })
export class MobileUserEntity {
  @PrimaryColumn({ type: 'text', collation: 'C' })
  e164!: string;

  @Column({ name: 'display_name', type: 'text', nullable: true })
  displayName!: string | null;

  @Column({ name: 'is_enabled', type: 'boolean' })
  isEnabled!: boolean;

  /** scrypt hash, sealed: a copy of the table alone is no help in guessing. */
  @Column({ type: 'text' })
  password!: string;

  @Column({ type: 'json' })
  profile!: readonly StoredProfileItem[];

  @Column({ type: 'integer' })
  revision!: number;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;

  /** Id of the API key. */
  @Column({ name: 'updated_by', type: 'text' })
  updatedBy!: string;

  @ForeignKey(() => DeviceEntity, { name: 'mobile_user_device_fkey', onDelete: 'SET NULL' })
  @Column({ name: 'logged_on_device_id', type: 'text', collation: 'C', nullable: true })
  loggedOnDeviceId!: string | null;

  @Column({ name: 'logged_on_at', type: 'timestamptz', nullable: true })
  loggedOnAt!: Date | null;

  @Column({ name: 'is_logoff_requested', type: 'boolean' })
  isLogoffRequested!: boolean;

  @Column({ name: 'failed_logons', type: 'integer' })
  failedLogons!: number;

  @Column({ name: 'last_failed_at', type: 'timestamptz', nullable: true })
  lastFailedAt!: Date | null;

  @Column({ name: 'locked_until', type: 'timestamptz', nullable: true })
  lockedUntil!: Date | null;
}

/** One chunk of a user's data, as a phone gave it; sealed. */
@Entity({ name: 'mobile_user_data' })
export class MobileUserDataEntity {
  @ForeignKey(() => MobileUserEntity, { name: 'mobile_user_data_user_fkey', onDelete: 'CASCADE' })
  @PrimaryColumn({ type: 'text', collation: 'C' })
  e164!: string;

  @PrimaryColumn({ type: 'text', collation: 'C' })
  name!: string;

  /** -1: the phone gave none. */
  @PrimaryColumn({ name: 'item_index', type: 'integer' })
  itemIndex!: number;

  @Column({ type: 'text' })
  sealed!: string;

  @Column({ name: 'size_characters', type: 'integer' })
  sizeCharacters!: number;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
