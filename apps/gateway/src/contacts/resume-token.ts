import { signToken, verifyToken, type TokenKeys } from '@opendls/crypto/sealing';
import type { RepeatDetection, ResumePoint, StepKind, Traits } from '@opendls/dls-interaction';

const VERSION = 2;
const KINDS: readonly StepKind[] = [
  'read-all-items',
  'read-items',
  'write-items',
  'file-deployment',
  'software-deployment',
  'restart',
];
const REPEATS: readonly RepeatDetection[] = ['undecided', 'possible', 'impossible'];
const FIELDS = 16;
/** Contacts that a gateway of the last release began are ended by this one: its tokens have no traits and one flag less. */
const OLD_VERSION = 1;
const OLD_FIELDS = 15;
/** What gateways of the last release took every phone for. */
const OLD_TRAITS: Traits = { legacyEntities: false, canSolicit: true, numericFilePriority: false };

const IS_REISSUED = 1;
const IS_LAST_PART = 2;
const IS_LAST_STEP = 4;
const IS_FRAGMENTED = 8;
const IS_SENT = 16;
const FLAGS = 32;
const OLD_FLAGS = 16;

const LEGACY_ENTITIES = 1;
const CAN_SOLICIT = 2;
const NUMERIC_FILE_PRIORITY = 4;

/** Makes and reads the session token: the resume point of a contact, short and signed. */
export class ResumeTokens {
  constructor(
    private readonly keys: TokenKeys,
    private readonly maxAgeMs: number,
    private readonly now: () => number = Date.now,
  ) {}

  write({ contact, position }: ResumePoint): string {
    const flags =
      (contact.isReissued ? IS_REISSUED : 0) |
      (position.isLastPart ? IS_LAST_PART : 0) |
      (position.isLastStep ? IS_LAST_STEP : 0) |
      (position.isFragmented ? IS_FRAGMENTED : 0) |
      (position.isSent ? IS_SENT : 0);
    const { legacyEntities, canSolicit, numericFilePriority } = contact.traits;
    const traits =
      (legacyEntities ? LEGACY_ENTITIES : 0) |
      (canSolicit ? CAN_SOLICIT : 0) |
      (numericFilePriority ? NUMERIC_FILE_PRIORITY : 0);
    const fields: (string | number | null)[] = [
      VERSION,
      Math.floor(this.now() / 1_000),
      contact.contactId,
      contact.deviceId,
      contact.maxItems,
      contact.nonce,
      REPEATS.indexOf(contact.repeats),
      contact.exchanges,
      contact.actions,
      position.orderId,
      position.attempt,
      position.stepIndex,
      KINDS.indexOf(position.kind),
      position.part,
      position.fragment * FLAGS + flags,
      traits,
    ];
    return signToken(this.keys, JSON.stringify(fields));
  }

  /** The newest resume point among some tokens; undefined when none is ours or all are too old. */
  readNewest(tokens: readonly string[]): ResumePoint | undefined {
    let newest: { readonly issuedAtMs: number; readonly point: ResumePoint } | undefined;
    for (const token of tokens) {
      const read = this.read(token);
      if (read && (newest === undefined || read.issuedAtMs >= newest.issuedAtMs)) newest = read;
    }
    return newest?.point;
  }

  private read(token: string): { readonly issuedAtMs: number; readonly point: ResumePoint } | undefined {
    const payload = verifyToken(this.keys, token);
    if (payload === undefined) return undefined;
    const fields = JSON.parse(payload) as unknown; // signed by a gateway, thus JSON
    if (!Array.isArray(fields)) return undefined;
    const isOld = fields[0] === OLD_VERSION && fields.length === OLD_FIELDS;
    if (!isOld && (fields[0] !== VERSION || fields.length !== FIELDS)) return undefined;
    const issuedAtMs = Number(fields[1]) * 1_000;
    if (this.now() - issuedAtMs > this.maxAgeMs) return undefined;
    const range = isOld ? OLD_FLAGS : FLAGS;
    const flags = Number(fields[14]) % range;
    const kind = KINDS[Number(fields[12])] ?? 'read-all-items';
    const point: ResumePoint = {
      contact: {
        contactId: String(fields[2]),
        deviceId: String(fields[3]),
        maxItems: fields[4] === null ? null : Number(fields[4]),
        traits: isOld ? OLD_TRAITS : traitsOf(Number(fields[15])),
        nonce: String(fields[5]),
        repeats: REPEATS[Number(fields[6])] ?? 'impossible',
        exchanges: Number(fields[7]),
        actions: Number(fields[8]),
        isReissued: (flags & IS_REISSUED) !== 0,
      },
      position: {
        orderId: String(fields[9]),
        attempt: Number(fields[10]),
        stepIndex: Number(fields[11]),
        kind,
        part: Number(fields[13]),
        isLastPart: (flags & IS_LAST_PART) !== 0,
        isLastStep: (flags & IS_LAST_STEP) !== 0,
        isFragmented: (flags & IS_FRAGMENTED) !== 0,
        isSent: isOld ? kind === 'restart' || kind === 'software-deployment' : (flags & IS_SENT) !== 0,
        fragment: Math.floor(Number(fields[14]) / range),
      },
    };
    return { issuedAtMs, point };
  }
}

function traitsOf(bits: number): Traits {
  return {
    legacyEntities: (bits & LEGACY_ENTITIES) !== 0,
    canSolicit: (bits & CAN_SOLICIT) !== 0,
    numericFilePriority: (bits & NUMERIC_FILE_PRIORITY) !== 0,
  };
}
