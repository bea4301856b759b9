import { comparableValue } from '../../policies/domain/item-value.js';
import type { Provenance, SelectedItem } from '../../policies/domain/policy-set.js';
import type { SelectableFacts } from '../../policies/domain/selector.js';
import { resolveSecretRef } from '../../secrets/domain/secret-ref.js';

/** Makes and compares what is remembered of a secret that was written. */
export interface SecretFingerprints {
  make(value: string, deviceId: string, itemKey: string): string;
  matches(stored: string, value: string, deviceId: string, itemKey: string): boolean;
}

/** The secrets that one batch of decisions needs, by name. */
export type SecretValues = ReadonlyMap<string, string>;

/** An item as a phone should have it. */
export interface DesiredItem {
  readonly key: string;
  readonly name: string;
  readonly index?: number;
  readonly secret: boolean;
  readonly from: Provenance;
  readonly target: DesiredTarget;
}

export type DesiredTarget =
  | {
      readonly kind: 'known';
      /** What is written. */
      readonly value: string;
      /** What reports are compared with. */
      readonly comparable: string;
      /** What is remembered once the phone has it: the comparable value, or a fingerprint where it is secret. */
      readonly mark: string;
    }
  /** It cannot be written yet. */
  | { readonly kind: 'unresolved'; readonly reason: 'secret-missing' | 'fact-missing'; readonly ref: string };

/** Names of the secrets that the items need for this phone. */
export function neededSecrets(selected: readonly SelectedItem[], facts: SelectableFacts): string[] {
  const names = new Set<string>();
  for (const { item } of selected) {
    if (item.kind !== 'secret-ref') continue;
    const name = resolveSecretRef(item.template, facts);
    if (name !== undefined && name !== '') names.add(name);
  }
  return [...names];
}

/** The desired configuration of a phone, item by item with its provenance, with what it is compared by. */
export class DesiredConfiguration {
  readonly items: readonly DesiredItem[];
  readonly byKey: ReadonlyMap<string, DesiredItem>;

  constructor(
    private readonly facts: SelectableFacts,
    selected: readonly SelectedItem[],
    secrets: SecretValues,
    private readonly fingerprints: SecretFingerprints,
  ) {
    this.items = selected.map((one) => this.resolve(one, secrets));
    this.byKey = new Map(this.items.map((item) => [item.key, item]));
  }

  /** Whether what was remembered of the phone is this item's value. */
  isMark(item: DesiredItem, stored: string | undefined): boolean {
    if (stored === undefined || item.target.kind !== 'known') return false;
    if (stored === item.target.mark) return true;
    return item.secret && this.fingerprints.matches(stored, item.target.comparable, this.facts.deviceId, item.key);
  }

  private resolve({ item, from }: SelectedItem, secrets: SecretValues): DesiredItem {
    const { key, name, index, secret } = item;
    const base = { key, name, ...(index === undefined ? {} : { index }), secret, from };
    if (item.kind === 'value') {
      const { value, comparable } = item;
      return { ...base, target: { kind: 'known', value, comparable, mark: this.mark(secret, comparable, key) } };
    }
    const secretName = resolveSecretRef(item.template, this.facts);
    const value = secretName === undefined ? undefined : secrets.get(secretName);
    if (value === undefined) {
      const reason = secretName === undefined ? 'fact-missing' : 'secret-missing';
      return { ...base, target: { kind: 'unresolved', reason, ref: item.ref } };
    }
    const comparable = comparableValue(name, value);
    return { ...base, target: { kind: 'known', value, comparable, mark: this.mark(true, comparable, key) } };
  }

  private mark(secret: boolean, comparable: string, key: string): string {
    return secret ? this.fingerprints.make(comparable, this.facts.deviceId, key) : comparable;
  }
}
