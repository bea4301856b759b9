import { runCheck, type EventBusCheck, type EventBusHarness } from './check.js';
import { DELIVERY_CHECKS } from './checks-of-delivery.js';
import { GROUP_CHECKS } from './checks-of-groups.js';
import { OUTCOME_CHECKS } from './checks-of-outcomes.js';

/** What every adapter of the port promises, one check per promise. */
export const EVENT_BUS_CHECKS: readonly EventBusCheck[] = [...DELIVERY_CHECKS, ...GROUP_CHECKS, ...OUTCOME_CHECKS];

const DEADLINES_PER_CHECK = 3;

/** Holds an adapter to the contract: one Jest test per promise, all on one log. */
export function describeEventBus(
  name: string,
  createHarness: () => Promise<EventBusHarness>,
  options: { readonly deadlineMs: number; readonly hasOutage?: boolean },
): void {
  describe(`${name} keeps the promises of the event bus`, () => {
    let harness: EventBusHarness;
    beforeAll(async () => {
      harness = await createHarness();
    }, 60_000);
    afterAll(() => harness.dispose(), 60_000);

    for (const check of EVENT_BUS_CHECKS) {
      if (check.needsOutage && !options.hasOutage) continue;
      it(check.name, () => runCheck(check, harness), DEADLINES_PER_CHECK * options.deadlineMs);
    }
  });
}
