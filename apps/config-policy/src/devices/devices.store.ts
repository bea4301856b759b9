import type { ComplianceState, DeviceFacts, ReportedItem } from '@opendls/event-contracts';
import type { Tx } from '@opendls/postgres';
import type { DataSource, EntityManager } from 'typeorm';
import { NOT_WOKEN, type WakingState } from '../waking/domain/contact-plan.js';
import type { DeviceEntity, DeviceReportEntity } from './device.entity.js';
import type { DeviceState } from './domain/device-state.js';
import type { BlockedItem, ReportedValue } from './domain/difference.js';
import type { ReplyRef, ReportFragment, StoredFragments } from './domain/report-fragments.js';
import { ReportFragmentEntity } from './report-fragment.entity.js';
import { isChanged, TrackedMap } from './tracked-map.js';

const DEVICE_COLUMNS = `device_id, mac_address, device_type, software_type, software_version, e164, basic_e164,
  contact_me_uri, part_number, max_items, first_seen_at, last_seen_at, contact_id, contact_reason, contact_opened_at,
  last_report_at, full_report_at, is_report_stale, given_up, compliance, compliance_since, open_items, planned_version,
  secret_refs, features, firmware_offered_at, waking, next_contact_at, directive`;
const DEVICE_UPDATES = DEVICE_COLUMNS.split(',')
  .map((column) => column.trim())
  .filter((column) => column !== 'device_id' && column !== 'first_seen_at')
  .map((column) => `${column} = excluded.${column}`)
  .join(', ');

/** All that a phone can have to say fits many times; what is more is nobody's settings. */
const MAX_REPLY_BYTES = 4_194_304;
const SAME_REPLY = ['device_id', 'contact_id', 'order_id', 'step_index']
  .map((column) => `f.${column} = r.${column}`)
  .join(' AND ');
const LOAD_FRAGMENTS = `
  WITH r AS MATERIALIZED (
    SELECT r.* FROM json_to_recordset($1::json)
      AS r(device_id text, contact_id text, order_id uuid, step_index integer, is_ending boolean)
    WHERE r.is_ending OR EXISTS (SELECT 1 FROM report_fragment f WHERE ${SAME_REPLY} AND f.is_final)
  )
  SELECT f.device_id AS "deviceId", f.contact_id AS "contactId", f.order_id AS "orderId", f.step_index AS "stepIndex",
    f.fragment, f.is_final AS "isFinal", CASE WHEN size.bytes <= $2 THEN f.items END AS items
  FROM r
  CROSS JOIN LATERAL (
    SELECT sum(octet_length(f.items::text)) AS bytes FROM report_fragment f WHERE ${SAME_REPLY}
  ) AS size
  JOIN report_fragment f ON ${SAME_REPLY}
  ORDER BY f.fragment`;

/** A phone as lists show it. */
export type DeviceSummary = Pick<
  DeviceEntity,
  | 'deviceId'
  | 'macAddress'
  | 'deviceType'
  | 'softwareVersion'
  | 'e164'
  | 'compliance'
  | 'complianceSince'
  | 'lastSeenAt'
> & { readonly openItems: number };

/** Reads and writes what is known of phones. */
export class DevicesStore {
  constructor(private readonly dataSource: DataSource) {}

  /** Makes sure the phones exist, and locks them, in one order everywhere, until the transaction ends. */
  async lockAll(tx: Tx, deviceIds: readonly string[], now: Date): Promise<Map<string, DeviceState>> {
    await tx.query(
      `INSERT INTO device (device_id, first_seen_at, last_seen_at, is_report_stale, compliance, compliance_since,
         open_items, planned_version, secret_refs)
       SELECT device_id, $2, $2, false, 'unmanaged', $2, '[]', 0, '{}'
       FROM unnest($1::text[]) AS device_id ORDER BY device_id ON CONFLICT DO NOTHING`,
      [deviceIds, now],
    );
    return this.load(tx, deviceIds, 'FOR UPDATE OF d');
  }

  /** Locks those of the phones that nobody else is working on. */
  async lockFree(tx: Tx, deviceIds: readonly string[]): Promise<Map<string, DeviceState>> {
    return this.load(tx, deviceIds, 'FOR UPDATE OF d SKIP LOCKED');
  }

  async find(deviceId: string): Promise<DeviceState | undefined> {
    return (await this.load(this.dataSource.manager, [deviceId], '')).get(deviceId);
  }

  /** Stores what changed; the caller holds the locks. */
  async saveAll(tx: Tx, devices: readonly DeviceState[]): Promise<void> {
    if (devices.length === 0) return;
    await tx.query(
      `INSERT INTO device (${DEVICE_COLUMNS})
       SELECT ${DEVICE_COLUMNS} FROM json_populate_recordset(NULL::device, $1::json)
       ON CONFLICT (device_id) DO UPDATE SET ${DEVICE_UPDATES}`,
      [JSON.stringify(devices.map(toRow))],
    );
  }

  /** Stores the reports that changed; they are large, and most events do not change them. */
  async saveReports(tx: Tx, devices: readonly DeviceState[]): Promise<void> {
    const changed = devices.filter((one) => [one.report, one.applied, one.blocked].some(isChanged));
    if (changed.length === 0) return;
    const rows = changed.map(({ deviceId, report, applied, blocked }) => ({
      device_id: deviceId,
      report: Object.fromEntries(report),
      applied: Object.fromEntries(applied),
      blocked: Object.fromEntries(blocked),
    }));
    await tx.query(
      `INSERT INTO device_report (device_id, report, applied, blocked)
       SELECT device_id, report, applied, blocked FROM json_populate_recordset(NULL::device_report, $1::json)
       ON CONFLICT (device_id) DO UPDATE
         SET report = excluded.report, applied = excluded.applied, blocked = excluded.blocked`,
      [JSON.stringify(rows)],
    );
  }

  async list(
    filter: { readonly state?: ComplianceState },
    after: string | undefined,
    limit: number,
  ): Promise<DeviceSummary[]> {
    return this.dataSource.query(
      `SELECT device_id AS "deviceId", mac_address AS "macAddress", device_type AS "deviceType",
         software_version AS "softwareVersion", e164, compliance, compliance_since AS "complianceSince",
         last_seen_at AS "lastSeenAt", json_array_length(open_items) AS "openItems"
       FROM device
       WHERE ($1::text IS NULL OR compliance = $1) AND ($2::text IS NULL OR device_id > $2)
       ORDER BY device_id LIMIT $3`,
      [filter.state ?? null, after ?? null, limit],
    );
  }

  /** Phones whose state was computed with older policies. */
  async findOutdated(version: number, after: string, limit: number): Promise<string[]> {
    const rows: { device_id: string }[] = await this.dataSource.query(
      'SELECT device_id FROM device WHERE planned_version < $1 AND device_id > $2 ORDER BY device_id LIMIT $3',
      [version, after, limit],
    );
    return rows.map(({ device_id }) => device_id);
  }

  /** Whether a phone is to be asked to come by now. */
  async hasDueContacts(tx: Tx, now: Date): Promise<boolean> {
    const rows: unknown[] = await tx.query('SELECT 1 FROM device WHERE next_contact_at <= $1 LIMIT 1', [now]);
    return rows.length > 0;
  }

  /** Phones that are to be asked to come by now, longest waiting first. */
  async findDueContacts(tx: Tx, now: Date, limit: number): Promise<string[]> {
    const rows: { device_id: string }[] = await tx.query(
      'SELECT device_id FROM device WHERE next_contact_at <= $1 ORDER BY next_contact_at LIMIT $2',
      [now, limit],
    );
    return rows.map(({ device_id }) => device_id);
  }

  async countDueContacts(now: Date): Promise<number> {
    const rows: { count: number }[] = await this.dataSource.query(
      'SELECT count(*)::integer AS count FROM device WHERE next_contact_at <= $1',
      [now],
    );
    return rows[0]?.count ?? 0;
  }

  async countByCompliance(): Promise<readonly { readonly compliance: ComplianceState; readonly count: number }[]> {
    return this.dataSource.query('SELECT compliance, count(*)::integer AS count FROM device GROUP BY compliance');
  }

  // --- fragments

  /**
   * The stored parts of replies that end now, or whose end came before other parts. Replies that go on are left alone, or
   * each of their parts would cost as much as all before it.
   */
  async loadFragments(
    tx: Tx,
    replies: readonly (ReplyRef & { readonly isEnding: boolean })[],
  ): Promise<StoredFragments> {
    if (replies.length === 0) return { parts: [], oversized: [] };
    const asked = replies.map(({ deviceId, contactId, orderId, stepIndex, isEnding }) => ({
      device_id: deviceId,
      contact_id: contactId,
      order_id: orderId,
      step_index: stepIndex,
      is_ending: isEnding,
    }));
    const rows: (Omit<ReportFragment, 'items'> & { readonly items: ReportFragment['items'] | null })[] = await tx.query(
      LOAD_FRAGMENTS,
      [JSON.stringify(asked), MAX_REPLY_BYTES],
    );
    return {
      parts: rows.flatMap(({ items, ...row }) => (items === null ? [] : [{ ...row, items }])),
      oversized: rows.filter(({ items }) => items === null),
    };
  }

  async saveFragments(tx: Tx, fragments: readonly ReportFragment[], receivedAt: Date): Promise<void> {
    if (fragments.length === 0) return;
    const rows = fragments.map((fragment) => ({
      device_id: fragment.deviceId,
      contact_id: fragment.contactId,
      order_id: fragment.orderId,
      step_index: fragment.stepIndex,
      fragment: fragment.fragment,
      is_final: fragment.isFinal,
      items: fragment.items satisfies readonly ReportedItem[],
      received_at: receivedAt,
    }));
    await tx.query(
      `INSERT INTO report_fragment SELECT * FROM json_populate_recordset(NULL::report_fragment, $1::json)
       ON CONFLICT (device_id, contact_id, order_id, step_index, fragment)
       DO UPDATE SET is_final = excluded.is_final, items = excluded.items, received_at = excluded.received_at`,
      [JSON.stringify(rows)],
    );
  }

  async removeReplies(tx: Tx, replies: readonly ReplyRef[]): Promise<void> {
    for (const { deviceId, contactId, orderId, stepIndex } of replies) {
      await tx.delete(ReportFragmentEntity, { deviceId, contactId, orderId, stepIndex });
    }
  }

  /** Forgets parts whose rest never came. */
  async purgeFragments(tx: Tx, receivedBefore: Date): Promise<void> {
    await tx.query('DELETE FROM report_fragment WHERE received_at < $1', [receivedBefore]);
  }

  private async load(
    manager: EntityManager,
    deviceIds: readonly string[],
    lock: string,
  ): Promise<Map<string, DeviceState>> {
    const rows: (Record<string, unknown> & StoredReport)[] = await manager.query(
      `SELECT ${DEVICE_COLUMNS.split(',')
        .map((column) => `d.${column.trim()}`)
        .join(', ')}, r.report, r.applied, r.blocked
       FROM device d LEFT JOIN device_report r ON r.device_id = d.device_id
       WHERE d.device_id = ANY($1) ORDER BY d.device_id ${lock}`,
      [deviceIds],
    );
    const states = rows.map(toState);
    return new Map(states.map((state) => [state.deviceId, state]));
  }
}

type StoredReport = { [Column in 'report' | 'applied' | 'blocked']: DeviceReportEntity[Column] | null };

/** Column names are the ones of {@link DEVICE_COLUMNS}; the driver gives numbers, dates and JSON as such. */
function toState(row: Record<string, unknown> & StoredReport): DeviceState {
  // The types are those of the table, which a migration test holds against the entity.
  const get = <Value>(column: string): Value => row[column] as Value;
  const facts: DeviceFacts = {
    macAddress: get('mac_address'),
    deviceType: get('device_type'),
    softwareType: get('software_type'),
    softwareVersion: get('software_version'),
    e164: get('e164'),
    basicE164: get('basic_e164'),
    contactMeUri: get('contact_me_uri'),
    partNumber: get('part_number'),
  };
  return {
    deviceId: get('device_id'),
    facts,
    maxItems: get('max_items'),
    firstSeenAt: get('first_seen_at'),
    lastSeenAt: get('last_seen_at'),
    contactId: get('contact_id'),
    contactReason: get('contact_reason'),
    contactOpenedAt: get('contact_opened_at'),
    report: new TrackedMap<ReportedValue>(Object.entries(row.report ?? {})),
    lastReportAt: get('last_report_at'),
    fullReportAt: get('full_report_at'),
    isReportStale: get('is_report_stale'),
    applied: new TrackedMap<string>(Object.entries(row.applied ?? {})),
    blocked: new TrackedMap<BlockedItem>(Object.entries(row.blocked ?? {})),
    givenUp: get('given_up'),
    compliance: get('compliance'),
    complianceSince: get('compliance_since'),
    openItems: get('open_items'),
    plannedVersion: Number(get<string>('planned_version')),
    secretRefs: get('secret_refs'),
    features: get('features'),
    firmwareOfferedAt: get('firmware_offered_at'),
    waking: get<WakingState | null>('waking') ?? NOT_WOKEN,
    nextContactAt: get('next_contact_at'),
    directive: get('directive'),
  };
}

function toRow(state: DeviceState): Record<string, unknown> {
  const { facts } = state;
  return {
    device_id: state.deviceId,
    mac_address: facts.macAddress,
    device_type: facts.deviceType,
    software_type: facts.softwareType,
    software_version: facts.softwareVersion,
    e164: facts.e164,
    basic_e164: facts.basicE164,
    contact_me_uri: facts.contactMeUri,
    part_number: facts.partNumber,
    max_items: state.maxItems,
    first_seen_at: state.firstSeenAt,
    last_seen_at: state.lastSeenAt,
    contact_id: state.contactId,
    contact_reason: state.contactReason,
    contact_opened_at: state.contactOpenedAt,
    last_report_at: state.lastReportAt,
    full_report_at: state.fullReportAt,
    is_report_stale: state.isReportStale,
    given_up: state.givenUp,
    compliance: state.compliance,
    compliance_since: state.complianceSince,
    open_items: state.openItems,
    planned_version: state.plannedVersion,
    secret_refs: state.secretRefs,
    features: state.features,
    firmware_offered_at: state.firmwareOfferedAt,
    waking: state.waking === NOT_WOKEN ? null : state.waking,
    next_contact_at: state.nextContactAt,
    directive: state.directive,
  };
}
