import type { ContactOpened } from '@opendls/event-contracts';
import { z } from 'zod';
import { featureState, setFeatureState } from '../../devices/domain/feature-rules.js';
import type { DeviceState } from '../../devices/domain/device-state.js';
import { NO_FAILURES, type FailedLogons } from './logon-limits.js';

export const MOBILITY = 'mobility';

/** Why a logon was refused. */
export const REFUSALS = [
  'wrong-password',
  'unknown-user',
  'user-disabled',
  'mobility-disabled',
  'too-many-attempts',
  'not-checked',
] as const;
export type Refusal = (typeof REFUSALS)[number];

const instant = z.iso.datetime().transform((text) => new Date(text));
const stateSchema = z.object({
  /** `sip-mobility-state` as last reported. */
  reported: z.enum(['0', '1', '2']).nullable().default(null),
  /** Who is on the phone, as far as a password proved it. */
  user: z.string().nullable().default(null),
  phase: z.enum(['logging-on', 'logged-on', 'logging-off']).nullable().default(null),
  since: instant.nullable().default(null),
  /** The contact belongs to a logon or logoff: no other work in it. */
  heldContact: z.string().nullable().default(null),
  /** By item key: the value of the profile that the phone is known to have had; what it reports since is the user's own. */
  written: z.record(z.string(), z.string()).default({}),
  lastRefusal: z
    .object({ e164: z.string(), reason: z.enum(REFUSALS), at: instant })
    .nullable()
    .default(null),
  failures: z
    .object({ count: z.int(), lastAt: instant.nullable(), lockedUntil: instant.nullable() })
    .default(NO_FAILURES),
  /** A logoff the phone did not do: it is not asked again before. */
  nextLogoffAt: instant.nullable().default(null),
});

/** What is kept of a phone for mobile users. */
export interface MobilityState {
  readonly reported: '0' | '1' | '2' | null;
  readonly user: string | null;
  readonly phase: 'logging-on' | 'logged-on' | 'logging-off' | null;
  readonly since: Date | null;
  readonly heldContact: string | null;
  readonly written: Readonly<Record<string, string>>;
  readonly lastRefusal: { readonly e164: string; readonly reason: Refusal; readonly at: Date } | null;
  readonly failures: FailedLogons;
  readonly nextLogoffAt: Date | null;
}

export function mobilityOf(state: Pick<DeviceState, 'features'>): MobilityState {
  return featureState(state, MOBILITY, (stored) => stateSchema.parse(stored ?? {}));
}

/** Changes some of it. */
export function putMobility(state: DeviceState, change: Partial<MobilityState>): void {
  const next = { ...mobilityOf(state), ...change };
  setFeatureState(state, MOBILITY, JSON.parse(JSON.stringify(next)) as object); // plain JSON, as it is stored
}

/** Nobody is on the phone any more. */
export const NOBODY: Pick<MobilityState, 'user' | 'phase' | 'since' | 'written' | 'nextLogoffAt'> = {
  user: null,
  phase: null,
  since: null,
  written: {},
  nextLogoffAt: null,
};

/** What an opening says about mobility. */
export interface MobilityOpening {
  readonly reported: '0' | '1' | '2' | null;
  /** The number in force, when it is not the phone's own. */
  readonly user: string | null;
  readonly isDisabled: boolean;
  readonly requestedItems: string | undefined;
  readonly modifiedItems: string | undefined;
}

export function readOpening({ items, device }: ContactOpened): MobilityOpening {
  const text = (name: string): string | undefined =>
    items.find((item) => item.name === name && item.index === undefined && item.status === undefined)?.value?.trim();
  const reported = text('sip-mobility-state');
  const { e164, basicE164 } = device;
  return {
    reported: reported === '0' || reported === '1' || reported === '2' ? reported : null,
    user: e164 !== null && e164 !== '' && basicE164 !== null && e164 !== basicE164 ? e164 : null,
    isDisabled: ['false', '0'].includes(text('mobility-enabled')?.toLowerCase() ?? ''),
    requestedItems: text('requested-items'),
    modifiedItems: text('modified-items'),
  };
}
