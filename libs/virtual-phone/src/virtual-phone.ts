import { randomInt } from 'node:crypto';
import type { Item } from '@opendls/dls-codec';
import type { PhoneClock } from './clock.js';
import { systemClock } from './clock.js';
import type { ContactMeListener } from './contact-me-listener.js';
import { listenForContactMe } from './contact-me-listener.js';
import type { ContactResult, PhoneObserver } from './contact-result.js';
import { ContactRecord } from './contact-result.js';
import type { CookieHabits } from './cookie.js';
import { CookieJar, DEFAULT_COOKIE_HABITS } from './cookie.js';
import type { FileJob } from './deployment.js';
import { Exchanger } from './exchanger.js';
import type { ConnectionHabits } from './https-client.js';
import { DlsHttpsClient } from './https-client.js';
import { allItems } from './messages.js';
import type { PhoneBehaviour, PhoneIdentity } from './new-phone.js';
import { newPhone } from './new-phone.js';
import type { StoredItem } from './phone-items.js';
import type { PhoneEffect, PhoneInput } from './phone-machine.js';
import { stepPhone } from './phone-machine.js';
import type { PhoneLimits } from './phone-limits.js';
import { DEFAULT_PHONE_LIMITS } from './phone-limits.js';
import type { PhoneFailure, PhoneState } from './phone-state.js';
import { seedRandom } from './random.js';
import { serviceUrl } from './service-url.js';

export interface VirtualPhoneOptions extends PhoneIdentity, PhoneBehaviour {
  /** `https://host:port`, with or without the path. */
  readonly url: string;
  readonly connection?: ConnectionHabits;
  /** Shared by the phones of a fleet; made from `connection` otherwise. */
  readonly client?: DlsHttpsClient;
  readonly cookies?: Partial<CookieHabits>;
  readonly limits?: Partial<PhoneLimits>;
  /** Time a restart takes. */
  readonly restartMs?: number;
  /** Loads a file; without it every file arrives at once. */
  readonly download?: (job: FileJob) => Promise<boolean>;
  readonly observer?: PhoneObserver;
  readonly clock?: PhoneClock;
}

/** One telephone: keeps its settings, calls the service, does what it is told. */
export class VirtualPhone {
  readonly macAddress: string;
  /** Every interaction so far, oldest first. */
  readonly contacts: ContactResult[] = [];
  #state: PhoneState;
  readonly #todo: PhoneEffect[] = [];
  #running: Promise<readonly ContactResult[]> | null = null;
  #record: ContactRecord | null = null;
  #contactsInRun = 0;
  readonly #stop = new AbortController();
  readonly #clock: PhoneClock;
  readonly #limits: PhoneLimits;
  readonly #jar: CookieJar;
  readonly #client: DlsHttpsClient;
  readonly #exchanger: Exchanger;

  constructor(private readonly options: VirtualPhoneOptions) {
    const seed = options.seed ?? randomInt(2 ** 31);
    // A fresh nonce seed unless told otherwise: nonces that repeat after a restart would look like repeated messages.
    this.#state = newPhone({ ...options, seed, nonceSeed: options.nonceSeed ?? randomInt(2 ** 31) });
    this.macAddress = options.macAddress;
    this.#clock = options.clock ?? systemClock;
    this.#limits = { ...DEFAULT_PHONE_LIMITS, ...options.limits };
    this.#jar = new CookieJar({ ...DEFAULT_COOKIE_HABITS, ...options.cookies });
    this.#client = options.client ?? new DlsHttpsClient(serviceUrl(options.url), options.connection);
    this.#exchanger = new Exchanger({
      macAddress: options.macAddress,
      client: this.#client,
      jar: this.#jar,
      clock: this.#clock,
      limits: this.#limits,
      chance: seedRandom(seed, 3),
      signal: this.#stop.signal,
      ...(options.observer ? { observer: options.observer } : {}),
    });
  }

  /** Switches the phone on (or off and on again). Resolves with this interaction and those that followed by themselves. */
  async boot(): Promise<readonly ContactResult[]> {
    await this.settled();
    return this.#take({ kind: 'powered-on' });
  }

  /** A ContactMe request arrived. The phone may ignore it. */
  contactMe(): Promise<readonly ContactResult[]> {
    return this.#take({ kind: 'contact-me', atMs: this.#clock.now() });
  }

  /** Somebody changed settings at the phone. */
  changeLocally(items: readonly StoredItem[]): Promise<readonly ContactResult[]> {
    return this.#take({ kind: 'changed-locally', items });
  }

  /** A module was plugged in or out. */
  changeInventory(items: readonly StoredItem[]): Promise<readonly ContactResult[]> {
    return this.#take({ kind: 'inventory-changed', items });
  }

  startCall(): void {
    void this.#take({ kind: 'call-started' });
  }

  /** Hangs up; a phone that was told to come back does so now. */
  endCall(): Promise<readonly ContactResult[]> {
    return this.#take({ kind: 'call-ended' });
  }

  /** Resolves when nothing is going on any more. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running;
  }

  /** The value of a setting, whether it can be read over the network or not. */
  value(name: string, index?: number): string | undefined {
    return this.#state.items.get(name, index)?.value;
  }

  /** Everything the phone would answer to ReadAllItems. */
  items(): Item[] {
    return allItems(this.#state);
  }

  get softwareVersion(): string {
    return this.#state.softwareVersion;
  }

  get isConfigurationChanged(): boolean {
    return this.#state.isConfigurationChanged;
  }

  /** Opens the phone's port for ContactMe requests and reports it from now on. */
  async listenForContactMe(address?: { readonly host?: string; readonly port?: number }): Promise<ContactMeListener> {
    const listener = await listenForContactMe(() => void this.contactMe(), address);
    this.#state = { ...this.#state, profile: { ...this.#state.profile, contactMeUri: listener.url } };
    return listener;
  }

  /** Pulls the plug: what is going on fails with `aborted`. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.settled();
    if (!this.options.client) this.#client.close();
  }

  /** Lets the machine step at once; what it wants done is done one after the other. */
  #take(input: PhoneInput): Promise<readonly ContactResult[]> {
    const { state, effects } = stepPhone(this.#state, input);
    this.#state = state;
    this.#todo.push(...effects);
    if (this.#running) return this.#running;
    if (this.#todo.length === 0) return Promise.resolve([]);
    this.#contactsInRun = 0;
    this.#running = this.#work();
    return this.#running;
  }

  async #work(): Promise<readonly ContactResult[]> {
    const first = this.contacts.length;
    try {
      for (let effect = this.#todo.shift(); effect; effect = this.#todo.shift()) {
        const input = await this.#perform(effect);
        if (!input) continue;
        const { state, effects } = stepPhone(this.#state, input);
        this.#countItems(input, effects);
        this.#state = state;
        this.#todo.push(...effects);
      }
    } finally {
      this.#todo.length = 0;
      this.#running = null;
    }
    return this.contacts.slice(first);
  }

  async #perform(effect: PhoneEffect): Promise<PhoneInput | undefined> {
    switch (effect.kind) {
      case 'contact-opened':
        this.#contactsInRun++;
        this.#jar.startContact();
        this.#record = new ContactRecord(this.macAddress, effect.reason, this.#clock.monotonicMs());
        return undefined;
      case 'contact-closed':
        this.#finishContact(effect);
        return undefined;
      case 'send':
        return this.#send(effect);
      case 'wait':
        return this.#backOff(effect.delayMs);
      case 'deploy':
        return this.#deploy(effect);
      case 'restart':
        await this.#sleep(this.options.restartMs ?? 0);
        return this.#stop.signal.aborted ? undefined : { kind: 'powered-on' };
    }
  }

  async #send({ message }: Extract<PhoneEffect, { kind: 'send' }>): Promise<PhoneInput> {
    const record = this.#record;
    if (!record || this.#stop.signal.aborted) return failed('aborted', 'the phone was switched off');
    if (this.#contactsInRun > this.#limits.maxContactsInRow) {
      return failed('too-many-contacts', `more than ${this.#limits.maxContactsInRow} interactions in a row`);
    }
    if (record.exchanges >= this.#limits.maxExchanges) {
      return failed('too-many-exchanges', `more than ${this.#limits.maxExchanges} messages in one interaction`);
    }
    return this.#exchanger.exchange(message, record);
  }

  async #backOff(delayMs: number): Promise<PhoneInput> {
    const overloads = this.#record?.overloads ?? 0;
    if (overloads > this.#limits.maxOverloads) return failed('too-many-overloads', `${overloads} times overload`);
    await this.#sleep(delayMs);
    return { kind: 'waited' };
  }

  async #deploy({ jobs, isSoftware }: Extract<PhoneEffect, { kind: 'deploy' }>): Promise<PhoneInput> {
    const results = [];
    for (const job of jobs) {
      const isOk = job.action === 'delete' || ((await this.options.download?.(job)) ?? true);
      results.push({ job, isOk });
    }
    return { kind: 'deployed', results, isSoftware, atMs: this.#clock.now() };
  }

  #finishContact({ end, failure, cleanupReason }: Extract<PhoneEffect, { kind: 'contact-closed' }>): void {
    if (!this.#record) return;
    const result = this.#record.finish(end, this.#clock.monotonicMs(), failure, cleanupReason);
    this.#record = null;
    this.contacts.push(result);
    this.options.observer?.onContact?.(result);
  }

  /** Counts what a WriteItems brought: the reply lists what was refused. */
  #countItems(input: PhoneInput, effects: readonly PhoneEffect[]): void {
    if (input.kind !== 'answered' || input.message.action !== 'WriteItems' || !this.#record) return;
    const reply = effects.find((effect) => effect.kind === 'send');
    if (reply?.message.action !== 'WriteItems' || reply.message.status !== 'accepted') return;
    this.#record.itemsRefused += reply.message.items.length;
    this.#record.itemsWritten += (input.message.items?.length ?? 0) - reply.message.items.length;
  }

  async #sleep(ms: number): Promise<void> {
    if (ms <= 0 || this.#stop.signal.aborted) return;
    try {
      await this.#clock.sleep(ms, this.#stop.signal);
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
  }
}

function failed(kind: PhoneFailure['kind'], message: string): PhoneInput {
  return { kind: 'failed', failure: { kind, message } };
}
