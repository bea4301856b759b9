import type { DeviceId, ReportedItem } from '@opendls/event-contracts';
import type { Tx } from '@opendls/postgres';
import type { DataSource } from 'typeorm';
import type { ItemChanges, ItemReport } from './domain/item-changes.js';
import type { OpeningItem } from './opening-report.entity.js';
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

const OPENING_COLUMNS = { name: 'text', item_index: 'integer', value: 'text', is_secret: 'boolean' };
const COLUMNS = { device_id: 'text', ...OPENING_COLUMNS, reported_at: 'timestamptz' };
const NAMES = Object.keys(COLUMNS).join(', ');
const OPENING_ITEMS = `jsonb_to_recordset(o.items) AS i(${Object.entries(OPENING_COLUMNS)
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

const RETIRE = `
  INSERT INTO reported_item AS known (${NAMES})
  SELECT r.device_id, i.name, i.item_index, i.value, i.is_secret, r.confirmed_at
  FROM ${recordsetOf({ device_id: 'text', confirmed_at: 'timestamptz', is_listed: 'boolean', keys: 'jsonb' })}
  JOIN opening_report o ON o.device_id = r.device_id
  CROSS JOIN ${OPENING_ITEMS}
  WHERE (r.keys ? ${keyText('i')}) = r.is_listed
  ${ON_CONFLICT}`;

const OPEN = `
  INSERT INTO opening_report (device_id, items)
  SELECT r.device_id, r.items FROM ${recordsetOf({ device_id: 'text', items: 'jsonb' })}
  ON CONFLICT (device_id) DO UPDATE SET items = excluded.items`;

const CLOSE = `DELETE FROM opening_report USING ${recordsetOf({ device_id: 'text' })}
  WHERE opening_report.device_id = r.device_id`;

const REPLACE = `
  DELETE FROM reported_item AS known USING ${recordsetOf({ device_id: 'text', at: 'timestamptz', keep: 'jsonb' })}
  WHERE known.device_id = r.device_id AND known.reported_at <= r.at AND NOT r.keep ? ${keyText('known')}`;

const LIST = `
  SELECT DISTINCT ON (name, item_index)
    name, item_index AS "itemIndex", value, is_secret AS "isSecret", reported_at AS "reportedAt"
  FROM (
    SELECT name, item_index, value, is_secret, reported_at FROM reported_item WHERE device_id = $1
    UNION ALL
    SELECT i.name COLLATE "C", i.item_index, i.value, i.is_secret, d.opening_confirmed_at
    FROM device d JOIN opening_report o ON o.device_id = d.device_id CROSS JOIN ${OPENING_ITEMS}
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
    await run(tx, RETIRE, changes.flatMap(toRetirement));
    await run(
      tx,
      UPSERT,
      changes.flatMap(({ deviceId, items }) => items.reports.map((report) => toRow(deviceId, report))),
    );
    await this.saveOpenings(tx, changes);
    const replacements = changes.flatMap(({ deviceId, items: { replacement } }) =>
      replacement === null ? [] : [{ device_id: deviceId, at: replacement.at, keep: [...replacement.keep] }],
    );
    await run(tx, REPLACE, replacements);
  }

  /** Items of one phone by name and index, one more than asked for when there are more. */
  async list(deviceId: DeviceId, { namePattern, after, limit }: ItemsQuery): Promise<readonly ListedItem[]> {
    const position = [after?.name ?? null, after?.itemIndex ?? null];
    return this.dataSource.query<ListedItem[]>(LIST, [deviceId, namePattern ?? null, ...position, limit + 1]);
  }

  private async saveOpenings(tx: Tx, changes: readonly DeviceItems[]): Promise<void> {
    const opened = changes.flatMap(({ deviceId, items: { openingItems } }) =>
      openingItems === null ? [] : [{ device_id: deviceId, items: openingItems.map(toOpeningItem) }],
    );
    const closed = changes.filter(({ items }) => items.retirement !== null && items.openingItems === null);
    await run(tx, OPEN, opened);
    await run(
      tx,
      CLOSE,
      closed.map(({ deviceId }) => ({ device_id: deviceId })),
    );
  }
}

async function run(tx: Tx, statement: string, rows: readonly object[]): Promise<void> {
  if (rows.length > 0) await tx.query(statement, [JSON.stringify(rows)]);
}

function toRetirement({ deviceId, items: { retirement } }: DeviceItems): readonly object[] {
  if (retirement === null || (retirement.which === 'only' && retirement.keys.size === 0)) return [];
  const { which, keys, confirmedAt } = retirement;
  return [{ device_id: deviceId, confirmed_at: confirmedAt, is_listed: which === 'only', keys: [...keys] }];
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

function toOpeningItem({ name, index, value, secret }: ReportedItem): OpeningItem {
  const isSecret = secret === true;
  return { name, item_index: index ?? NO_INDEX, value: isSecret ? null : (value ?? null), is_secret: isSecret };
}
