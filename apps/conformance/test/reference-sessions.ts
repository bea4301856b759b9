import { randomBytes } from 'node:crypto';
import type { DlsAction, DlsMessage, Item, WorkpointMessage } from '@opendls/dls-codec';
import { splitWriteItems } from '@opendls/dls-interaction';
import { quirksOf } from '@opendls/firmware';
import type { Fault } from './faults.js';

/** One thing to have a phone do. */
export interface Step {
  readonly action: DlsAction;
  readonly items?: readonly Item[];
  /** It belongs to a job that a busy phone gets again. */
  readonly isJob?: boolean;
  /** What is read is the user data of this mobile user. */
  readonly savesFor?: string;
}

/** A mobile user and what is stored for it. */
export interface MobileUser {
  readonly password: string;
  readonly items: readonly Item[];
  data: readonly Item[];
}

type Job = readonly Item[] | readonly Step[];

interface Session {
  readonly cookie: string;
  readonly mac: string;
  readonly maxItems: number;
  readonly sendsSolicited: boolean;
  readonly legacyEntities: boolean;
  steps: Step[];
  job: Job | undefined;
  mismatches: number;
}

/** What the server says, and in which session. */
export interface Reply {
  readonly message: DlsMessage;
  readonly cookie?: string;
  readonly legacyEntities: boolean;
}

const MAX_BYTES = 49_000;
const INITIAL: ReadonlySet<string> = new Set(['start-up', 'local-changes', 'inventory-changes', 'solicited', 'status']);

/** The sessions and jobs of the reference server: a plain service that keeps everything in memory. */
export class ReferenceSessions {
  readonly #sessions = new Map<string, Session>();
  readonly #known = new Set<string>();
  readonly users = new Map<string, MobileUser>();
  /** Where each phone is woken. */
  readonly contactUris = new Map<string, string>();
  readonly #jobs = new Map<string, readonly Job[]>();
  /** Phones that were in a call when they were here last. */
  readonly #busy = new Set<string>();

  constructor(private readonly fault: Fault | undefined) {}

  /** Items to write, in as many messages as it takes. */
  wantWrite(mac: string, items: readonly Item[]): void {
    this.#addJob(mac, items);
  }

  wantSteps(mac: string, steps: readonly Step[]): void {
    this.#addJob(mac, steps);
  }

  forget(mac: string): void {
    this.#jobs.delete(mac);
  }

  hasWork(mac: string): boolean {
    return this.#waiting(mac.toUpperCase()).length > 0;
  }

  /** Answers one message of a phone. */
  answer(message: WorkpointMessage, cookie: string | undefined): Reply {
    if (message.reason === 'unknown') return closed(message.nonce);
    if (INITIAL.has(message.reason)) return this.#begin(message);
    const session = cookie === undefined ? undefined : this.#sessions.get(cookie);
    if (session === undefined || message.reason === 'clean-up' || isForeign(message, session)) {
      if (session !== undefined) this.#end(session);
      return closed(message.nonce);
    }
    return this.#goOn(message, session);
  }

  /** A service that tells phones apart by their address finds its session without a cookie. */
  anySession(): string | undefined {
    return [...this.#sessions.keys()].at(-1);
  }

  #begin(message: WorkpointMessage): Reply {
    const mac = valueOf(message, 'mac-addr').toUpperCase();
    if (mac === '' || mac.length > 64) return closed(message.nonce);
    this.contactUris.set(mac, valueOf(message, 'contact-me-uri'));
    // The result of a file ends the job that it was.
    if (message.reason === 'status' && this.fault !== 'file-again') this.#endFile(mac);
    for (const old of [...this.#sessions.values()].filter((session) => session.mac === mac)) this.#end(old);
    const quirks = quirksOf({
      deviceType: valueOf(message, 'device-type'),
      softwareVersion: valueOf(message, 'software-version'),
    });
    const session: Session = {
      cookie: randomBytes(16).toString('hex').toUpperCase(),
      mac,
      maxItems: this.fault === 'ignores-max-items' ? -1 : (message.maxItems ?? -1),
      sendsSolicited: quirks.sendSolicited,
      legacyEntities: quirks.legacyEntities,
      steps: [],
      job: undefined,
      mismatches: 0,
    };
    session.steps = this.#stepsFor(message, session);
    this.#sessions.set(session.cookie, session);
    return this.#next(message.nonce, session);
  }

  #stepsFor(message: WorkpointMessage, session: Session): Step[] {
    const isUnread = message.reason === 'local-changes' && valueOf(message, 'configuration-attached-flag') !== 'true';
    const mustRead = isUnread || !this.#known.has(session.mac);
    const reading: Step[] = mustRead ? [{ action: 'ReadAllItems' }] : [];
    return [...reading, ...(this.#mobilitySteps(message) ?? this.#jobSteps(session))];
  }

  /** Logon, restoring and logoff of mobile users (4.12); undefined for any other message. */
  #mobilitySteps(message: WorkpointMessage): Step[] | undefined {
    if (message.reason !== 'inventory-changes') return undefined;
    const e164 = valueOf(message, 'e164');
    const user = this.users.get(e164);
    const listed = (name: string): string[] =>
      valueOf(message, name)
        .split(',')
        .filter((each) => each !== '');
    if (valueOf(message, 'sip-mobility-state') === '1') {
      const items = listed('modified-items').map((name) => ({ name, value: '' }));
      return user === undefined || items.length === 0 ? [] : [{ action: 'ReadItems', items, savesFor: e164 }];
    }
    const wanted = listed('requested-items');
    if (wanted.length > 0) {
      const items = (user?.data ?? []).filter(({ name }) => wanted.includes(name));
      return items.length === 0 || this.fault === 'forgets-user-data' ? [] : [{ action: 'WriteItems', items }];
    }
    const isRight = user !== undefined && valueOf(message, 'user-pwd') === user.password;
    if (!isRight && !(this.fault === 'logs-on-anybody' && valueOf(message, 'sip-mobility-state') === '0'))
      return undefined;
    return [{ action: 'WriteItems', items: [{ name: 'sip-mobility-state', value: '0' }, ...(user?.items ?? [])] }];
  }

  #jobSteps(session: Session): Step[] {
    const { mac, maxItems } = session;
    const job = this.#chooseJob(mac);
    session.job = job;
    if (isSteps(job)) return [...job];
    const { parts } = splitWriteItems(job, { maxBytes: MAX_BYTES, maxItems });
    const writes = parts.map((items): Step => ({ action: 'WriteItems', items, isJob: true }));
    const names = job.map(({ name, index }) => ({ name, index, value: '' }));
    const reads = splitWriteItems(names, { maxBytes: MAX_BYTES, maxItems }).parts;
    return [...writes, ...reads.map((items): Step => ({ action: 'ReadItems', items }))];
  }

  #goOn(message: WorkpointMessage, session: Session): Reply {
    const [current] = session.steps;
    if (current === undefined || message.action !== current.action) return this.#mismatch(message, session);
    if (message.status === 'busy') {
      this.#busy.add(session.mac);
      if (this.fault === 'forgets-busy-job') this.#jobs.delete(session.mac);
      else if (current.action === 'SoftwareDeployment') this.#addJob(session.mac, session.steps);
      this.#end(session);
      return closed(message.nonce, session.sendsSolicited && this.fault !== 'forgets-busy-job');
    }
    if (message.fragment === 'next' && this.fault !== 'ignores-fragments')
      return this.#say(session, { kind: 'dls', nonce: message.nonce, action: 'GetNextFragment' });
    if (this.fault === 'loops-writes') return this.#say(session, writing(message.nonce));
    if (current.action === 'ReadAllItems') this.#known.add(session.mac);
    const user = current.savesFor === undefined ? undefined : this.users.get(current.savesFor);
    if (user !== undefined) user.data = message.items;
    session.steps = session.steps.slice(1);
    // A job is done when its last write is; it is not sent again whatever the phone has refused.
    if (current.action === 'WriteItems') this.#busy.delete(session.mac);
    if (!session.steps.some(({ isJob }) => isJob)) this.#finish(session);
    return this.#next(message.nonce, session);
  }

  #mismatch(message: WorkpointMessage, session: Session): Reply {
    session.mismatches += 1;
    const [current] = session.steps;
    // Later fragments may come without action (5.2).
    if (message.action === undefined && current?.action === 'ReadAllItems') {
      return this.#goOn({ ...message, action: 'ReadAllItems' }, session);
    }
    if (session.mismatches <= 1) return this.#next(message.nonce, session);
    this.#end(session);
    return closed(message.nonce);
  }

  #next(nonce: string, session: Session): Reply {
    const [current] = session.steps;
    if (current !== undefined) {
      const { action, items } = current;
      if (this.#isDoneWhenSent(current)) this.#finish(session);
      return this.#say(session, { kind: 'dls', nonce, action, ...(items === undefined ? {} : { items }) });
    }
    if (this.fault === 'never-closes') {
      const items = [{ name: 'reg-port', value: '' }];
      session.steps = [{ action: 'ReadItems', items }];
      return this.#say(session, { kind: 'dls', nonce, action: 'ReadItems', items });
    }
    this.#end(session);
    return closed(nonce, session.sendsSolicited && this.#waiting(session.mac).length > 0);
  }

  #addJob(mac: string, job: Job): void {
    this.#jobs.set(mac, [...this.#waiting(mac), job]);
  }

  #waiting(mac: string): readonly Job[] {
    return this.#jobs.get(mac) ?? [];
  }

  /** The first job; for a phone in a call the first one that writes nothing (4.6). */
  #chooseJob(mac: string): Job {
    const jobs = this.#waiting(mac);
    const reads = (job: Job): boolean => isSteps(job) && job.every(({ action }) => action !== 'WriteItems');
    return (this.#busy.has(mac) ? jobs.find(reads) : undefined) ?? jobs[0] ?? [];
  }

  #finish({ mac, job }: Session): void {
    this.#jobs.set(
      mac,
      this.#waiting(mac).filter((each) => each !== job),
    );
  }

  #endFile(mac: string): void {
    const job = this.#waiting(mac).find((each) => isSteps(each) && each[0]?.action === 'FileDeployment');
    if (job !== undefined)
      this.#jobs.set(
        mac,
        this.#waiting(mac).filter((each) => each !== job),
      );
  }

  /** Nothing comes back of these, or nothing has to. */
  #isDoneWhenSent({ action, items }: Step): boolean {
    if (action === 'Restart') return this.fault !== 'restarts-for-ever';
    if (action === 'SoftwareDeployment') return this.fault !== 'firmware-loop';
    return action === 'FileDeployment' && items?.every(({ index }) => index !== undefined) === true;
  }

  #say({ cookie, legacyEntities }: Session, message: DlsMessage): Reply {
    return { message, cookie, legacyEntities };
  }

  #end(session: Session): void {
    this.#sessions.delete(session.cookie);
  }
}

function closed(nonce: string, sendSolicited = false): Reply {
  const items = sendSolicited ? { items: [{ name: 'send-solicited', value: 'true' }] } : {};
  return { message: { kind: 'dls', nonce, action: 'CleanUp', ...items }, legacyEntities: false };
}

function writing(nonce: string): DlsMessage {
  return { kind: 'dls', nonce, action: 'WriteItems', items: [{ name: 'reg-port', value: '5060' }] };
}

function valueOf(message: WorkpointMessage, name: string): string {
  return message.items.find((item) => item.name === name)?.value ?? '';
}

/** GS sends a phone away whose MAC is not that of the session (1.3). */
function isForeign(message: WorkpointMessage, { mac }: Session): boolean {
  const given = valueOf(message, 'mac-addr').toUpperCase();
  return given !== '' && given !== mac;
}

function isSteps(job: readonly Item[] | readonly Step[]): job is readonly Step[] {
  return job.length > 0 && job.every((entry) => 'action' in entry);
}
