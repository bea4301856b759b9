import { setTimeout } from 'node:timers/promises';
import type { EventDataByType } from '@opendls/event-contracts';
import type { ContactMeConfig } from '../edge-config.js';
import { contactForm, postContactMe, type ContactFailureCode, type Resolve } from './contact-client.js';
import { ContactPace } from './contact-pace.js';
import {
  chooseAddress,
  readContactTarget,
  type ContactTarget,
  type ContactTargetErrorCode,
  type ContactTargetRules,
} from './contact-target.js';
import { ContactTurns } from './contact-turns.js';
import { PhoneNetworks } from './phone-networks.js';

export type ContactRequest = EventDataByType['opendls.config-policy.contact-requested'];
type AttemptData = EventDataByType['opendls.gateway.contact-attempted'];
/** What became of one request. */
export type ContactAttempt = Omit<AttemptData, 'deviceId' | 'requestId' | 'code'> & {
  readonly code: ContactTargetErrorCode | ContactFailureCode | null;
};

/** Nobody plans further ahead than this; a request that says otherwise does not hold up the others. */
const MAX_WAIT_MS = 60_000;
const MAX_REMEMBERED_PHONES = 100_000;
/** Lookups hold threads that the file cache needs, too. */
const MAX_LOOKUPS = 2;
const NO_CONTENT = 204;

const NOT_ASKED = { status: null, code: null, address: null, durationMs: null } as const;

/**
 * Asks phones to open a contact (PROTOCOL 8.1): one try each, one at a time per phone and per address, never twice within
 * the interval, at most so many per second, never outside the phone networks.
 */
export class ContactCaller {
  private readonly rules: ContactTargetRules;
  private readonly form: string;
  private readonly pace: ContactPace;
  private readonly turns: ContactTurns;
  private readonly lookups: ContactTurns;
  private count = 0;

  constructor(
    private readonly config: ContactMeConfig,
    private readonly resolve: Resolve,
    private readonly clock: { readonly nowMs: () => number; readonly now: () => Date },
  ) {
    const { networks, ports, simulatedPhones, callback, perSecond, maxConcurrent, minIntervalMs } = config;
    this.rules = { networks: new PhoneNetworks(networks), ports, simulatedPhones };
    this.form = contactForm(callback);
    // One entry for the phone, one for its address.
    this.pace = new ContactPace(minIntervalMs, 2 * MAX_REMEMBERED_PHONES);
    this.turns = new ContactTurns({ perSecond, maxConcurrent }, clock.nowMs);
    this.lookups = new ContactTurns({ perSecond: 1_000, maxConcurrent: MAX_LOOKUPS }, clock.nowMs);
  }

  /** Requests that wait for their turn, or for the phone. */
  get inProgress(): number {
    return this.count;
  }

  /** @returns undefined when the signal came before the phone was asked. Never rejects. */
  async call(request: ContactRequest, signal: AbortSignal): Promise<ContactAttempt | undefined> {
    this.count++;
    try {
      return await this.callInTurn(request, signal);
    } finally {
      this.count--;
    }
  }

  private async callInTurn(request: ContactRequest, signal: AbortSignal): Promise<ContactAttempt | undefined> {
    const leftMs = Date.parse(request.expiresAt) - this.clock.now().getTime();
    if (leftMs <= 0) return { ...NOT_ASKED, outcome: 'expired' };
    const read = readContactTarget(request.contactMeUri, this.rules);
    if (!read.ok) return { ...NOT_ASKED, outcome: 'not-allowed', code: read.code };
    const { deviceId } = request;
    if (!this.pace.tryBegin(deviceId, this.clock.nowMs())) return { ...NOT_ASKED, outcome: 'too-soon' };
    const untilMs = this.clock.nowMs() + Math.min(leftMs, MAX_WAIT_MS);
    const attempt = await this.turns.take(untilMs, signal, () => this.ask(deviceId, read.target, signal));
    if (attempt !== undefined && attempt.address !== null) return attempt;
    this.pace.cancel(deviceId); // nobody was asked
    return attempt ?? (signal.aborted ? undefined : { ...NOT_ASKED, outcome: 'expired' });
  }

  private async ask(deviceId: string, target: ContactTarget, signal: AbortSignal): Promise<ContactAttempt> {
    const begunAtMs = this.clock.nowMs();
    const addresses = target.isAddress ? [target.host] : await this.addressesOf(target.host, signal);
    if (addresses === 'timeout') return { ...NOT_ASKED, outcome: 'timeout', code: 'name-not-resolved' };
    if (addresses.length === 0) return { ...NOT_ASKED, outcome: 'unreachable', code: 'name-not-resolved' };
    const chosen = chooseAddress(target, addresses, this.rules);
    if (!chosen.ok) return { ...NOT_ASKED, outcome: 'not-allowed', code: chosen.code };
    const { address } = chosen;
    // Phones say where they are themselves: two of them with one address are one phone to the one that answers there.
    const place = `${address} ${target.port}`;
    const askedAtMs = this.clock.nowMs();
    if (!this.pace.tryBegin(place, askedAtMs)) return { ...NOT_ASKED, outcome: 'too-soon' };
    this.pace.restart(deviceId, askedAtMs);
    const leftMs = this.config.timeoutMs - (askedAtMs - begunAtMs);
    const answer = await postContactMe(target, address, this.form, leftMs);
    const done = { address, durationMs: this.clock.nowMs() - askedAtMs };
    if (answer.kind === 'timeout') return { ...NOT_ASKED, ...done, outcome: 'timeout' };
    if (answer.kind === 'failed') return { ...NOT_ASKED, ...done, outcome: 'unreachable', code: answer.code };
    const { status } = answer;
    return {
      ...done,
      outcome: status === NO_CONTENT ? 'accepted' : 'unexpected-status',
      status: validStatus(status),
      code: null,
    };
  }

  private async addressesOf(name: string, signal: AbortSignal): Promise<readonly string[] | 'timeout'> {
    const { timeoutMs } = this.config;
    const found = new AbortController();
    const timeout = setTimeout(timeoutMs, 'timeout' as const, { signal: found.signal }).catch(() => 'timeout' as const);
    const untilMs = this.clock.nowMs() + timeoutMs;
    const lookup = this.lookups.take(untilMs, signal, () => this.resolve(name).catch(() => []));
    const result = await Promise.race([lookup, timeout]);
    found.abort();
    return result ?? 'timeout';
  }
}

/** What an event can carry; phones may answer anything. */
function validStatus(status: number): number | null {
  return status >= 100 && status <= 599 ? status : null;
}
