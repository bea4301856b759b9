import type { ContactReason, DeviceId } from '@opendls/event-contracts';
import type { DataSource, SelectQueryBuilder } from 'typeorm';
import { toRecord } from './device-row.js';
import { DeviceEntity } from './device.entity.js';
import type { DeviceRecord } from './domain/device-record.js';
import type { Sort, SortField } from './domain/device-sort.js';
import { likeLiteral } from './domain/text-pattern.js';

/** Which phones to list; patterns are SQL LIKE patterns. */
export interface DeviceFilter {
  readonly deviceTypePattern?: string;
  readonly softwareVersionPattern?: string;
  readonly e164Pattern?: string;
  readonly deviceIdPrefix?: string;
  readonly lastSeenFrom?: Date;
  readonly lastSeenBefore?: Date;
  readonly lastReason?: ContactReason;
  /** Words in lower case, all of which have to occur. */
  readonly words?: readonly string[];
}

/** The place of a phone in a sorted list. */
export interface ListPosition {
  readonly sortKey: string;
  readonly deviceId: DeviceId;
}

export interface DeviceListQuery {
  readonly filter: DeviceFilter;
  readonly sort: Sort;
  readonly after?: ListPosition;
  readonly limit: number;
}

export interface ListedDevice {
  readonly device: DeviceRecord;
  readonly position: ListPosition;
}

type Builder = SelectQueryBuilder<DeviceEntity>;

/** What the list is sorted by: each has an index of its own, see the migrations. An unknown fact sorts as empty text. */
const SORT_EXPRESSIONS: Readonly<Record<SortField, string>> = {
  deviceId: 'd.device_id',
  lastSeenAt: 'd.last_seen_at',
  e164: `coalesce(d.e164, '')`,
  deviceType: `coalesce(d.device_type, '')`,
  softwareVersion: 'd.software_version_sort',
};

/** Lists phones, filtered and sorted, page by page. */
export class DeviceListStore {
  constructor(private readonly dataSource: DataSource) {}

  /** Phones after a position, one more than asked for when there are more. */
  async list(query: DeviceListQuery): Promise<readonly ListedDevice[]> {
    const { entities } = await this.builder(query).getRawAndEntities();
    return entities.map((entity) => ({ device: toRecord(entity), position: positionOf(entity, query.sort.field) }));
  }

  /** The query of a list; its plan is what the indexes are for. */
  builder({ filter, sort, after, limit }: DeviceListQuery): SelectQueryBuilder<DeviceEntity> {
    const direction = sort.isDescending ? 'DESC' : 'ASC';
    const builder = this.dataSource
      .createQueryBuilder(DeviceEntity, 'd')
      .addSelect(SORT_EXPRESSIONS[sort.field], 'sort_key')
      .where('d.last_seen_at IS NOT NULL')
      .orderBy('sort_key', direction)
      .addOrderBy('d.deviceId', direction)
      .limit(limit + 1);
    applyFilter(builder, filter);
    if (after !== undefined) applyPosition(builder, sort, after);
    return builder;
  }
}

function applyFilter(builder: Builder, filter: DeviceFilter): void {
  const conditions: readonly (readonly [condition: string, name: string, value: unknown])[] = [
    ['d.device_type ILIKE :deviceType', 'deviceType', filter.deviceTypePattern],
    ['d.software_version ILIKE :softwareVersion', 'softwareVersion', filter.softwareVersionPattern],
    [`coalesce(d.e164, '') LIKE :e164`, 'e164', filter.e164Pattern],
    ['d.device_id LIKE :deviceId', 'deviceId', filter.deviceIdPrefix && `${likeLiteral(filter.deviceIdPrefix)}%`],
    ['d.last_seen_at >= :seenFrom', 'seenFrom', filter.lastSeenFrom],
    ['d.last_seen_at < :seenBefore', 'seenBefore', filter.lastSeenBefore],
    ['d.last_reason = :lastReason', 'lastReason', filter.lastReason],
  ];
  for (const [condition, name, value] of conditions) {
    if (value !== undefined) builder.andWhere(condition, { [name]: value });
  }
  for (const [position, word] of (filter.words ?? []).entries()) {
    builder.andWhere(`d.search_text LIKE :word${position}`, { [`word${position}`]: `%${likeLiteral(word)}%` });
  }
}

function applyPosition(builder: Builder, { field, isDescending }: Sort, after: ListPosition): void {
  const operator = isDescending ? '<' : '>';
  const key = field === 'lastSeenAt' ? 'CAST(:sortKey AS timestamptz)' : ':sortKey';
  builder.andWhere(`(${SORT_EXPRESSIONS[field]}, d.device_id) ${operator} (${key}, :afterId)`, {
    sortKey: after.sortKey,
    afterId: after.deviceId,
  });
}

function positionOf(row: DeviceEntity, field: SortField): ListPosition {
  const { deviceId } = row;
  switch (field) {
    case 'deviceId':
      return { sortKey: deviceId, deviceId };
    case 'lastSeenAt':
      return { sortKey: row.lastSeenAt?.toISOString() ?? '', deviceId };
    case 'e164':
      return { sortKey: row.e164 ?? '', deviceId };
    case 'deviceType':
      return { sortKey: row.deviceType ?? '', deviceId };
    case 'softwareVersion':
      return { sortKey: row.softwareVersionSort, deviceId };
  }
}
