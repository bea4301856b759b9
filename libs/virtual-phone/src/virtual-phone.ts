import { randomInt } from 'node:crypto';
import type { Item } from '@opendls/dls-codec';
import type { PhoneClock } from './clock.js';
import { systemClock } from './clock.js';
import type { ContactMeAddress, ContactMeListener } from './contact-me-listener.js';
import { listenForContactMe } from './contact-me-listener.js';
import type { ContactResult } from './contact-result.js';
import { ContactRecord } from './contact-result.js';
import { CookieJar, DEFAULT_COOKIE_HABITS } from './cookie.js';
import { dcmpUrl, pollDcmp } from './dcmp.js';
import type { LoadedFile } from './deploy-files.js';
import { deployFiles } from './deploy-files.js';
import type { FileJob } from './deployment.js';
import { Exchanger } from './exchanger.js';
import type { ConnectionHabits } from './https-client.js';
import { allItems } from './messages.js';
import type { Fault } from './misbehaviour.js';
import { Misbehaviour } from './misbehaviour.js';
import type { MobilityOutcome } from './mobility.js';
import { DEFAULT_DCMP_INTERVAL_ITEM, newPhone } from './new-phone.js';
import { speaksLegacyTlsOnly } from './personality.js';
import type { StoredItem } from './phone-items.js';
import type { PhoneEffect, PhoneInput } from './phone-machine.js';
import { stepPhone } from './phone-machine.js';
import type { PhoneLimits } from './phone-limits.js';
import { DEFAULT_PHONE_LIMITS } from './phone-limits.js';
import type { PhoneFailure, PhoneState } from './phone-state.js';
import { seedRandom } from './random.js';
import { ServiceConnection } from './service-connection.js';
import type { VirtualPhoneOptions } from './virtual-phone-options.js';

/** How a logon or logoff went. */
export interface MobilityResult {
  readonly outcome: MobilityOutcome;
  readonly contacts: readonly ContactResult[];
}

const DEFAULT_DCMP_INTERVAL_MS = 60_000;

/** One telephone: keeps its settings, calls the service, does what it is told. */
export class VirtualPhone {
  readonly macAddress: string;
  /** Every interaction so far, oldest first. */
  readonly contacts: ContactResult[] = [];
  /** Every file that was loaded, oldest first. */
  readonly files: LoadedFile[] = [];
  #state: PhoneState;
  readonly #todo: PhoneEffect[] = [];
  #running: Promise<readonly ContactResult[]> | null = null;
  #record: ContactRecord | null = null;
  #contactsInRun = 0;
  readonly #stop = new AbortController();
  readonly #clock: PhoneClock;
  readonly #limits: PhoneLimits;
  readonly #jar: CookieJar;
  readonly #connection: ServiceConnection;
  readonly #habits: ConnectionHabits;
  readonly #misbehaviour: Misbehaviour;
  readonly #exchanger: Exchanger;

  constructor(private readonly options: VirtualPhoneOptions) {
    const seed = options.seed ?? randomInt(2 ** 31);
    // A fresh nonce seed unless told otherwise: nonces that repeat after a restart would look like repeated messages.
    this.#state = newPhone({ ...options, seed, nonceSeed: options.nonceSeed ?? randomInt(2 ** 31) });
    this.macAddress = options.macAddress;
    this.#clock = options.clock ?? systemClock;
    this.#limits = { ...DEFAULT_PHONE_LIMITS, ...options.limits };
    const { personality } = this.#state.profile;
    this.#jar = new CookieJar({ ...DEFAULT_COOKIE_HABITS, style: personality.cookieStyle, ...options.cookies });
    this.#misbehaviour = new Misbehaviour(options.faults);
    this.#habits = { ...personality.tls, ...options.connection };
    this.#connection = new ServiceConnection({
      url: (speaksLegacyTlsOnly(personality) ? options.legacyUrl : undefined) ?? options.url,
      habits: this.#habits,
      passphrase: this.#state.profile.certificatePassphrase,
      ...(options.client ? { shared: options.client } : {}),
    });
    this.#exchanger = new Exchanger({
      macAddress: options.macAddress,
      client: () => this.#connection.clientFor(this.#state.security.connection),
      misbehaviour: this.#misbehaviour,
      decodesEntities: personality.decodesEntities,
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

  /** A mobile user logs on: everything from the request to the restored user data (PROTOCOL 4.12). */
  async logOn(e164: string, password: string): Promise<MobilityResult> {
    await this.settled();
    const contacts = await this.#take({ kind: 'log-on', user: { e164, password } });
    return { outcome: this.#state.mobility.outcome ?? 'failed', contacts };
  }

  /** The mobile user logs off. */
  async logOff(): Promise<MobilityResult> {
    await this.settled();
    const contacts = await this.#take({ kind: 'log-off' });
    return { outcome: this.#state.mobility.outcome ?? 'failed', contacts };
  }

  /** Number of the mobile user who is logged on. */
  get mobileUser(): string | undefined {
    const { phase, user } = this.#state.mobility;
    return phase === 'logged-on' || phase === 'leaving' ? user?.e164 : undefined;
  }

  /** The mobile user's file changes, `userdata-phonebook` for instance. */
  changeUserData(name: string, text: string): void {
    void this.#take({ kind: 'user-data-changed', name, text });
  }

  /** The chunks of a file of the mobile user. */
  userData(name: string): StoredItem[] {
    return this.#state.mobility.userData.filter((item) => item.name === name);
  }

  /** Misbehaves from now on; without arguments it behaves. */
  misbehave(...faults: readonly Fault[]): void {
    this.#misbehaviour.plan(faults);
  }

  /** Faults played so far. */
  get faultCount(): number {
    return this.#misbehaviour.count;
  }

  /** In secure mode: the port it calls. */
  get securePort(): number | undefined {
    return this.#state.security.connection?.port;
  }

  /**
   * Asks whether there is work, at the address the service gave (`dcmp-url`), and calls if there is. Rejects when nobody
   * answers.
   */
  async pollDcmp(): Promise<{ readonly status: number | undefined; readonly contacts: readonly ContactResult[] }> {
    const base = this.value('dcmp-url') ?? '';
    if (base === '') return { status: undefined, contacts: [] };
    const status = await pollDcmp(dcmpUrl(base, this.macAddress), this.#stop.signal);
    return { status, contacts: status === 202 ? await this.#take({ kind: 'work-announced' }) : [] };
  }

  /** Polls until aborted, as often as the service said; a contact starts the time anew (PROTOCOL 8.2). */
  async keepPolling(signal: AbortSignal, fallbackIntervalMs = DEFAULT_DCMP_INTERVAL_MS): Promise<void> {
    const item = this.options.dcmpIntervalItem ?? DEFAULT_DCMP_INTERVAL_ITEM;
    const stop = AbortSignal.any([signal, this.#stop.signal]);
    while (!stop.aborted) {
      const intervalMs = Number(this.value(item) ?? '') * 1000 || fallbackIntervalMs;
      const sinceContactMs = this.#clock.now() - (this.#state.lastContactAtMs ?? -Infinity);
      const restMs = sinceContactMs < intervalMs ? intervalMs - sinceContactMs : intervalMs;
      await this.#sleep(restMs, stop);
      if (stop.aborted) return;
      // A poll without an answer is like one without work: the next one comes anyway.
      await this.pollDcmp().catch(() => undefined);
    }
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
  async listenForContactMe(address?: ContactMeAddress): Promise<ContactMeListener> {
    const listener = await listenForContactMe(() => void this.contactMe(), address);
    this.#state = { ...this.#state, profile: { ...this.#state.profile, contactMeUri: listener.url } };
    return listener;
  }

  /** Pulls the plug: what is going on fails with `aborted`. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.settled();
    this.#connection.close();
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
    const { download: hook, downloads = {} } = this.options;
    const results = await deployFiles(
      this.options.installs ? jobs.map((job) => this.#withInstalledVersion(job, isSoftware)) : jobs,
      this.#state.security.connection,
      {
        habits: this.#habits,
        downloads,
        passphrase: this.#state.profile.certificatePassphrase,
        ...(hook ? { hook } : {}),
        signal: this.#stop.signal,
      },
      (file) => this.files.push(file),
    );
    return { kind: 'deployed', results, isSoftware, atMs: this.#clock.now() };
  }

  #withInstalledVersion(job: FileJob, isSoftware: boolean): FileJob {
    const { installs } = this.options;
    return isSoftware && installs ? { ...job, softwareVersion: installs(job) } : job;
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

  async #sleep(ms: number, signal = this.#stop.signal): Promise<void> {
    if (ms <= 0 || signal.aborted) return;
    try {
      await this.#clock.sleep(ms, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

function failed(kind: PhoneFailure['kind'], message: string): PhoneInput {
  return { kind: 'failed', failure: { kind, message } };
}
