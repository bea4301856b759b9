import type { DeviceId, ReportedItem } from '@opendls/event-contracts';
import type { Tx } from '@opendls/postgres';
import type { DataSource } from 'typeorm';
import type { ItemChanges, ItemReport } from './domain/item-changes.js';
import type { DocumentItem } from './item-document.entity.js';
import { recordsetOf } from './recordset.js';
import { NO_INDEX } from './reported-item.entity.js';

/** Changes to the items of one phone. */
export interface DeviceItems {
  readonly deviceId: DeviceId;
  readonly items: ItemChanges;
}

/** Which items to list. */
export interface ItemsQuery {
  /** SQL LIKE pattern of the name. */
  readonly namePattern?: string;
  readonly after?: ItemPosition;
  readonly limit: number;
}

export interface ItemPosition {
  readonly name: string;
  readonly itemIndex: number;
}

export interface ListedItem extends ItemPosition {
  readonly value: string | null;
  readonly isSecret: boolean;
  readonly reportedAt: Date;
}

const ITEM_COLUMNS = { name: 'text', item_index: 'integer', value: 'text', is_secret: 'boolean' };
const COLUMNS = { device_id: 'text', ...ITEM_COLUMNS, reported_at: 'timestamptz' };
const NAMES = Object.keys(COLUMNS).join(', ');
const DOCUMENT_ITEMS = `jsonb_to_recordset(o.items) AS i(${Object.entries(ITEM_COLUMNS)
  .map(([name, type]) => `${name} ${type}`)
  .join(', ')})`;

/** The text of an item's key, as the domain makes it. */
function keyText(alias: string): string {
  return `(${alias}.name || CASE WHEN ${alias}.item_index = ${NO_INDEX} THEN '' ELSE '[' || ${alias}.item_index || ']' END)`;
}

const ON_CONFLICT = `
  ON CONFLICT (device_id, name, item_index) DO UPDATE
  SET value = excluded.value, is_secret = excluded.is_secret, reported_at = excluded.reported_at
  WHERE known.reported_at <= excluded.reported_at`;

const UPSERT = `INSERT INTO reported_item AS known (${NAMES}) SELECT ${NAMES} FROM ${recordsetOf(COLUMNS)} ${ON_CONFLICT}`;

const RETIREMENT = {
  device_id: 'text',
  kind: 'text',
  confirmed_at: 'timestamptz',
  is_listed: 'boolean',
  keys: 'jsonb',
};
const RETIRE = `
  INSERT INTO reported_item AS known (${NAMES})
  SELECT DISTINCT ON (r.device_id, i.name, i.item_index)
    r.device_id, i.name, i.item_index, i.value, i.is_secret, r.confirmed_at
  FROM ${recordsetOf(RETIREMENT)}
  JOIN item_document o ON o.device_id = r.device_id AND o.kind = r.kind
  CROSS JOIN ${DOCUMENT_ITEMS}
  WHERE (r.keys ? ${keyText('i')}) = r.is_listed
  ORDER BY r.device_id, i.name, i.item_index, r.confirmed_at DESC
  ${ON_CONFLICT}`;

const STORE = `
  INSERT INTO item_document (device_id, kind, items)
  SELECT r.device_id, r.kind, r.items FROM ${recordsetOf({ device_id: 'text', kind: 'text', items: 'jsonb' })}
  ON CONFLICT (device_id, kind) DO UPDATE SET items = excluded.items`;

const DROP = `DELETE FROM item_document o USING ${recordsetOf({ device_id: 'text', kind: 'text' })}
  WHERE o.device_id = r.device_id AND o.kind = r.kind`;

const VOID = `
  DELETE FROM reported_item AS known USING ${recordsetOf({ device_id: 'text', not_after: 'timestamptz', keys: 'jsonb' })}
  WHERE known.device_id = r.device_id AND known.reported_at <= r.not_after AND NOT r.keys ? ${keyText('known')}`;

const LIST = `
  SELECT DISTINCT ON (name, item_index)
    name, item_index AS "itemIndex", value, is_secret AS "isSecret", reported_at AS "reportedAt"
  FROM (
    SELECT name, item_index, value, is_secret, reported_at FROM reported_item WHERE device_id = $1
    UNION ALL
    SELECT i.name COLLATE "C", i.item_index, i.value, i.is_secret,
      CASE o.kind WHEN 'opening' THEN d.opening_confirmed_at ELSE d.items_reported_at END
    FROM device d JOIN item_document o ON o.device_id = d.device_id CROSS JOIN ${DOCUMENT_ITEMS}
    WHERE d.device_id = $1
  ) AS item
  WHERE ($2::text IS NULL OR name LIKE $2) AND ($3::text IS NULL OR (name, item_index) > ($3, $4::integer))
  ORDER BY name, item_index, reported_at DESC
  LIMIT $5`;

/** The items that phones reported. */
export class ReportedItemsStore {
  constructor(private readonly dataSource: DataSource) {}

  /** Writes the changes of phones, with a few statements for all of them. */
  async save(tx: Tx, changes: readonly DeviceItems[]): Promise<void> {
    await run(tx, RETIRE, changes.flatMap(toRetirements));
    await run(
      tx,
      UPSERT,
      changes.flatMap(({ deviceId, items }) => items.rows.map((report) => toRow(deviceId, report))),
    );
    await run(tx, DROP, changes.flatMap(toDropped));
    await run(tx, STORE, changes.flatMap(toDocuments));
    const voidRows = changes.flatMap(({ deviceId, items: { voidRows } }) =>
      voidRows === null ? [] : [{ device_id: deviceId, not_after: voidRows.notAfter, keys: [...voidRows.except] }],
    );
    await run(tx, VOID, voidRows);
  }

  /** Items of one phone by name and index, one more than asked for when there are more. */
  async list(deviceId: DeviceId, { namePattern, after, limit }: ItemsQuery): Promise<readonly ListedItem[]> {
    const position = [after?.name ?? null, after?.itemIndex ?? null];
    return this.dataSource.query<ListedItem[]>(LIST, [deviceId, namePattern ?? null, ...position, limit + 1]);
  }
}

async function run(tx: Tx, statement: string, rows: readonly object[]): Promise<void> {
  if (rows.length > 0) await tx.query(statement, [JSON.stringify(rows)]);
}

/** A document of which nothing is kept needs no look at its items. */
function toRetirements({ deviceId, items }: DeviceItems): readonly object[] {
  return items.retirements
    .filter(({ which, keys }) => which === 'except' || keys.size > 0)
    .map(({ kind, which, keys, confirmedAt }) => ({
      device_id: deviceId,
      kind,
      confirmed_at: confirmedAt,
      is_listed: which === 'only',
      keys: [...keys],
    }));
}

function toDropped({ deviceId, items: { retirements, documents } }: DeviceItems): readonly object[] {
  return retirements
    .filter(({ kind }) => !documents.some((document) => document.kind === kind))
    .map(({ kind }) => ({ device_id: deviceId, kind }));
}

function toDocuments({ deviceId, items: { documents } }: DeviceItems): readonly object[] {
  return documents.map(({ kind, items }) => ({ device_id: deviceId, kind, items: items.map(toDocumentItem) }));
}

function toDocumentItem({ name, index, value, secret }: ReportedItem): DocumentItem {
  const isSecret = secret === true;
  return { name, item_index: index ?? NO_INDEX, value: isSecret ? null : (value ?? null), is_secret: isSecret };
}

function toRow(deviceId: DeviceId, report: ItemReport): object {
  return {
    device_id: deviceId,
    name: report.name,
    item_index: report.index ?? NO_INDEX,
    value: report.value,
    is_secret: report.isSecret,
    reported_at: report.reportedAt,
  };
}
