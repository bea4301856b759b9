import { isSecretItem, itemKey } from '@opendls/item-catalog';
import { parseSecretRef, type SecretRefTemplate } from '../../secrets/domain/secret-ref.js';
import { comparableValue } from './item-value.js';
import { LAYERS, type Layer, type PolicyDocument, type PolicyItem } from './policy-document.js';
import { isReservedItem } from '../../security/domain/reserved-items.js';
import { compileSelector, type SelectableFacts, type Selector } from './selector.js';

/** A stored policy as decisions need it. */
export interface PolicyRevision {
  readonly name: string;
  readonly revision: number;
  readonly document: PolicyDocument;
}

/** Where a value comes from. */
export interface Provenance {
  readonly policy: string;
  readonly revision: number;
  /** `user`: no policy, but the profile of a mobile user, which is above all policies. */
  readonly layer: Layer | 'user';
}

interface ItemBase {
  readonly key: string;
  readonly name: string;
  readonly index?: number;
  /** Must never be shown. */
  readonly secret: boolean;
}

/** An item that a policy wants, ready for comparison. */
export type WantedItem = ItemBase &
  (
    | { readonly kind: 'value'; readonly value: string; readonly comparable: string }
    | { readonly kind: 'secret-ref'; readonly template: SecretRefTemplate; readonly ref: string }
  );

/** An item and the policy that won it. */
export interface SelectedItem {
  readonly item: WantedItem;
  readonly from: Provenance;
}

interface CompiledPolicy {
  readonly from: Provenance;
  readonly selects: Selector;
  readonly items: readonly WantedItem[];
}

/** All policies in force at one moment, strongest first. Immutable. */
export class PolicySet {
  private constructor(
    readonly version: number,
    private readonly policies: readonly CompiledPolicy[],
  ) {}

  static readonly EMPTY = new PolicySet(0, []);

  /**
   * Sorts and compiles. Order of strength: layer (device over group over site over model over defaults), then higher
   * priority, then the name that sorts first. Revisions that `previous` has are not compiled again.
   */
  static of(version: number, revisions: readonly PolicyRevision[], previous: PolicySet = PolicySet.EMPTY): PolicySet {
    const known = new Map(
      previous.policies.map((policy) => [revisionKey(policy.from.policy, policy.from.revision), policy]),
    );
    const enabled = revisions.filter(({ document }) => document.spec.enabled);
    const sorted = [...enabled].sort(
      (a, b) =>
        LAYERS.indexOf(b.document.spec.layer) - LAYERS.indexOf(a.document.spec.layer) ||
        b.document.spec.priority - a.document.spec.priority ||
        (a.name < b.name ? -1 : 1),
    );
    return new PolicySet(
      version,
      sorted.map((revision) => known.get(revisionKey(revision.name, revision.revision)) ?? compilePolicy(revision)),
    );
  }

  get size(): number {
    return this.policies.length;
  }

  /** The items wanted for a phone, each from the strongest policy that selects the phone and names the item. */
  select(facts: SelectableFacts): SelectedItem[] {
    const winners = new Map<string, SelectedItem>();
    for (const policy of this.policies) {
      if (!policy.selects(facts)) continue;
      for (const item of policy.items) {
        if (!winners.has(item.key)) winners.set(item.key, { item, from: policy.from });
      }
    }
    return [...winners.values()];
  }
}

function compilePolicy(revision: PolicyRevision): CompiledPolicy {
  const { spec } = revision.document;
  return {
    from: { policy: revision.name, revision: revision.revision, layer: spec.layer },
    selects: compileSelector(spec.select),
    // Documents that are older than this rule may name them.
    items: spec.items.filter(({ name }) => !isReservedItem(name)).map(compileItem),
  };
}

function compileItem(item: PolicyItem): WantedItem {
  const base = {
    key: itemKey(item.name, item.index),
    name: item.name,
    ...(item.index === undefined ? {} : { index: item.index }),
  };
  if (item.value !== undefined) {
    const comparable = comparableValue(item.name, item.value);
    return { ...base, kind: 'value', secret: isSecretItem(item.name), value: item.value, comparable };
  }
  const ref = item.secretRef ?? '';
  const parsed = parseSecretRef(ref);
  // Documents are checked before they are stored; a reference that does not parse any more resolves to nothing.
  return { ...base, kind: 'secret-ref', secret: true, ref, template: parsed.ok ? parsed.template : [] };
}

/** Revisions are immutable, so name and revision identify what was compiled. */
function revisionKey(name: string, revision: number): string {
  return `${name}@${revision}`;
}
