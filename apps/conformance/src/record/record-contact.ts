import { basicItems } from '../phone/phone-items.js';
import { walkContact } from '../phone/contact.js';
import { converse } from '../phone/converse.js';
import { Phone, type Transcript } from '../phone/phone.js';
import { PhoneNumbers } from '../run/phone-numbers.js';
import type { WireAnswer } from '../wire/read-response.js';
import type { Target } from '../wire/target.js';
import { Recorder, splitRequest } from './recorder.js';
import type { Recording } from './recording.js';

export interface RecordOptions {
  readonly target: Target;
  readonly timeoutMs: number;
  readonly reason: string;
  readonly fragments: number;
  /** Answers WriteItems as in a call. */
  readonly isBusy: boolean;
  readonly mac: string | undefined;
  readonly macPrefix: string;
  readonly note: string;
}

/** Has a virtual phone make one contact and writes it down. */
export async function recordContact(options: RecordOptions): Promise<Recording> {
  const { target, timeoutMs, reason, fragments } = options;
  const recorder = new Recorder();
  let [sent, sentAtMs] = ['', 0];
  const transcript: Transcript = {
    sent: (text) => ([sent, sentAtMs] = [text, performance.now()]),
    got: (answer: WireAnswer) => recorder.add(splitRequest(sent), sentAtMs, answer),
  };
  const number = new PhoneNumbers(options.macPrefix).next();
  const mac = options.mac ?? number.mac;
  const traits = { deviceType: 'OpenStage 60', softwareVersion: 'V3 R5.12.0', isConfigurationChanged: false };
  const phone = new Phone({ ...traits, ...number, mac }, { target, timeoutMs, transcript });
  const patience = { overloadRepeats: 10, overloadDelayMs: 1_000 };
  try {
    const first = await converse(phone, phone.message({ reason, items: basicItems(phone.traits) }), patience);
    const reactions = options.isBusy ? { WriteItems: () => phone.reply('WriteItems', { status: 'busy' }) } : {};
    await walkContact(phone, first, { patience, fragments, reactions });
  } finally {
    phone.disconnect();
  }
  return recorder.finish(options.note);
}
