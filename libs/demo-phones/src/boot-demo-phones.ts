import { VirtualFleet, type ContactResult, type VirtualPhone } from '@opendls/virtual-phone';
import { once } from 'node:events';
import { DEMO_E164_START, DEMO_MAC_START, DEMO_POLICY, DEMO_POLICY_NAME } from './demo-policy.js';

export interface DemoOptions {
  /** `https://host:port` of the phone listener. */
  readonly phonesUrl: string;
  /** `http://host:port` of the HTTP API. */
  readonly apiUrl: string;
  /** An API key that may write policies. */
  readonly apiKey: string;
  readonly count: number;
  /** Tells the person at the terminal. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

const COMPLIANT_TIMEOUT_MS = 30_000;
const POLL_MS = 100;
const TELL_MS = 500;
const RATE_PER_SECOND = 20;

/** Demo phones that were booted, and stay switched on until the signal. */
export interface DemoPhones {
  /** How many became what the policy wants. */
  readonly compliant: number;
  /** Resolves when all are switched off. Never rejects. */
  readonly ended: Promise<void>;
}

/**
 * Makes sure of the sample policy, boots the demo phones, and tells how each arrives and whether it ends up as the policy
 * wants it. Afterwards they can be asked to call (ContactMe), and each further contact is told.
 */
export async function bootDemoPhones(options: DemoOptions): Promise<DemoPhones> {
  await ensurePolicy(options);
  options.say(`Booting ${options.count} demo phones ...`);
  const fleet = new VirtualFleet({
    url: options.phonesUrl,
    phones: options.count,
    ratePerSecond: RATE_PER_SECOND,
    macStart: DEMO_MAC_START,
    e164Start: DEMO_E164_START,
  });
  let compliant = 0;
  let toBoot = options.count;
  let allBooted: () => void = () => undefined;
  const booted = new Promise<void>((resolve) => (allBooted = resolve));
  const run = fleet.run(async (phone, signal) => {
    const listener = await phone.listenForContactMe();
    try {
      const contacts = await phone.boot();
      const state = signal.aborted ? undefined : await stateInTime(options, phone.macAddress);
      if (state === 'compliant') compliant += 1;
      options.say(`  ${phone.macAddress}  ${contacts.map(describeContact).join('; ')}  -> ${state ?? 'switched off'}`);
    } catch (error) {
      options.say(`  ${phone.macAddress}  failed: ${String(error)}`);
    }
    toBoot -= 1;
    if (toBoot === 0) allBooted();
    await tellContacts(phone, options.say, signal);
    await listener.close();
  }, options.signal);
  const ended = run.then(
    () => undefined,
    (error: unknown) => options.say(`The demo phones failed: ${String(error)}`),
  );
  await Promise.race([booted, ended]);
  return { compliant, ended };
}

/** Tells each further contact of a phone until the signal. */
async function tellContacts(phone: VirtualPhone, say: DemoOptions['say'], signal: AbortSignal): Promise<void> {
  let told = phone.contacts.length;
  const timer = setInterval(() => {
    const contacts = phone.contacts.slice(told);
    told += contacts.length;
    for (const contact of contacts) say(`  ${phone.macAddress}  ${describeContact(contact)}`);
  }, TELL_MS);
  timer.unref();
  if (!signal.aborted) await once(signal, 'abort');
  clearInterval(timer);
}

async function ensurePolicy({ apiUrl, apiKey, say }: DemoOptions): Promise<void> {
  const url = `${apiUrl}/config-policy/v1/policies/${DEMO_POLICY_NAME}`;
  const authorization = `Bearer ${apiKey}`;
  const existing = await fetch(url, { headers: { authorization } });
  await existing.body?.cancel();
  if (existing.ok) return;
  const headers = { authorization, 'content-type': 'application/yaml' };
  const stored = await fetch(url, { method: 'PUT', headers, body: DEMO_POLICY });
  if (!stored.ok) throw new Error(`the sample policy was refused (${stored.status}): ${await stored.text()}`);
  say(`Stored the sample policy '${DEMO_POLICY_NAME}'.`);
}

/** The phone's state as soon as it is compliant, or what it is when the time is over. */
async function stateInTime({ apiUrl, apiKey, signal }: DemoOptions, macAddress: string): Promise<string> {
  const url = `${apiUrl}/config-policy/v1/devices/${macAddress.replaceAll(':', '').toLowerCase()}`;
  const deadline = Date.now() + COMPLIANT_TIMEOUT_MS;
  for (;;) {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${apiKey}` } });
    // The API is ours; its answers are tested where they are made.
    const state = answer.ok ? ((await answer.json()) as { state: string }).state : `unknown (${answer.status})`;
    if (state === 'compliant' || signal.aborted || Date.now() > deadline) return state;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function describeContact(contact: ContactResult): string {
  const written = contact.itemsWritten > 0 ? `, ${contact.itemsWritten} items written` : '';
  const failure = contact.failure ? `, ${contact.failure.kind}: ${contact.failure.message}` : '';
  return `${contact.reason}: ${contact.actions.join(', ')}${written}${failure} (${Math.round(contact.durationMs)} ms)`;
}
