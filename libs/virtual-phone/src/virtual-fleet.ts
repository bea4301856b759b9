import { randomInt } from 'node:crypto';
import type { PhoneClock } from './clock.js';
import { systemClock } from './clock.js';
import { factoryItems } from './factory-items.js';
import { macAddressAfter, phoneNumberAfter, testAddress } from './fleet-numbers.js';
import type { FleetSummary } from './fleet-stats.js';
import { FleetStats } from './fleet-stats.js';
import { DlsHttpsClient } from './https-client.js';
import { DEFAULT_PERSONALITY } from './find-personality.js';
import type { FactoryItems } from './phone-items.js';
import { serviceUrl } from './service-url.js';
import type { VirtualPhoneOptions } from './virtual-phone.js';
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
  /** What all phones have in common. */
  readonly phone?: Omit<VirtualPhoneOptions, 'url' | 'macAddress' | 'e164' | 'observer' | 'client' | 'clock' | 'seed'>;
  readonly clock?: PhoneClock;
}

/** Many phones at a rate, and the numbers they produce. */
export class VirtualFleet {
  readonly stats: FleetStats;
  /** The phones switched on so far. */
  readonly phones: VirtualPhone[] = [];
  readonly #clock: PhoneClock;
  readonly #client: DlsHttpsClient;
  readonly #factory: FactoryItems;
  readonly #seed: number;
  #startedAtMs = 0;

  constructor(private readonly options: FleetOptions) {
    const { phone = {} } = options;
    this.stats = new FleetStats(options.phones);
    this.#clock = options.clock ?? systemClock;
    this.#client = new DlsHttpsClient(serviceUrl(options.url), phone.connection);
    this.#factory = phone.factoryItems ?? factoryItems(phone.personality ?? DEFAULT_PERSONALITY, phone.itemCount);
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
      const run = this.#runPhone(this.#addPhone(number), scenario, signal).finally(() => active.delete(run));
      active.add(run);
    }
    await Promise.all(active);
    signal.removeEventListener('abort', switchOff);
    this.#client.close();
    return this.summary();
  }

  /** The numbers so far. */
  summary(): FleetSummary {
    return this.stats.summary(this.#clock.monotonicMs() - this.#startedAtMs);
  }

  #addPhone(number: number): VirtualPhone {
    const { url, phone = {}, macStart = '00:1A:E8:00:00:01', e164Start = '4989100000' } = this.options;
    const created = new VirtualPhone({
      contactMeUri: `http://${testAddress(number)}:8085/contact_dls.html/ContactDLS`,
      ...phone,
      url,
      macAddress: macAddressAfter(macStart, number),
      e164: phoneNumberAfter(e164Start, number),
      seed: this.#seed + number,
      ...(phone.nonceSeed === undefined ? {} : { nonceSeed: phone.nonceSeed + number }),
      factoryItems: this.#factory,
      client: this.#client.forAnotherPhone(),
      observer: this.stats,
      clock: this.#clock,
    });
    this.phones.push(created);
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
