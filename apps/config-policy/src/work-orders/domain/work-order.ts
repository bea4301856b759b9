import { itemKey } from '@opendls/item-catalog';
import type {
  ContactOutcome,
  ItemRef,
  RefusedItem,
  ReportedItem,
  StepKind,
  WorkOrderKind,
  WorkOrderStep,
} from '@opendls/event-contracts';

/**
 * - `pending`: waits for the phone's next contact;
 * - `offered`: published to a gateway, the phone has answered nothing yet;
 * - `running`: the phone has answered at least one message of it;
 * - `verifying`: all is sent; what became of it shows later, see {@link Verification};
 * - `done`, `refused` (the phone took all but the refused items), `failed`, `superseded` (not wanted any more), `cancelled` (by a
 *   person): closed.
 */
export const WORK_ORDER_STATES = [
  'pending',
  'offered',
  'running',
  'verifying',
  'done',
  'refused',
  'failed',
  'superseded',
  'cancelled',
] as const;
export type WorkOrderState = (typeof WORK_ORDER_STATES)[number];
export const OPEN_STATES = ['pending', 'offered', 'running', 'verifying'] as const satisfies readonly WorkOrderState[];
export type ClosedState = Exclude<WorkOrderState, (typeof OPEN_STATES)[number]>;

/** Who wants an order: the policies, a person (one-off), or a feature such as secure mode and mobile users. */
export const ORDER_ORIGINS = ['policy', 'request', 'system'] as const;
export type OrderOrigin = (typeof ORDER_ORIGINS)[number];

/** Order of work within a contact, first to last. */
export const ORDER_RANKS = { security: 0, mobility: 1, request: 2, policy: 3 } as const;
export type OrderRank = keyof typeof ORDER_RANKS;

/**
 * What an order waits for once it was sent, state `verifying`; without one it is closed by the answer to its last step.
 * - `start-up`: the phone boots (PROTOCOL 4.7);
 * - `firmware`: it boots with this version (4.10); null: with any other than `previousVersion`, or the same again;
 * - `deployment-status`: it tells `file-deployment-status` (4.8, 4.9), or its full report after `readAllAfterMs` does.
 */
export type Verification = { readonly timeoutMs: number } & (
  | { readonly kind: 'start-up' }
  | { readonly kind: 'firmware'; readonly version: string | null; readonly previousVersion: string | null }
  | { readonly kind: 'deployment-status'; readonly files: readonly DeployedFile[]; readonly readAllAfterMs: number }
);

/** A file is identified by name and type (PROTOCOL 4.9); an index is there when several are sent. */
export interface DeployedFile {
  readonly name: string;
  readonly type: string;
  readonly action: 'deploy' | 'delete';
  readonly index?: number;
}

/** Why an attempt ended without finishing the order; `busy`, `deadline` and `no-contact` are not the phone's failure. */
export type AttemptEnd =
  | 'busy'
  | 'deadline'
  | 'step-failed'
  | 'report-incomplete'
  | 'not-verified'
  | 'expired'
  | 'contact-replaced'
  | 'contact-ended';

/** What the end of a contact is to an order that was under way in it. */
export const END_OF_OUTCOME: Readonly<Record<ContactOutcome, AttemptEnd>> = {
  completed: 'contact-ended',
  'no-work': 'contact-ended',
  deadline: 'deadline',
  busy: 'busy',
  'phone-clean-up': 'contact-ended',
  'step-failed': 'step-failed',
  expired: 'expired',
  'loop-guard': 'contact-ended',
  replaced: 'contact-replaced',
  restarting: 'contact-ended',
};

/** What a phone answered to one message of one step. */
export interface StepResult {
  readonly attempt: number;
  readonly stepIndex: number;
  readonly part: number;
  readonly kind: StepKind;
  readonly outcome: 'accepted' | 'failed' | 'busy' | 'sent';
  readonly isStepFinished: boolean;
  readonly refusedItems: readonly RefusedItem[];
  readonly at: string;
  /** How often the same answer came again; absent: never. */
  readonly repeats?: number;
}

/** What an order wants an item to be: the mark of the value and where it comes from. */
export interface OrderTarget {
  readonly name: string;
  readonly index?: number;
  readonly mark: string;
  readonly policy: string;
  readonly revision: number;
  /** Comparable value, for items that can be read back; absent for secrets. */
  readonly comparable?: string;
}

/** Work for one phone. Its steps never change once it exists: a different wish is a different order. */
export interface WorkOrder {
  readonly orderId: string;
  readonly deviceId: string;
  readonly kind: WorkOrderKind;
  readonly origin: OrderOrigin;
  readonly rank: OrderRank;
  /** Of system orders: at most one open order of a phone has it. */
  readonly orderKey: string | null;
  /** Name of the API key of a request. */
  readonly requestedBy: string | null;
  readonly idempotencyKey: string | null;
  /** Hash of the request that came with the key. */
  readonly requestHash: string | null;
  /** What was asked for, as the API shows it; no secrets. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Whether the phone is woken for it at once, not after the contact gap. */
  readonly wantsContactNow: boolean;
  /** It makes sense in the contact it was made in only. */
  readonly isContactBound: boolean;
  readonly verification: Verification | null;
  /** Values the phone reported to the read steps of a request; never a secret one. */
  readonly answers: readonly ReportedItem[];
  readonly state: WorkOrderState;
  readonly steps: readonly WorkOrderStep[];
  /** By item key; empty for `read-all`. */
  readonly targets: ReadonlyMap<string, OrderTarget>;
  /** Offerings so far, in different contacts. */
  readonly attempt: number;
  /** Attempts that ended by the phone's failure. */
  readonly failedAttempts: number;
  readonly lastAttemptEnd: AttemptEnd | null;
  /** Contact it was last offered in. */
  readonly contactId: string | null;
  readonly fromStep: number;
  readonly fromPart: number;
  readonly results: readonly StepResult[];
  readonly failureCode: string | null;
  readonly createdAt: Date;
  readonly offeredAt: Date | null;
  readonly expiresAt: Date | null;
  readonly closedAt: Date | null;
}

export interface OrderLimits {
  /** Failed attempts after which an order is given up. */
  readonly maxAttempts: number;
  /** An offered order without a sign of life for this long goes back to pending. */
  readonly orderExpiryMs: number;
}

/** The same contact id later than this is a new contact: some phones repeat their nonces. */
export const SAME_CONTACT_MS = 15 * 60_000;
/** Results kept per order; a phone cannot make it grow without end. */
const MAX_RESULTS = 500;
/** A phone repeats an answer while the bus is slow; this often only one does that goes in circles. */
const MAX_REPEATS = 20;

export function isOpen(order: WorkOrder): boolean {
  return order.closedAt === null;
}

/** Whether the order was offered in this contact and the contact is not an old one with the same id. */
export function belongsTo(order: WorkOrder, contactId: string, now: Date): boolean {
  if (order.contactId !== contactId || order.offeredAt === null) return false;
  return now.getTime() - order.offeredAt.getTime() <= SAME_CONTACT_MS;
}

/** What a new order is made of; what is left out is as for work of policies. */
export type NewOrder = Pick<WorkOrder, 'orderId' | 'deviceId' | 'kind' | 'steps' | 'targets' | 'createdAt'> &
  Partial<
    Pick<
      WorkOrder,
      | 'origin'
      | 'rank'
      | 'orderKey'
      | 'requestedBy'
      | 'idempotencyKey'
      | 'requestHash'
      | 'parameters'
      | 'wantsContactNow'
      | 'isContactBound'
      | 'verification'
      | 'contactId'
    >
  >;

/** A new order, not yet offered. */
export function createOrder(order: NewOrder): WorkOrder {
  return {
    origin: 'policy',
    rank: 'policy',
    orderKey: null,
    requestedBy: null,
    idempotencyKey: null,
    requestHash: null,
    parameters: {},
    wantsContactNow: false,
    isContactBound: false,
    verification: null,
    answers: [],
    contactId: null,
    ...order,
    state: 'pending',
    attempt: 0,
    failedAttempts: 0,
    lastAttemptEnd: null,
    fromStep: 0,
    fromPart: 0,
    results: [],
    failureCode: null,
    offeredAt: null,
    expiresAt: null,
    closedAt: null,
  };
}

/**
 * Offers the whole order in a contact. A phone that repeats the message that opened the contact gets the same attempt
 * again, any other contact a new one; the content is the same in both.
 */
export function offerOrder(order: WorkOrder, contactId: string, now: Date, limits: OrderLimits): WorkOrder {
  const isRepeat = order.state !== 'pending' && belongsTo(order, contactId, now);
  return {
    ...order,
    state: 'offered',
    attempt: isRepeat ? order.attempt : order.attempt + 1,
    contactId,
    fromStep: 0,
    fromPart: 0,
    offeredAt: isRepeat ? order.offeredAt : now,
    expiresAt: after(now, limits.orderExpiryMs),
  };
}

/** Notes an answer of the phone and how far the order has come; it never goes back within an attempt. */
export function recordResult(order: WorkOrder, result: StepResult, now: Date, limits: OrderLimits): WorkOrder {
  const known = order.results.findIndex((one) => isSameMessage(one, result));
  const results =
    known === -1
      ? [...order.results, result].slice(-MAX_RESULTS)
      : order.results.map((one, at) => (at === known ? { ...one, repeats: (one.repeats ?? 0) + 1 } : one));
  if (result.outcome === 'busy' || result.outcome === 'failed') return { ...order, results };
  const reached = result.isStepFinished ? [result.stepIndex + 1, 0] : [result.stepIndex, result.part + 1];
  const [step = 0, part = 0] = reached;
  const isFurther = step > order.fromStep || (step === order.fromStep && part > order.fromPart);
  return {
    ...order,
    state: 'running',
    results,
    ...(isFurther ? { fromStep: Math.min(step, order.steps.length), fromPart: part } : {}),
    expiresAt: after(now, limits.orderExpiryMs),
  };
}

/** Whether the phone gave this answer so often that the attempt leads nowhere (an old cookie, several gateways). */
export function isGoingInCircles(order: WorkOrder, result: StepResult): boolean {
  return order.results.some((one) => isSameMessage(one, result) && (one.repeats ?? 0) >= MAX_REPEATS);
}

export function isFinished(order: WorkOrder): boolean {
  return order.fromStep >= order.steps.length;
}

/** Items the phone refused in the attempt that is running. */
export function refusedIn(order: WorkOrder): readonly RefusedItem[] {
  return order.results.filter((one) => one.attempt === order.attempt).flatMap((one) => one.refusedItems);
}

/** The attempt ended early: the order waits for the next contact, or is given up after too many failures. */
export function endAttempt(order: WorkOrder, end: AttemptEnd, now: Date, limits: OrderLimits): WorkOrder {
  const isCounted = end !== 'busy' && end !== 'deadline';
  const failedAttempts = order.failedAttempts + (isCounted ? 1 : 0);
  const ended = { ...order, failedAttempts, lastAttemptEnd: end, fromStep: 0, fromPart: 0, expiresAt: null };
  // What a phone does not accept once it accepts never; only policies insist, as their wishes stay.
  if (end === 'step-failed' && order.origin !== 'policy') return closeOrder(ended, 'failed', now, end);
  if (failedAttempts >= limits.maxAttempts) return closeOrder(ended, 'failed', now, `gave-up-after-${end}`);
  return { ...ended, state: 'pending' };
}

/** All is sent; what becomes of it shows within a time. */
export function startVerifying(order: WorkOrder, verification: Verification, now: Date): WorkOrder {
  const { timeoutMs } = verification;
  const firstMs = verification.kind === 'deployment-status' ? verification.readAllAfterMs : timeoutMs;
  return { ...order, state: 'verifying', expiresAt: after(now, Math.min(firstMs, timeoutMs)) };
}

export function closeOrder(
  order: WorkOrder,
  state: ClosedState,
  now: Date,
  failureCode: string | null = null,
): WorkOrder {
  return { ...order, state, closedAt: now, expiresAt: null, failureCode };
}

/** The items that the order's write steps carry. */
export function writtenRefs(order: WorkOrder, stepIndex?: number): readonly ItemRef[] {
  return order.steps.flatMap((step, index) =>
    step.kind === 'write-items' && (stepIndex === undefined || stepIndex === index)
      ? step.items.map(({ name, index: instance }) => (instance === undefined ? { name } : { name, index: instance }))
      : [],
  );
}

/** Keys of all items that the order's steps name. */
export function orderedRefs({ steps }: WorkOrder): ReadonlySet<string> {
  return new Set(
    steps.flatMap((step) => ('items' in step ? step.items.map((one) => itemKey(one.name, one.index)) : [])),
  );
}

function isSameMessage(a: StepResult, b: StepResult): boolean {
  return a.attempt === b.attempt && a.stepIndex === b.stepIndex && a.part === b.part && a.outcome === b.outcome;
}

function after(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms);
}
