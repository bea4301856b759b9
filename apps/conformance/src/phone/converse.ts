import { setTimeout as delay } from 'node:timers/promises';
import { CaseFailure, check } from '../conformance-case.js';
import type { Answer, ExchangeOptions, Outgoing, Phone } from './phone.js';
import type { ServiceMessage } from './service-message.js';

/** An answer that a phone understands. */
export interface Understood extends Answer {
  readonly message: ServiceMessage;
}

/** How a phone takes `overload` (PROTOCOL 4.13). */
export interface Patience {
  readonly overloadRepeats: number;
  readonly overloadDelayMs: number;
}

/** Sends a message until the server is not overloaded; the answer must be one that a phone understands. */
export async function converse(
  phone: Phone,
  outgoing: Outgoing,
  patience: Patience,
  options: ExchangeOptions = {},
): Promise<Understood> {
  for (let repeats = 0; ; repeats += 1) {
    const understood = understand(await phone.exchange(outgoing, options));
    if (!isOverload(understood.message)) return understood;
    if (repeats >= patience.overloadRepeats)
      throw new CaseFailure('work after some patience', `overload ${repeats + 1} times`);
    await delay(patience.overloadDelayMs);
  }
}

/** What every answer to a phone has in common: 200, a DLSMessage, the nonce of the request. */
export function understand(answer: Answer): Understood {
  check(answer.wire.status === 200, 'status 200', `status ${answer.wire.status}`);
  const { read } = answer;
  check(read.ok, 'a DLSMessage', read.ok ? '' : read.problem);
  check(read.message.nonce === answer.nonce, `nonce "${answer.nonce}"`, `nonce "${read.message.nonce}"`);
  return { ...answer, message: read.message };
}

/** Whether the phone is asked to come again with the same message. */
export function isOverload(message: ServiceMessage): boolean {
  return message.action === 'CleanUp' && valueOf(message, 'cleanup-reason')?.toLowerCase() === 'overload';
}

/** The value of an item of a service message. */
export function valueOf(message: ServiceMessage, name: string): string | undefined {
  return message.items.find((item) => item.name === name)?.value;
}
