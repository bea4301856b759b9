import { complianceStateSchema, contactAttemptOutcomeSchema } from '@opendls/event-contracts';
import { z } from 'zod';
import { mobilityOf, REFUSALS } from '../mobile-users/domain/mobility-state.js';
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
  contact: z
    .object({
      nextAt: instant.nullable().describe('When the phone is asked to come, if it does not by itself; null: it is not'),
      lastRequestAt: instant.nullable(),
      lastOutcome: contactAttemptOutcomeSchema.nullable().describe('What became of the last request; null: not known yet'),
      attempts: z.int().describe('Requests since its last contact'),
    })
    .describe('Waking the phone for work that waits (ContactMe)'),
  mobility: z
    .object({
      user: z.string().nullable().describe('Number of the mobile user that a password let on'),
      phase: z.enum(['logging-on', 'logged-on', 'logging-off']).nullable(),
      since: instant.nullable(),
      lastRefusal: z.object({ e164: z.string(), reason: z.enum(REFUSALS), at: instant }).nullable(),
      lockedUntil: instant.nullable().describe('After too many wrong passwords nobody logs on here before'),
    })
    .describe('The mobile user on the phone'),
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

export type DeviceSummaryResponse = z.output<typeof deviceSummarySchema>;
export type DeviceResponse = z.output<typeof deviceSchema>;

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
    contact: {
      nextAt: state.nextContactAt?.toISOString() ?? null,
      lastRequestAt: state.waking.lastRequestAt,
      lastOutcome: state.waking.lastOutcome,
      attempts: state.waking.attempts,
    },
    mobility: toMobility(state),
    desiredItems: desired.map(toDesiredItem),
    differences: differences.map(toDifference),
  };
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

function toMobility(state: DeviceView['state']): DeviceResponse['mobility'] {
  const { user, phase, since, lastRefusal, failures } = mobilityOf(state);
  return {
    ...{ user, phase, since: since?.toISOString() ?? null },
    lastRefusal: lastRefusal && { ...lastRefusal, at: lastRefusal.at.toISOString() },
    lockedUntil: failures.lockedUntil?.toISOString() ?? null,
  };
}
