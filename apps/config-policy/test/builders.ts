import type { ContactOpened, EventDataByType, ReportedItem } from '@opendls/event-contracts';
import { checkPolicy } from '../src/policies/domain/check-policy.js';
import type { PolicyDocument } from '../src/policies/domain/policy-document.js';
import { PolicySet, type PolicyRevision } from '../src/policies/domain/policy-set.js';
import { FeatureSet } from '../src/devices/domain/feature-rules.js';
import type { DecisionContext } from '../src/devices/domain/managed-device.js';
import type { SecretFingerprints } from '../src/devices/domain/desired-configuration.js';

export const DEVICE_ID = '001ae8005301';
export const NOON = new Date('2026-01-15T12:00:00.000Z');

interface PolicyInput {
  readonly name?: string;
  readonly revision?: number;
  readonly enabled?: boolean;
  readonly layer?: string;
  readonly priority?: number;
  readonly select?: Record<string, unknown>;
  readonly items?: readonly Record<string, unknown>[];
}

export function aDocument({ name = 'lobby', revision: _revision, ...spec }: PolicyInput = {}): Record<string, unknown> {
  return { apiVersion: 'opendls/v1', kind: 'Policy', metadata: { name }, spec };
}

export function aPolicyDocument(input: PolicyInput = {}): PolicyDocument {
  const check = checkPolicy(aDocument(input));
  if (!check.ok) throw new Error(`the document of the test is wrong: ${JSON.stringify(check.problems)}`);
  return check.document;
}

export function aRevision(input: PolicyInput = {}): PolicyRevision {
  return { name: input.name ?? 'lobby', revision: input.revision ?? 1, document: aPolicyDocument(input) };
}

export function aPolicySet(...inputs: readonly PolicyInput[]): PolicySet {
  return PolicySet.of(inputs.length, inputs.map(aRevision));
}

/** Readable on purpose, so that tests can say what they expect. */
export const plainFingerprints: SecretFingerprints = {
  make: (value, deviceId, itemKey) => `fp(${deviceId},${itemKey},${value})`,
  matches: (stored, value, deviceId, itemKey) => stored === `fp(${deviceId},${itemKey},${value})`,
};

export function aContext(overrides: Partial<DecisionContext> = {}): DecisionContext {
  let orders = 0;
  return {
    policies: aPolicySet(),
    features: FeatureSet.NONE,
    secrets: new Map(),
    fingerprints: plainFingerprints,
    seal: (value, deviceId, itemKey) => `sealed(${deviceId},${itemKey},${value})`,
    newOrderId: () => `00000000-0000-4000-8000-${String(++orders).padStart(12, '0')}`,
    limits: { maxAttempts: 3, orderExpiryMs: 60_000, retryFailedAfterMs: 3_600_000 },
    now: NOON,
    ...overrides,
  };
}

export function anOpening(overrides: Partial<ContactOpened> = {}): ContactOpened {
  return {
    contactId: 'contact-0000000001',
    deviceId: DEVICE_ID as ContactOpened['deviceId'],
    device: {
      macAddress: '00:1A:E8:00:53:01',
      deviceType: 'OpenStage 60',
      softwareType: 'Siemens SIP',
      softwareVersion: 'V3 R5.12.0',
      e164: '4989100231',
      basicE164: '4989100231',
      contactMeUri: 'http://192.0.2.31:8085/contact_dls.html/ContactDLS',
      partNumber: 'S30817-S7403-A101-22',
    },
    configurationChanged: false,
    itemsAttached: false,
    items: [],
    maxItems: -1,
    connection: { remoteAddress: '192.0.2.31', listener: 'default', tlsVersion: null, tlsCipher: null },
    awaitingWork: true,
    ...overrides,
  };
}

export function someItemsReported(
  items: readonly ReportedItem[],
  overrides: Partial<EventDataByType['opendls.gateway.items-reported']> = {},
): EventDataByType['opendls.gateway.items-reported'] {
  return {
    contactId: 'contact-0000000001',
    deviceId: DEVICE_ID as ContactOpened['deviceId'],
    orderId: '00000000-0000-4000-8000-000000000001',
    attempt: 1,
    stepIndex: 0,
    scope: 'all',
    fragment: 0,
    isFinal: true,
    items: [...items],
    ...overrides,
  };
}

export function aStepCompleted(
  overrides: Partial<EventDataByType['opendls.gateway.step-completed']> = {},
): EventDataByType['opendls.gateway.step-completed'] {
  return {
    contactId: 'contact-0000000001',
    deviceId: DEVICE_ID as ContactOpened['deviceId'],
    orderId: '00000000-0000-4000-8000-000000000001',
    attempt: 1,
    stepIndex: 0,
    kind: 'read-all-items',
    part: 0,
    outcome: 'accepted',
    isStepFinished: true,
    isOrderFinished: true,
    writtenItems: null,
    refusedItems: [],
    awaitingWork: true,
    ...overrides,
  };
}
