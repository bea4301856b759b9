/** What a value must look like; values themselves always stay strings (`0123` is not 123). */
export type ItemType =
  | 'base64'
  | 'boolean'
  | 'certificate'
  | 'date-time'
  | 'enum'
  | 'host'
  | 'integer'
  | 'ip-address'
  | 'mac-address'
  | 'password'
  | 'phone-number'
  | 'port'
  | 'string'
  | 'uri';

/** `unknown`: no source says; try it and look at the item status the phone returns. */
export type ItemAccess = 'read-only' | 'read-write' | 'write-only' | 'unknown';

/** Instances of an indexed item. */
export interface IndexRule {
  readonly min: number;
  /** Absent: no upper bound is known. */
  readonly max?: number;
  /** True: the item also exists without an index (one file: no index; several files: one index each). */
  readonly optional?: true;
}

export interface ItemValue {
  readonly value: string;
  readonly meaning: string;
}

/** One entry of the catalogue. */
export interface ItemDefinition {
  /** Case-sensitive name on the wire. */
  readonly name: string;
  readonly group: string;
  readonly type: ItemType;
  readonly access: ItemAccess;
  /** Absent: the item exists once and takes no index. */
  readonly index?: IndexRule;
  /** Values of an enumeration. */
  readonly values?: readonly ItemValue[];
  /** True: firmware knows more numeric codes than the ones listed in `values`. */
  readonly moreValues?: true;
  /** Range of an integer. */
  readonly min?: number;
  readonly max?: number;
  /** Longest value in characters. */
  readonly maxLength?: number;
  /** Factory setting, where a source states it. */
  readonly default?: string;
  /** Values must never be shown, logged or stored readable. */
  readonly secret?: true;
  /** Absent: all devices, as far as known. */
  readonly devices?: readonly string[];
  readonly description: string;
  /** Where the entry is known from; keys are explained in the README. */
  readonly source: string;
}
