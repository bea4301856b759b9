import { randomInt } from 'node:crypto';
import type { FleetOptions, FleetSummary, Personality } from '@opendls/virtual-phone';
import {
  findPersonality,
  LEGACY_TLS,
  PERSONALITIES,
  personalityOf,
  phoneNumberAfter,
  speaksLegacyTlsOnly,
  VirtualFleet,
} from '@opendls/virtual-phone';
import type { SimulateOptions } from './cli-options.js';
import type { SimulationReport } from './report.js';
import type { ScenarioSettings } from './scenarios.js';
import { findScenario } from './scenarios.js';

const PROGRESS_EVERY_MS = 200;

/** Runs the phones; when aborted, the report says how far they came. */
export async function runSimulation(
  options: SimulateOptions,
  signal: AbortSignal,
  onProgress: (summary: FleetSummary) => void = () => undefined,
): Promise<SimulationReport> {
  const scenario = findScenario(options.scenario);
  if (!scenario) throw new Error(`unknown scenario: ${options.scenario}`);
  const seed = options.seed ?? randomInt(2 ** 31);
  const fleet = new VirtualFleet(fleetOptions(options, seed, scenario.fleet));
  const settings: ScenarioSettings = {
    stayMs: options.stayMs,
    userOf: (number) => phoneNumberAfter(options.userStart, number),
    userPassword: options.userPassword,
    pollMs: options.pollMs,
  };
  const timer = setInterval(() => onProgress(fleet.summary()), PROGRESS_EVERY_MS);
  try {
    const summary = await fleet.run(
      (phone, phoneSignal) =>
        scenario.run(phone, { number: fleet.phones.indexOf(phone), signal: phoneSignal, settings }),
      signal,
    );
    onProgress(summary);
    return { url: options.url, scenario: scenario.name, seed, isInterrupted: signal.aborted, ...summary };
  } finally {
    clearInterval(timer);
  }
}

/** The models of a run: one, or all in turn; without a legacy listener those of today's TLS. */
export function personalitiesOf({ personality, deviceType, legacyUrl, legacyTls }: SimulateOptions): Personality[] {
  if (personality === 'mix') {
    return PERSONALITIES.filter((each) => legacyUrl !== undefined || legacyTls || !speaksLegacyTlsOnly(each));
  }
  const found = personality === undefined ? undefined : findPersonality(personality);
  return [found ?? personalityOf(deviceType)];
}

function fleetOptions(options: SimulateOptions, seed: number, special: Partial<FleetOptions> = {}): FleetOptions {
  return {
    url: options.url,
    phones: options.phones,
    ratePerSecond: options.rate,
    ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
    macStart: options.macStart,
    e164Start: options.e164Start,
    seed,
    ...special,
    ...(options.loopbackAddresses ? { contactMe: 'loopback' as const } : {}),
    personalities: personalitiesOf(options),
    phone: {
      ...(options.legacyUrl === undefined ? {} : { legacyUrl: options.legacyUrl }),
      connection: {
        ...(options.legacyTls ? LEGACY_TLS : {}),
        keepAlive: options.keepAlive,
        timeoutMs: options.timeoutMs,
      },
      ...special.phone,
    },
  };
}
