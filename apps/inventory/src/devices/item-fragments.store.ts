import type { Tx } from '@opendls/postgres';
import type { DataSource } from 'typeorm';
import type { AskedReply, ReplyChange, StoredReply } from './domain/device-changes.js';
import { textOfReply, type Fragment, type ReplyRef } from './domain/item-fragments.js';
import { recordsetOf } from './recordset.js';

const REPLY_COLUMNS = { device_id: 'text', contact_id: 'text', order_id: 'uuid', step_index: 'integer' };
const KEY = [...Object.keys(REPLY_COLUMNS), 'fragment'].join(', ');
const COLUMNS = {
  ...REPLY_COLUMNS,
  fragment: 'integer',
  attempt: 'integer',
  is_final: 'boolean',
  reported_at: 'timestamptz',
  items: 'jsonb',
  unreadable_keys: 'jsonb',
};
const NAMES = Object.keys(COLUMNS);
const SAME_REPLY = Object.keys(REPLY_COLUMNS)
  .map((column) => `f.${column} = r.${column}`)
  .join(' AND ');

/** All that a phone can have to say fits many times; what is more is nobody's settings. */
const MAX_REPLY_BYTES = 4_194_304;

const LOAD = `
  WITH asked AS MATERIALIZED (
    SELECT r.* FROM ${recordsetOf({ ...REPLY_COLUMNS, is_ending: 'boolean' })}
    WHERE r.is_ending OR EXISTS (SELECT 1 FROM item_fragment f WHERE ${SAME_REPLY} AND f.is_final)
  )
  SELECT f.device_id AS "deviceId", f.contact_id AS "contactId", f.order_id AS "orderId", f.step_index AS "stepIndex",
    f.fragment, f.attempt, f.is_final AS "isFinal", f.reported_at AS "at",
    CASE WHEN size.bytes <= $2 THEN f.items END AS items, f.unreadable_keys AS "unreadable"
  FROM asked r
  CROSS JOIN LATERAL (
    SELECT sum(octet_length(f.items::text)) AS bytes FROM item_fragment f WHERE ${SAME_REPLY}
  ) AS size
  JOIN item_fragment f ON ${SAME_REPLY}
  ORDER BY f.fragment`;
const REMOVE = `DELETE FROM item_fragment f USING ${recordsetOf(REPLY_COLUMNS)} WHERE ${SAME_REPLY}`;
const UPSERT = `
  INSERT INTO item_fragment (${NAMES.join(', ')}) SELECT ${NAMES.join(', ')} FROM ${recordsetOf(COLUMNS)}
  ON CONFLICT (${KEY}) DO UPDATE SET ${NAMES.map((column) => `${column} = excluded.${column}`).join(', ')}
  WHERE item_fragment.attempt <= excluded.attempt`;

type FragmentRow = ReplyRef & Omit<Fragment, 'items'> & { readonly items: Fragment['items'] | null };

/** Fragments of replies that are not complete yet. */
export class ItemFragmentsStore {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * What is stored of replies that end now, or whose end came before other parts; replies without any fragment are left out.
   * Replies that go on are left alone, or each of their fragments would cost as much as all before it.
   */
  async load(tx: Tx, asked: readonly AskedReply[]): Promise<readonly StoredReply[]> {
    if (asked.length === 0) return [];
    const refs = asked.map((reply) => ({ ...replyRow(reply), is_ending: reply.isEnding }));
    const rows = await tx.query<FragmentRow[]>(LOAD, [JSON.stringify(refs), MAX_REPLY_BYTES]);
    const replies = new Map<string, { ref: ReplyRef; fragments: Fragment[]; isOversized: boolean }>();
    for (const { deviceId, contactId, orderId, stepIndex, items, ...fragment } of rows) {
      const ref = { deviceId, contactId, orderId, stepIndex };
      const text = textOfReply(ref);
      const reply = replies.get(text) ?? { ref, fragments: [], isOversized: items === null };
      if (items !== null) reply.fragments.push({ ...fragment, items });
      replies.set(text, reply);
    }
    return [...replies.values()];
  }

  /** Writes what changed. */
  async save(tx: Tx, changes: readonly ReplyChange[]): Promise<void> {
    const obsolete = changes.filter(({ isObsolete }) => isObsolete).map(({ ref }) => replyRow(ref));
    if (obsolete.length > 0) await tx.query(REMOVE, [JSON.stringify(obsolete)]);
    const added = changes.flatMap(({ ref, added }) => added.map((fragment) => fragmentRow(ref, fragment)));
    if (added.length > 0) await tx.query(UPSERT, [JSON.stringify(added)]);
  }

  /** Removes fragments whose reply was never completed, reported before `before`, at most `limit`; returns how many. */
  async purge(before: Date, limit: number): Promise<number> {
    const [, removed] = await this.dataSource.query<[unknown, number]>(
      `DELETE FROM item_fragment WHERE ctid IN (SELECT ctid FROM item_fragment WHERE reported_at < $1 LIMIT $2)`,
      [before, limit],
    );
    return removed;
  }
}

function replyRow(ref: ReplyRef): object {
  return { device_id: ref.deviceId, contact_id: ref.contactId, order_id: ref.orderId, step_index: ref.stepIndex };
}

function fragmentRow(ref: ReplyRef, { fragment, attempt, isFinal, at, items, unreadable }: Fragment): object {
  const place = { ...replyRow(ref), fragment, attempt };
  // A secret that was sent with its value by mistake is not kept either.
  const safe = items.map(({ name, index, value, secret }) =>
    secret ? { name, index, secret } : { name, index, value },
  );
  return { ...place, is_final: isFinal, reported_at: at, items: safe, unreadable_keys: unreadable };
}
