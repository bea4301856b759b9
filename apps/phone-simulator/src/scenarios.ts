import type { FleetOptions, Scenario } from '@opendls/virtual-phone';

/** Something all phones of a run do. */
export interface NamedScenario {
  readonly name: string;
  readonly description: string;
  readonly run: Scenario;
  /** What it needs to be different from an ordinary fleet. */
  readonly fleet?: Partial<FleetOptions>;
}

const LARGE_ITEM_COUNT = 1200;

const boot: Scenario = async (phone) => {
  await phone.boot();
};

const reboot: Scenario = async (phone) => {
  await phone.boot();
  await phone.boot();
};

const localChange: Scenario = async (phone) => {
  await phone.boot();
  await phone.changeLocally([
    { name: 'display-brightness', value: phone.value('display-brightness') === '4' ? '3' : '4' },
    { name: 'key-label-unicode', index: 3, value: 'Reception' },
  ]);
};

/** In a call while the service wants to write: refuses as busy, comes back when the call is over. */
const busy: Scenario = async (phone) => {
  phone.startCall();
  await phone.boot();
  await phone.endCall();
};

export const SCENARIOS: readonly NamedScenario[] = [
  { name: 'boot', description: 'is switched on', run: boot },
  { name: 'reboot', description: 'is switched on, then off and on again', run: reboot },
  { name: 'local-change', description: 'is switched on, then the user changes two settings', run: localChange },
  {
    name: 'large',
    description: `is switched on, has ${LARGE_ITEM_COUNT.toLocaleString('en')} settings and reports them in fragments`,
    run: boot,
    fleet: { phone: { itemCount: LARGE_ITEM_COUNT } },
  },
  { name: 'busy', description: 'is switched on during a call, hangs up and comes back', run: busy },
  {
    name: 'storm',
    description: 'is switched on at the same moment as all others (no --rate)',
    run: boot,
    fleet: { ratePerSecond: Infinity },
  },
];

export function findScenario(name: string): NamedScenario | undefined {
  return SCENARIOS.find((scenario) => scenario.name === name);
}
