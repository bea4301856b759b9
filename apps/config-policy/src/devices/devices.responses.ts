import { complianceStateSchema, workOrderKindSchema, type WorkOrderStep } from '@opendls/event-contracts';
import { z } from 'zod';
import { WORK_ORDER_STATES, type StepResult, type WorkOrder } from '../work-orders/domain/work-order.js';
import type { DeviceView } from './devices.service.js';
import type { DeviceSummary } from './devices.store.js';
import type { DesiredItem } from './domain/desired-configuration.js';
import type { Difference, ReportedValue } from './domain/difference.js';

const itemRef = { name: z.string(), index: z.int().optional() };
const instant = z.iso.datetime();

export const deviceSummarySchema = z.object({
  deviceId: z.string(),
  state: complianceStateSchema,
  stateSince: instant,
  macAddress: z.string().nullable(),
  deviceType: z.string().nullable(),
  softwareVersion: z.string().nullable(),
  e164: z.string().nullable(),
  openItems: z.int().describe('Number of items that are not as desired'),
  lastSeenAt: instant,
});

export const deviceSchema = z.object({
  deviceId: z.string(),
  state: complianceStateSchema.describe(
    '`compliant`: as desired; `pending`: something is to be read or written at the next contact, or a secret is missing; `drifted`: changed on the phone; `failed`: the phone does not take a value, or its work failed too often; `unmanaged`: no policy selects it',
  ),
  stateSince: instant,
  macAddress: z.string().nullable(),
  deviceType: z.string().nullable(),
  softwareType: z.string().nullable(),
  softwareVersion: z.string().nullable(),
  e164: z.string().nullable(),
  lastSeenAt: instant,
  lastReportAt: instant.nullable().describe('When the phone last said anything of its items'),
  fullReportAt: instant.nullable().describe('When all items were last read'),
  desiredItems: z.array(
    z.object({
      ...itemRef,
      value: z.string().optional().describe('Absent for secrets'),
      secret: z.literal(true).optional(),
      unresolved: z.enum(['secret-missing', 'fact-missing']).optional().describe('Why the value is not known yet'),
      secretRef: z.string().optional().describe('The reference that is not resolved'),
      policy: z.string(),
      revision: z.int(),
      layer: z.string(),
    }),
  ),
  differences: z.array(
    z.object({
      ...itemRef,
      reason: z.enum([
        'differs',
        'drifted',
        'not-reported',
        'outdated',
        'secret-missing',
        'fact-missing',
        'refused',
        'stored-differently',
      ]),
      status: z.string().optional().describe('What the phone gave as the reason of a refusal'),
      secret: z.literal(true).optional(),
      desired: z.string().nullable().describe('null for secrets'),
      reported: z.string().nullable().describe('null for secrets, and where the phone reports no value'),
      policy: z.string(),
    }),
  ),
});

export const orderSchema = z.object({
  orderId: z.uuid(),
  kind: workOrderKindSchema,
  state: z.enum(WORK_ORDER_STATES),
  attempt: z.int().describe('How often it was offered'),
  failedAttempts: z.int(),
  lastAttemptEnd: z.string().nullable().describe('Why the last attempt did not finish'),
  failureCode: z.string().nullable(),
  contactId: z.string().nullable(),
  createdAt: instant,
  offeredAt: instant.nullable(),
  expiresAt: instant.nullable(),
  closedAt: instant.nullable(),
  steps: z.array(
    z.object({
      kind: z.string(),
      items: z.array(
        z.object({
          ...itemRef,
          value: z.string().optional(),
          secret: z.literal(true).optional(),
          policy: z.string().optional(),
          revision: z.int().optional(),
        }),
      ),
      results: z.array(
        z.object({
          attempt: z.int(),
          part: z.int(),
          outcome: z.string(),
          at: instant,
          refusedItems: z.array(z.object({ ...itemRef, status: z.string() })),
        }),
      ),
    }),
  ),
});

export type DeviceSummaryResponse = z.output<typeof deviceSummarySchema>;
export type DeviceResponse = z.output<typeof deviceSchema>;
export type OrderResponse = z.output<typeof orderSchema>;

export function toDeviceSummary(row: DeviceSummary): DeviceSummaryResponse {
  const { compliance, complianceSince, lastSeenAt, ...rest } = row;
  return {
    ...rest,
    state: compliance,
    stateSince: complianceSince.toISOString(),
    lastSeenAt: lastSeenAt.toISOString(),
  };
}

export function toDevice({ state, desired, differences }: DeviceView): DeviceResponse {
  const { macAddress, deviceType, softwareType, softwareVersion, e164 } = state.facts;
  return {
    deviceId: state.deviceId,
    state: state.compliance,
    stateSince: state.complianceSince.toISOString(),
    ...{ macAddress, deviceType, softwareType, softwareVersion, e164 },
    lastSeenAt: state.lastSeenAt.toISOString(),
    lastReportAt: state.lastReportAt?.toISOString() ?? null,
    fullReportAt: state.fullReportAt?.toISOString() ?? null,
    desiredItems: desired.map(toDesiredItem),
    differences: differences.map(toDifference),
  };
}

export function toOrder(order: WorkOrder): OrderResponse {
  const { orderId, kind, state, attempt, failedAttempts, lastAttemptEnd, failureCode, contactId } = order;
  return {
    ...{ orderId, kind, state, attempt, failedAttempts, lastAttemptEnd, failureCode, contactId },
    createdAt: order.createdAt.toISOString(),
    offeredAt: order.offeredAt?.toISOString() ?? null,
    expiresAt: order.expiresAt?.toISOString() ?? null,
    closedAt: order.closedAt?.toISOString() ?? null,
    steps: order.steps.map((step, stepIndex) => ({
      kind: step.kind,
      items: itemsOf(step).map((item) => ({ ...item, ...provenance(order, item) })),
      results: order.results.filter((result) => result.stepIndex === stepIndex).map(toResult),
    })),
  };
}

type StepItem = OrderResponse['steps'][number]['items'][number];

function itemsOf(step: WorkOrderStep): StepItem[] {
  if (!('items' in step)) return [];
  return step.items.map((item) => {
    const ref = refOf(item);
    if ('sealed' in item) return { ...ref, secret: true };
    return 'value' in item ? { ...ref, value: item.value } : ref;
  });
}

function provenance(order: WorkOrder, { name, index }: StepItem): Partial<StepItem> {
  const target = order.targets.get(index === undefined ? name : `${name}[${index}]`);
  return target === undefined ? {} : { policy: target.policy, revision: target.revision };
}

function toResult({
  attempt,
  part,
  outcome,
  at,
  refusedItems,
}: StepResult): OrderResponse['steps'][number]['results'][number] {
  return { attempt, part, outcome, at, refusedItems: [...refusedItems] };
}

function toDesiredItem(item: DesiredItem): DeviceResponse['desiredItems'][number] {
  const { target, from, secret } = item;
  return {
    ...refOf(item),
    ...(secret ? { secret: true as const } : {}),
    ...(target.kind === 'known' && !secret ? { value: target.value } : {}),
    ...(target.kind === 'unresolved' ? { unresolved: target.reason, secretRef: target.ref } : {}),
    policy: from.policy,
    revision: from.revision,
    layer: from.layer,
  };
}

function toDifference({ desired, reason, reported, status }: Difference): DeviceResponse['differences'][number] {
  const { target, secret } = desired;
  return {
    ...refOf(desired),
    reason,
    ...(status === undefined ? {} : { status }),
    ...(secret ? { secret: true as const } : {}),
    desired: target.kind === 'known' && !secret ? target.value : null,
    reported: secret ? null : shownValue(reported),
    policy: desired.from.policy,
  };
}

function shownValue(reported: ReportedValue | undefined): string | null {
  return reported?.value ?? null;
}

function refOf({ name, index }: { readonly name: string; readonly index?: number }): { name: string; index?: number } {
  return index === undefined ? { name } : { name, index };
}
