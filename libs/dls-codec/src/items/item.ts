import type { ItemStatus } from '../protocol-names.js';

/** The largest index: nine digits. */
export const MAX_INDEX = 999_999_999;

/**
 * One configuration item as it travels. Its identity is (name, index): index 0 is legal and something else than no index.
 *
 * ```
 * Item          0..n inside ItemList, order and duplicates are kept
 *   @name       required, case-sensitive
 *   @index      optional, number
 *   @type       optional text, of no known use
 *   @status     optional, phone replies only
 *   text        the value; the white space around it is not part of it
 * ```
 */
export interface Item {
  readonly name: string;
  readonly index?: number;
  /** The index as it came, only when it is not a number; `index` is then absent. */
  readonly indexText?: string;
  readonly value: string;
  readonly status?: ItemStatus;
  /** The status as it came, only when it is none of the protocol's; `status` is then `undefined status`. */
  readonly statusText?: string;
  readonly type?: string;
}
