import type { DlsAction, DlsMessage, Item } from '@opendls/dls-codec';
import { itemKey } from '@opendls/item-catalog';
import type { RefusedItem } from './facts.js';
import type { ItemName, OrderItem, OrderStep, StepKind } from './order.js';
import { splitWriteItems } from './split-write-items.js';
import type { Contact } from './state.js';
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

/** What the messages of a step depend on, besides the step. */
type Recipient = Pick<Contact, 'maxItems' | 'traits'>;

/** Cuts a step into messages; the same step, phone and settings give the same messages everywhere. */
export function messagesOf(step: OrderStep, { maxItems, traits }: Recipient, settings: Settings): StepMessages {
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
      const items = traits.numericFilePriority ? readable.map(withNumericPriority) : readable;
      return { parts: closed.length > 0 ? [] : [items], unsendable: closed, warnings: [] };
    }
  }
}

/** The message of one part. */
export function messageOf(kind: StepKind, nonce: string, items: readonly OrderItem[]): DlsMessage {
  const action = actionOf(kind);
  if (items.length === 0) return { kind: 'dls', nonce, action };
  return { kind: 'dls', nonce, action, items: items.map(wireItem) };
}

/**
 * Whether a step is finished by sending it. Nothing follows a restart or accepted firmware but the next `start-up`
 * (PROTOCOL 4.7, 4.10); after indexed files the manual expects no `status`, though some phones send one (4.9).
 */
export function isFinishedBySending(step: OrderStep): boolean {
  if (step.kind === 'file-deployment') return step.items.some(({ index }) => index !== undefined);
  return step.kind === 'restart' || step.kind === 'software-deployment';
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
    const { itemStatus, file } = item;
    const value = settings.reveal(item);
    if (value !== undefined) return [{ ...nameOf(item), value, ...(itemStatus === undefined ? {} : { itemStatus }) }];
    closed.push({ ...nameOf(item), status: file ? 'no URL for the file' : 'sealed value cannot be opened' });
    return [];
  });
  return { readable, closed };
}

/** PROTOCOL 3.4: firmware V1 knows numbers in place of the words. */
function withNumericPriority(item: OrderItem): OrderItem {
  if (item.name !== 'file-priority') return item;
  const word = item.value.toLowerCase();
  return word === 'normal' ? { ...item, value: '0' } : word === 'immediate' ? { ...item, value: '1' } : item;
}

/** `secure` is none of the protocol's statuses, so the codec takes it as text. */
function wireItem({ itemStatus, ...item }: OrderItem): Item {
  return itemStatus === undefined ? item : { ...item, status: 'undefined status', statusText: itemStatus };
}

function withoutValue(item: ItemName): OrderItem {
  return { ...nameOf(item), value: '' };
}

/** The identity of an item, without an `index` that is undefined. */
export function nameOf({ name, index }: ItemName): ItemName {
  return index === undefined ? { name } : { name, index };
}
