import { randomInt } from 'node:crypto';
import type { FleetOptions, FleetSummary } from '@opendls/virtual-phone';
import { LEGACY_TLS, personalityOf, VirtualFleet } from '@opendls/virtual-phone';
import type { SimulateOptions } from './cli-options.js';
import type { SimulationReport } from './report.js';
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
  const timer = setInterval(() => onProgress(fleet.summary()), PROGRESS_EVERY_MS);
  try {
    const summary = await fleet.run(scenario.run, signal);
    onProgress(summary);
    return { url: options.url, scenario: scenario.name, seed, isInterrupted: signal.aborted, ...summary };
  } finally {
    clearInterval(timer);
  }
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
    phone: {
      personality: personalityOf(options.deviceType),
      connection: {
        ...(options.legacyTls ? LEGACY_TLS : {}),
        keepAlive: options.keepAlive,
        timeoutMs: options.timeoutMs,
      },
      ...special.phone,
    },
  };
}
