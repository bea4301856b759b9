import { randomInt } from 'node:crypto';
import type { PhoneClock } from './clock.js';
import { systemClock } from './clock.js';
import type { ContactMeListener } from './contact-me-listener.js';
import { CONTACT_ME_PORT, loopbackAddress } from './contact-me-listener.js';
import { factoryItems } from './factory-items.js';
import { macAddressAfter, phoneNumberAfter, testAddress } from './fleet-numbers.js';
import type { FleetSummary } from './fleet-stats.js';
import { FleetStats } from './fleet-stats.js';
import { DlsHttpsClient } from './https-client.js';
import { DEFAULT_PERSONALITY } from './find-personality.js';
import type { Personality } from './personality.js';
import { speaksLegacyTlsOnly } from './personality.js';
import type { FactoryItems } from './phone-items.js';
import { serviceUrl } from './service-url.js';
import type { VirtualPhoneOptions } from './virtual-phone-options.js';
import { VirtualPhone } from './virtual-phone.js';

/** What a phone of a fleet does; a fleet is done when all its phones are. */
export type Scenario = (phone: VirtualPhone, signal: AbortSignal) => Promise<void>;

export interface FleetOptions {
  readonly url: string;
  readonly phones: number;
  /** Phones switched on per second; default: all at once. */
  readonly ratePerSecond?: number;
  /** Most phones at work at a time. */
  readonly concurrency?: number;
  readonly macStart?: string;
  readonly e164Start?: string;
  readonly seed?: number;
  /** Personalities in turn; default: the one in `phone`. */
  readonly personalities?: readonly Personality[];
  /**
   * Opens a ContactMe port for every phone: at `loopback` each has an address of its own with the port of real phones
   * (Linux), at `ephemeral` all are on 127.0.0.1 with any port.
   */
  readonly contactMe?: 'loopback' | 'ephemeral';
  /** What all phones have in common. */
  readonly phone?: Omit<VirtualPhoneOptions, 'url' | 'macAddress' | 'e164' | 'observer' | 'client' | 'clock' | 'seed'>;
  readonly clock?: PhoneClock;
}

/** What phones of one kind share. */
interface Model {
  readonly personality: Personality;
  readonly client: DlsHttpsClient;
  readonly factory: FactoryItems;
}

function modelOf(personality: Personality, { url, phone = {} }: FleetOptions): Model {
  const target = (speaksLegacyTlsOnly(personality) ? phone.legacyUrl : undefined) ?? url;
  return {
    personality,
    client: new DlsHttpsClient(serviceUrl(target), { ...personality.tls, ...phone.connection }),
    factory: phone.factoryItems ?? factoryItems(personality, phone.itemCount),
  };
}

/** Many phones at a rate, and the numbers they produce. */
export class VirtualFleet {
  readonly stats: FleetStats;
  /** The phones switched on so far. */
  readonly phones: VirtualPhone[] = [];
  readonly #clock: PhoneClock;
  readonly #models: readonly Model[];
  readonly #listeners: ContactMeListener[] = [];
  readonly #seed: number;
  #startedAtMs = 0;

  constructor(private readonly options: FleetOptions) {
    const { phone = {} } = options;
    this.stats = new FleetStats(options.phones);
    this.#clock = options.clock ?? systemClock;
    const { personalities = [phone.personality ?? DEFAULT_PERSONALITY] } = options;
    this.#models = personalities.map((personality) => modelOf(personality, options));
    this.#seed = options.seed ?? randomInt(2 ** 31);
  }

  /** Runs the scenario on every phone, once. When aborted, phones at work are switched off and no further ones start. */
  async run(scenario: Scenario, signal: AbortSignal = new AbortController().signal): Promise<FleetSummary> {
    const { phones, ratePerSecond = Infinity, concurrency = Infinity } = this.options;
    const active = new Set<Promise<void>>();
    const switchOff = (): void => {
      for (const phone of this.phones) void phone.close();
    };
    signal.addEventListener('abort', switchOff, { once: true });
    this.#startedAtMs = this.#clock.monotonicMs();
    for (let number = 0; number < phones && !signal.aborted; number++) {
      await this.#waitUntil(this.#startedAtMs + (number * 1000) / ratePerSecond, signal);
      while (active.size >= concurrency) await Promise.race(active);
      if (signal.aborted) break;
      const phone = await this.#addPhone(number);
      const run = this.#runPhone(phone, scenario, signal).finally(() => active.delete(run));
      active.add(run);
    }
    await Promise.all(active);
    signal.removeEventListener('abort', switchOff);
    for (const { client } of this.#models) client.close();
    await Promise.all(this.#listeners.splice(0).map((listener) => listener.close()));
    return this.summary();
  }

  /** The numbers so far. */
  summary(): FleetSummary {
    return this.stats.summary(this.#clock.monotonicMs() - this.#startedAtMs);
  }

  async #addPhone(number: number): Promise<VirtualPhone> {
    const { url, phone = {}, macStart = '00:1A:E8:00:00:01', e164Start = '4989100000' } = this.options;
    const model = this.#models[number % this.#models.length];
    if (!model) throw new TypeError('a fleet needs a personality');
    const created = new VirtualPhone({
      contactMeUri: `http://${testAddress(number)}:8085/contact_dls.html/ContactDLS`,
      ...phone,
      personality: model.personality,
      url,
      macAddress: macAddressAfter(macStart, number),
      e164: phoneNumberAfter(e164Start, number),
      seed: this.#seed + number,
      ...(phone.nonceSeed === undefined ? {} : { nonceSeed: phone.nonceSeed + number }),
      factoryItems: model.factory,
      client: model.client.forAnotherPhone(),
      observer: this.stats,
      clock: this.#clock,
    });
    this.phones.push(created);
    if (this.options.contactMe) {
      const isLoopback = this.options.contactMe === 'loopback';
      const address = isLoopback ? { host: loopbackAddress(number), port: CONTACT_ME_PORT } : {};
      this.#listeners.push(await created.listenForContactMe(address));
    }
    return created;
  }

  async #runPhone(phone: VirtualPhone, scenario: Scenario, signal: AbortSignal): Promise<void> {
    this.stats.phonesStarted++;
    let isBroken = false;
    try {
      await scenario(phone, signal);
      await phone.settled();
    } catch (error) {
      isBroken = true;
      this.stats.addFailure(phone.macAddress, { kind: 'unexpected', message: String(error) });
    }
    if (signal.aborted) return;
    const isFailed = isBroken || phone.contacts.some(({ failure, violations }) => failure || violations.length > 0);
    if (isFailed) this.stats.phonesFailed++;
    else this.stats.phonesSucceeded++;
  }

  async #waitUntil(atMs: number, signal: AbortSignal): Promise<void> {
    const delayMs = atMs - this.#clock.monotonicMs();
    if (delayMs <= 0) return;
    try {
      await this.#clock.sleep(delayMs, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
