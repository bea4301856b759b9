import type { Fault, FleetOptions, VirtualPhone } from '@opendls/virtual-phone';
import { FAULT_KINDS } from '@opendls/virtual-phone';

/** What a scenario may be told on the command line. */
export interface ScenarioSettings {
  /** How long phones stay up and wait for the service. */
  readonly stayMs: number;
  /** Mobile users: number of the first one; the others count up. */
  readonly userOf: (number: number) => string;
  readonly userPassword: string;
  /** Time between DCMP polls when the service gives none. */
  readonly pollMs: number;
}

/** One phone's part in a run. Throws when the service did not do what the scenario is about. */
export type ScenarioPlay = (
  phone: VirtualPhone,
  context: { readonly number: number; readonly signal: AbortSignal; readonly settings: ScenarioSettings },
) => Promise<void>;

/** Something all phones of a run do. */
export interface NamedScenario {
  readonly name: string;
  readonly description: string;
  readonly run: ScenarioPlay;
  /** What it needs to be different from an ordinary fleet. */
  readonly fleet?: Partial<FleetOptions>;
}

const LARGE_ITEM_COUNT = 1200;

const boot: ScenarioPlay = async (phone) => {
  await phone.boot();
};

const reboot: ScenarioPlay = async (phone) => {
  await phone.boot();
  await phone.boot();
};

const localChange: ScenarioPlay = async (phone) => {
  await phone.boot();
  await phone.changeLocally([
    { name: 'display-brightness', value: phone.value('display-brightness') === '4' ? '3' : '4' },
    { name: 'key-label-unicode', index: 3, value: 'Reception' },
  ]);
};

/** In a call while the service wants to write: refuses as busy, comes back when the call is over. */
const busy: ScenarioPlay = async (phone) => {
  phone.startCall();
  await phone.boot();
  await phone.endCall();
};

const mobility: ScenarioPlay = async (phone, { number, settings }) => {
  await phone.boot();
  const user = settings.userOf(number);
  const { outcome } = await phone.logOn(user, settings.userPassword);
  if (outcome !== 'logged-on') throw new Error(`logon of ${user}: ${outcome}${hint(LOGON_HINT, phone)}`);
  phone.changeUserData('userdata-phonebook', `#VERSION=0200\nowner,${user}\n`);
  const left = await phone.logOff();
  if (left.outcome !== 'logged-off') throw new Error(`logoff of ${user}: ${left.outcome}`);
};

/** Up, and whatever the service does meanwhile. */
async function stay(
  phone: VirtualPhone,
  { signal, settings }: Parameters<ScenarioPlay>[1],
  isDone: () => boolean = () => false,
): Promise<void> {
  await phone.boot();
  const until = performance.now() + settings.stayMs;
  while (!signal.aborted && !isDone() && performance.now() < until) await pause(signal);
  await phone.settled();
}

/** Fails on purpose when nothing came: what the scenario is about was not seen. */
const files: ScenarioPlay = async (phone, context) => {
  await stay(phone, context, () => phone.files.some(({ type }) => type !== 'APP'));
  requireThat(
    phone.files.some(({ type }) => type !== 'APP'),
    `no file arrived${hint(order('file'), phone)}`,
    context.signal,
  );
};

const firmware: ScenarioPlay = async (phone, context) => {
  const before = phone.softwareVersion;
  await stay(phone, context, () => phone.softwareVersion !== before);
  requireThat(
    phone.softwareVersion !== before,
    `still ${before}: no new software${hint(order('firmware'), phone)}`,
    context.signal,
  );
};

const secureMode: ScenarioPlay = async (phone, context) => {
  await stay(phone, context, () => phone.securePort !== undefined);
  requireThat(
    phone.securePort !== undefined,
    `was not asked to go to secure mode${hint(SECURE_MODE_HINT, phone)}`,
    context.signal,
  );
  await phone.boot();
};

const contactMe: ScenarioPlay = async (phone, context) => {
  await stay(phone, context);
};

const dcmp: ScenarioPlay = async (phone, context) => {
  const stop = new AbortController();
  await phone.boot();
  requireThat(
    (phone.value('dcmp-url') ?? '') !== '',
    `the service wrote no dcmp-url${hint(DCMP_HINT, phone)}`,
    context.signal,
  );
  const polling = phone.keepPolling(AbortSignal.any([stop.signal, context.signal]), context.settings.pollMs);
  try {
    await stayUp(context);
  } finally {
    stop.abort();
    await polling;
  }
};

async function stayUp({ signal, settings }: Parameters<ScenarioPlay>[1]): Promise<void> {
  const until = performance.now() + settings.stayMs;
  while (!signal.aborted && performance.now() < until) await pause(signal);
}

const FAULT_MS = 200;

/** Every fault in turn, and after each a boot that has to work: the service forgot nothing and broke nothing. */
const faults: ScenarioPlay = async (phone) => {
  for (const kind of FAULT_KINDS) {
    const fault: Fault = { kind, durationMs: FAULT_MS };
    phone.misbehave(fault);
    await phone.boot();
    phone.misbehave();
    const [contact] = await phone.boot();
    if (contact?.failure) throw new Error(`after ${kind}: ${contact.failure.message}`);
  }
};

const LOGON_HINT = 'the user has to be there, with that password: PUT /config-policy/v1/mobile-users/{e164}';
const SECURE_MODE_HINT = 'ask it while it waits: POST /config-policy/v1/devices/{deviceId}/secure-mode';
const DCMP_HINT = 'it needs a policy with that item, http://<gateway>:<dcmp port>/dcmp';

function order(kind: string): string {
  return `order it while it waits (--stay): POST /config-policy/v1/devices/{deviceId}/orders, kind ${kind}`;
}

/** What a user of OpenDLS has to do, so that what a scenario is about can happen. */
function hint(text: string, phone: VirtualPhone): string {
  return ` (${text.replace('{deviceId}', phone.macAddress.replaceAll(':', '').toLowerCase())})`;
}

const PAUSE_MS = 100;

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, PAUSE_MS);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}

function requireThat(isSo: boolean, otherwise: string, signal: AbortSignal): void {
  if (!isSo && !signal.aborted) throw new Error(otherwise);
}

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
  {
    name: 'mobility',
    description: 'is switched on; a mobile user logs on and off (--user-start, --user-password)',
    run: mobility,
    fleet: { phone: { isMobilityEnabled: true } },
  },
  {
    name: 'files',
    description: 'waits for a file and loads it, with a break in the middle',
    run: files,
    fleet: { contactMe: 'ephemeral', phone: { downloads: { cutAfterBytes: 2000 } } },
  },
  {
    name: 'firmware',
    description: 'waits for new software, loads it and starts with it',
    run: firmware,
    fleet: { contactMe: 'ephemeral' },
  },
  {
    name: 'secure-mode',
    description: 'waits until it is asked to go to secure mode, and starts there',
    run: secureMode,
    fleet: { contactMe: 'ephemeral' },
  },
  {
    name: 'contact-me',
    description: 'stays up for --stay seconds and comes when it is woken',
    run: contactMe,
    fleet: { contactMe: 'ephemeral' },
  },
  { name: 'dcmp', description: 'stays up for --stay seconds and polls for work', run: dcmp },
  { name: 'faults', description: 'misbehaves in every known way, and has to be served well after each', run: faults },
];

export function findScenario(name: string): NamedScenario | undefined {
  return SCENARIOS.find((scenario) => scenario.name === name);
}
