import type { DlsAction, DlsMessage } from '@opendls/dls-codec';
import { itemKey } from '@opendls/item-catalog';
import type { RefusedItem } from './facts.js';
import type { ItemName, OrderItem, OrderStep, StepKind } from './order.js';
import { splitWriteItems } from './split-write-items.js';
import type { InteractionWarning, Settings } from './transition.js';

const ACTIONS: Readonly<Record<StepKind, DlsAction>> = {
  'read-all-items': 'ReadAllItems',
  'read-items': 'ReadItems',
  'write-items': 'WriteItems',
  'file-deployment': 'FileDeployment',
  'software-deployment': 'SoftwareDeployment',
  restart: 'Restart',
};

/** The action that starts a step of a kind. */
export function actionOf(kind: StepKind): DlsAction {
  return ACTIONS[kind];
}

/** The messages that make up one step. */
export interface StepMessages {
  /** Items of each message, readable; a message without items has an empty list. */
  readonly parts: readonly (readonly OrderItem[])[];
  /** What cannot be sent at all and is reported as refused without asking the phone. */
  readonly unsendable: readonly RefusedItem[];
  readonly warnings: readonly InteractionWarning[];
}

/** Cuts a step into messages; the same step, `maxItems` and settings give the same messages everywhere. */
export function messagesOf(step: OrderStep, maxItems: number | null, settings: Settings): StepMessages {
  switch (step.kind) {
    case 'read-all-items':
      return { parts: [[]], unsendable: [], warnings: [] };
    case 'read-items':
      return cut(step.items.map(withoutValue), [], maxItems, settings);
    case 'write-items': {
      const { readable, closed } = reveal(step.items, settings);
      return cut(readable, closed, maxItems, settings);
    }
    case 'file-deployment':
    case 'software-deployment':
    case 'restart': {
      const { readable, closed } = reveal(step.items, settings);
      return { parts: closed.length > 0 ? [] : [readable], unsendable: closed, warnings: [] };
    }
  }
}

/** The message of one part. */
export function messageOf(kind: StepKind, nonce: string, items: readonly OrderItem[]): DlsMessage {
  const action = actionOf(kind);
  if (items.length === 0) return { kind: 'dls', nonce, action };
  return { kind: 'dls', nonce, action, items };
}

function cut(
  items: readonly OrderItem[],
  closed: readonly RefusedItem[],
  maxItems: number | null,
  settings: Settings,
): StepMessages {
  const { parts, oversized, tornGroups } = splitWriteItems(items, { maxBytes: settings.maxBytes, maxItems });
  const tooLarge = oversized.map((item) => ({ ...nameOf(item), status: 'too large for a message' }));
  return {
    parts,
    unsendable: [...closed, ...tooLarge],
    warnings: [
      ...oversized.map((item) => ({ code: 'item-oversized' as const, detail: itemKey(item.name, item.index) })),
      ...tornGroups.map((detail) => ({ code: 'group-torn' as const, detail })),
    ],
  };
}

function reveal(
  items: readonly OrderItem[],
  settings: Settings,
): { readonly readable: readonly OrderItem[]; readonly closed: readonly RefusedItem[] } {
  const closed: RefusedItem[] = [];
  const readable = items.flatMap((item) => {
    const value = settings.reveal(item);
    if (value !== undefined) return [{ ...nameOf(item), value }];
    closed.push({ ...nameOf(item), status: 'sealed value cannot be opened' });
    return [];
  });
  return { readable, closed };
}

function withoutValue(item: ItemName): OrderItem {
  return { ...nameOf(item), value: '' };
}

/** The identity of an item, without an `index` that is undefined. */
export function nameOf({ name, index }: ItemName): ItemName {
  return index === undefined ? { name } : { name, index };
}
