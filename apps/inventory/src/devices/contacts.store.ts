import type { DeviceId } from '@opendls/event-contracts';
import type { Tx } from '@opendls/postgres';
import type { DataSource } from 'typeorm';
import { ContactEntity } from './contact.entity.js';
import type { ContactRecord } from './domain/contact-record.js';
import { recordsetOf } from './recordset.js';

/** Which contact id of which phone. */
export interface ContactRef {
  readonly deviceId: DeviceId;
  readonly contactId: string;
}

/** Which contacts to list. */
export interface ContactsQuery {
  readonly before?: { readonly openedAt: Date; readonly contactNo: string };
  readonly limit: number;
}

const COLUMNS = {
  device_id: 'text',
  contact_id: 'text',
  reason: 'text',
  opened_at: 'timestamptz',
  connection: 'jsonb',
  closed_at: 'timestamptz',
  outcome: 'text',
  cleanup_reason: 'text',
  is_solicited_requested: 'boolean',
  exchanges: 'integer',
  duration_ms: 'double precision',
  timeline: 'jsonb',
};
const NAMES = Object.keys(COLUMNS);

const INSERT = `
  INSERT INTO contact (${NAMES.join(', ')}) SELECT ${NAMES.join(', ')} FROM ${recordsetOf(COLUMNS)}`;

const UPDATE = `
  UPDATE contact SET ${NAMES.map((column) => `${column} = r.${column}`).join(', ')}
  FROM ${recordsetOf({ contact_no: 'bigint', ...COLUMNS })}
  WHERE contact.contact_no = r.contact_no`;

const LOAD = `
  SELECT c.contact_no AS "contactNo", c.device_id AS "deviceId", c.contact_id AS "contactId", c.reason,
    c.opened_at AS "openedAt", c.connection, c.closed_at AS "closedAt", c.outcome, c.cleanup_reason AS "cleanupReason",
    c.is_solicited_requested AS "isSolicitedRequested", c.exchanges, c.duration_ms AS "durationMs", c.timeline
  FROM unnest($1::text[], $2::text[]) AS r(device_id, contact_id)
  JOIN contact c ON c.device_id = r.device_id AND c.contact_id = r.contact_id
  WHERE c.opened_at BETWEEN $3 AND $4
  ORDER BY c.contact_no`;

/** The history of contacts. */
export class ContactsStore {
  constructor(private readonly dataSource: DataSource) {}

  /** Contacts with one of these ids that began within a span of time. */
  async load(tx: Tx, refs: readonly ContactRef[], from: Date, until: Date): Promise<readonly ContactRecord[]> {
    if (refs.length === 0) return [];
    const deviceIds = refs.map(({ deviceId }) => deviceId);
    const contactIds = refs.map(({ contactId }) => contactId);
    const rows = await tx.query<ContactEntity[]>(LOAD, [deviceIds, contactIds, from, until]);
    return rows.map(toRecord);
  }

  /** Writes contacts, new ones (without a number) and known ones. */
  async save(tx: Tx, contacts: readonly ContactRecord[]): Promise<void> {
    const added = contacts.filter(({ contactNo }) => contactNo === null);
    const known = contacts.filter(({ contactNo }) => contactNo !== null);
    if (added.length > 0) await tx.query(INSERT, [JSON.stringify(added.map(toRow))]);
    if (known.length > 0) await tx.query(UPDATE, [JSON.stringify(known.map(toRow))]);
  }

  /** Contacts of one phone, newest first, one more than asked for when there are more. */
  async list(deviceId: DeviceId, query: ContactsQuery): Promise<readonly ContactEntity[]> {
    const builder = this.dataSource
      .createQueryBuilder(ContactEntity, 'c')
      .where('c.deviceId = :deviceId', { deviceId })
      .orderBy('c.openedAt', 'DESC')
      .addOrderBy('c.contactNo', 'DESC')
      .limit(query.limit + 1);
    if (query.before !== undefined) {
      builder.andWhere('(c.openedAt, c.contactNo) < (:openedAt, :contactNo)', query.before);
    }
    return builder.getMany();
  }

  /** Removes contacts that began before `before`, at most `limit`; returns how many. */
  async purge(before: Date, limit: number): Promise<number> {
    const [, removed] = await this.dataSource.query<[unknown, number]>(
      `DELETE FROM contact WHERE contact_no IN
         (SELECT contact_no FROM contact WHERE opened_at < $1 LIMIT $2)`,
      [before, limit],
    );
    return removed;
  }
}

function toRow({ closing, ...contact }: ContactRecord): Readonly<Record<string, unknown>> {
  return {
    contact_no: contact.contactNo,
    device_id: contact.deviceId,
    contact_id: contact.contactId,
    reason: contact.reason,
    opened_at: contact.openedAt,
    connection: contact.connection,
    closed_at: closing?.closedAt ?? null,
    outcome: closing?.outcome ?? null,
    cleanup_reason: closing?.cleanupReason ?? null,
    is_solicited_requested: closing?.isSolicitedRequested ?? null,
    exchanges: closing?.exchanges ?? null,
    duration_ms: closing?.durationMs ?? null,
    timeline: contact.timeline,
  };
}

/** The contact of a row. */
export function toRecord(row: ContactEntity): ContactRecord {
  const { contactNo, deviceId, contactId, openedAt, reason, connection, timeline } = row;
  const { closedAt, outcome, cleanupReason } = row;
  const closing =
    closedAt === null || outcome === null
      ? null
      : {
          closedAt,
          outcome,
          cleanupReason,
          isSolicitedRequested: row.isSolicitedRequested ?? false,
          exchanges: row.exchanges ?? 0,
          durationMs: row.durationMs,
        };
  return { contactNo, deviceId, contactId, openedAt, reason, connection, closing, timeline };
}
