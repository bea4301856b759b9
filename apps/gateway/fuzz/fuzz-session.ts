import { createRandom } from '@opendls/dls-codec/fuzz';
import { DEADLINE_MS, MAX_BODY_BYTES } from './fuzzed-gateway.js';
import { judgeAny, judgeSound, type Judgement } from './judge-answer.js';
import { newPhone, nextBody } from './phone-grammar.js';
import { nextRequest } from './request-grammar.js';
import { TlsClient } from './tls-client.js';

/** Beyond the gateway's own deadline: client and gateway share one busy thread. */
const SLACK_MS = 9_000;
const MAX_REQUESTS = 8;

/** Something that must not happen, with the request it happened to. */
export interface Finding {
  readonly what: string;
  readonly request: Buffer;
}

/** Keeps one connection for one case after another. */
export class FuzzLine {
  private client: TlsClient | undefined;

  constructor(private readonly port: number) {}

  async open(): Promise<TlsClient> {
    if (this.client?.isOpen !== true) this.client = await TlsClient.open(this.port);
    return this.client;
  }

  drop(): void {
    this.client?.destroy();
    this.client = undefined;
  }
}

/**
 * Plays one case: a few requests of one phone. What is sent depends on seed and case, and on what the gateway answers.
 *
 * @returns how many requests were made
 */
export async function playCase(
  line: FuzzLine,
  seed: number,
  number: number,
  note: (label: string) => void,
  onFinding: (finding: Finding) => void,
): Promise<number> {
  const random = createRandom(seed + Math.imul(number, 0x9e3779b1));
  const phone = newPhone(random);
  const count = 1 + random.below(MAX_REQUESTS);
  for (let n = 0; n < count; n++) {
    const body = nextBody(random, phone);
    const request = nextRequest(random, phone, body.bytes);
    const client = await line.open();
    await client.write(request.bytes, request.cuts);
    if (!request.isSound) {
      await judgeRest(client, note, (what) => onFinding({ what, request: request.bytes }));
      line.drop();
      continue;
    }
    const reading = await client.read(DEADLINE_MS + SLACK_MS);
    if (reading.kind === 'closed') {
      // A refusal closes the connection; one that was read before this request was sent counts for the last.
      note('closed');
      line.drop();
      continue;
    }
    const judgement: Judgement =
      reading.kind === 'answer'
        ? judgeSound(request, body.bytes, MAX_BODY_BYTES, reading.answer)
        : { label: 'fault', fault: reading.kind === 'late' ? 'no answer in time' : reading.problem };
    note(judgement.label);
    if (judgement.fault !== undefined) onFinding({ what: judgement.fault, request: request.bytes });
    phone.last = judgement.message;
    phone.cookie = judgement.cookie ?? phone.cookie;
    if (reading.kind !== 'answer' || /^connection: close$/im.test(reading.answer.head)) line.drop();
  }
  return count;
}

/** After what is no proper HTTP anything may come, but only answers, and then an end. */
async function judgeRest(
  client: TlsClient,
  note: (label: string) => void,
  onFault: (what: string) => void,
): Promise<void> {
  client.end();
  for (let answers = 0; answers < 10; answers++) {
    const reading = await client.read(DEADLINE_MS + SLACK_MS);
    if (reading.kind === 'closed') {
      note(answers === 0 ? 'odd HTTP: closed' : 'odd HTTP: answered');
      return;
    }
    if (reading.kind !== 'answer') {
      onFault(reading.kind === 'late' ? 'neither an answer nor an end in time' : reading.problem);
      return;
    }
    const { fault } = judgeAny(reading.answer);
    if (fault !== undefined) onFault(fault);
  }
}
