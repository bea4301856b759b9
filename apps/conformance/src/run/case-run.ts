import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import type { DlsAction } from '@opendls/dls-codec';
import { CaseFailure, CaseNotRun, check } from '../conformance-case.js';
import type { HookAnswer, HookName, ServerHooks } from '../hooks/server-hooks.js';
import { walkContact, type ContactOptions, type WalkedContact } from '../phone/contact.js';
import { converse, type Patience, type Understood } from '../phone/converse.js';
import type { PhoneItem } from '../phone/message-text.js';
import type { PhoneTraits } from '../phone/phone-items.js';
import { Phone, type ExchangeOptions, type Outgoing } from '../phone/phone.js';
import { download, type Download } from '../wire/download.js';
import { Connection } from '../wire/connection.js';
import type { Target } from '../wire/target.js';
import { WireError } from '../wire/wire-error.js';
import { ExchangeLog } from './exchange-log.js';
import type { PhoneNumbers } from './phone-numbers.js';

/** Further addresses of the server. */
export interface Addresses {
  readonly '--secure-url'?: Target;
  readonly '--legacy-url'?: Target;
  /** Plain HTTP or HTTPS, up to and without `/contact-me`. */
  readonly '--dcmp-url'?: string;
}

export interface RunSettings {
  readonly target: Target;
  readonly addresses: Addresses;
  readonly listenHost: string;
  readonly observeMs: number;
  /** How long an answer may take. */
  readonly timeoutMs: number;
  readonly patience: Patience;
}

/** What the cases of a run share. */
export interface SuiteState {
  readonly settings: RunSettings;
  readonly hooks: ServerHooks;
  readonly numbers: PhoneNumbers;
  /** What this server answers to the start-up of a phone that it does not know. */
  firstAction: string | undefined;
  /** The well-behaved phone that asks whether the server is still there. */
  neighbour: PhoneTraits | undefined;
}

/** What a hook is told, besides the phone. */
export type WorkOf<Name extends HookName> = Omit<Parameters<NonNullable<ServerHooks[Name]>>[0], 'mac'>;

const OPENSTAGE_60 = { deviceType: 'OpenStage 60', softwareVersion: 'V3 R5.12.0', isConfigurationChanged: false };
const CONTACTS_UNTIL_WORK = 3;
const BETWEEN_CONTACTS_MS = 250;

/** What one case works with. Phones and connections made here are gone when the case is over. */
export class CaseRun {
  readonly log = new ExchangeLog();
  readonly #phones: Phone[] = [];
  readonly #connections: Connection[] = [];
  readonly #worked = new Set<string>();
  readonly #deferred: (() => void)[] = [];

  constructor(private readonly suite: SuiteState) {}

  get settings(): RunSettings {
    return this.suite.settings;
  }

  /** A phone that the server has never seen. */
  phone(traits: Partial<PhoneTraits> = {}, at?: Target): Phone {
    const { timeoutMs } = this.settings;
    const target = at ?? this.settings.target;
    const all = { ...OPENSTAGE_60, ...this.suite.numbers.next(), ...traits };
    const phone = new Phone(all, { target, timeoutMs, transcript: this.log });
    this.#phones.push(phone);
    return phone;
  }

  /** A bare TLS connection. */
  async open(tls: ConnectionOptions = {}): Promise<Connection> {
    return this.#keep(await opened(Connection.open(this.settings.target, this.settings.timeoutMs, tls)));
  }

  /** A bare TCP connection. */
  async openPlain(): Promise<Connection> {
    return this.#keep(await opened(Connection.openPlain(this.settings.target, this.settings.timeoutMs)));
  }

  /** Sends a message; the answer must be one that a phone understands. `overload` is waited out. */
  async say(phone: Phone, outgoing: Outgoing, options?: ExchangeOptions): Promise<Understood> {
    return converse(phone, outgoing, this.settings.patience, options);
  }

  /** Sends a message and goes on as a well-behaved phone until the server ends the contact. */
  async walk(phone: Phone, outgoing: Outgoing, options: Omit<ContactOptions, 'patience'> = {}): Promise<WalkedContact> {
    return this.walkOn(phone, await this.say(phone, outgoing), options);
  }

  /** Goes on after an answer. */
  async walkOn(
    phone: Phone,
    first: Understood,
    options: Omit<ContactOptions, 'patience'> = {},
  ): Promise<WalkedContact> {
    return walkContact(phone, first, { patience: this.settings.patience, ...options });
  }

  /**
   * Goes on with a report in two fragments. Only a server that knows whose reply it gets asks for the second one; a server
   * that does not would send the phone away, which looks like the end of any contact.
   */
  async recognised(phone: Phone, first: Understood): Promise<WalkedContact> {
    if (first.message.action !== 'ReadAllItems')
      throw new CaseNotRun('the server does not ask a new phone for ReadAllItems');
    return this.walkOn(phone, first, { fragments: 2 });
  }

  /** A whole contact of a well-behaved phone. */
  async contact(phone: Phone, reason = 'start-up', changes?: readonly PhoneItem[]): Promise<WalkedContact> {
    return this.walk(phone, phone.initial(reason, changes));
  }

  /**
   * Has a new phone send an odd start-up, which must be taken like any start-up: the first action is the one that this
   * server has for unknown phones, and the contact comes to its end.
   */
  async understood(make: (phone: Phone) => Outgoing, setUp?: (phone: Phone) => void): Promise<void> {
    const expected = await this.firstAction();
    // A server under load may have sent one phone away without work; twice is no chance.
    for (let isLast = false; ; isLast = true) {
      const phone = this.phone();
      setUp?.(phone);
      const first = await this.say(phone, make(phone));
      const { actionText } = first.message;
      if (actionText !== expected && !isLast) continue;
      check(actionText === expected, `${expected}, as for any unknown phone`, actionText);
      await this.walkOn(phone, first);
      return;
    }
  }

  /** What this server answers to the start-up of a phone that it does not know. */
  async firstAction(): Promise<string> {
    if (this.suite.firstAction === undefined) {
      const phone = this.phone();
      const { message } = await this.say(phone, phone.initial('start-up'));
      this.suite.firstAction = message.actionText;
    }
    return this.suite.firstAction;
  }

  /** A well-behaved phone boots; to be called after anything hostile. */
  async stillServes(): Promise<void> {
    const neighbour = this.phone(this.suite.neighbour);
    this.suite.neighbour = neighbour.traits;
    await this.contact(neighbour);
  }

  /** Brings an unknown phone to where the server has asked for all its items. */
  async readAllAsked(phone: Phone): Promise<Understood> {
    const isAsked = (message: { action: string }): boolean => message.action === 'ReadAllItems';
    const { last } = await this.walk(phone, phone.initial('start-up'), { until: isAsked });
    if (isAsked(last.message)) return last;
    if (this.suite.hooks.wantReadAll === undefined)
      throw new CaseNotRun('the server does not ask a new phone for ReadAllItems (hook wantReadAll)');
    await this.give(phone, 'wantReadAll', {});
    return this.workArrives(phone, 'ReadAllItems');
  }

  /** Introduces a phone and makes the server have work for it. */
  async give<Name extends HookName>(phone: Phone, name: Name, work: WorkOf<Name>): Promise<void> {
    if (this.suite.hooks[name] !== undefined) await this.contact(phone);
    await this.add(phone, name, work);
  }

  /** As `give`, for a phone that has introduced itself already. */
  async add<Name extends HookName>(phone: Phone, name: Name, work: WorkOf<Name>): Promise<void> {
    // The hook of this name takes work of this name; the compiler cannot follow that through the type parameter.
    const hook = this.suite.hooks[name] as ((work: object) => HookAnswer) | undefined;
    if (hook === undefined) throw new CaseNotRun(`needs hook ${name}`);
    this.#worked.add(phone.mac);
    const answer = await callHook(name, () => hook({ mac: phone.mac, ...work }));
    if (answer === false) throw new CaseNotRun(`hook ${name}: this server cannot`);
  }

  /** Has a phone make contact, as if asked to, until the server asks for this action. */
  async workArrives(phone: Phone, action: DlsAction): Promise<Understood> {
    const seen: string[] = [];
    for (let n = 0; n < CONTACTS_UNTIL_WORK; n += 1) {
      if (n > 0) await delay(BETWEEN_CONTACTS_MS);
      const until = (message: { action: string }): boolean => message.action === action;
      const { answers, last } = await this.walk(phone, phone.initial('solicited'), { until });
      if (until(last.message)) return last;
      seen.push(answers.map(({ message }) => message.action).join(', '));
    }
    throw new CaseFailure(`${action}, the work that is waiting`, seen.join('; then '));
  }

  /** An ordinary HTTP request to an address that the server gave, as a phone makes it. */
  async download(url: string, method: string, headers: Readonly<Record<string, string>> = {}): Promise<Download> {
    return download(url, method, headers, this.settings.timeoutMs);
  }

  /** Has something done when the case is over. */
  defer(close: () => void): void {
    this.#deferred.push(close);
  }

  /**
   * Ends everything the case has begun.
   *
   * @returns what the clean-up hook had to complain about
   */
  async dispose(): Promise<string | undefined> {
    for (const phone of this.#phones) phone.disconnect();
    for (const connection of this.#connections) connection.destroy();
    for (const close of this.#deferred) close();
    try {
      for (const mac of this.#worked) await this.suite.hooks.cleanup?.({ mac });
      return undefined;
    } catch (error) {
      return `hook cleanup: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  #keep(connection: Connection): Connection {
    this.#connections.push(connection);
    return connection;
  }
}

async function opened(connection: Promise<Connection>): Promise<Connection> {
  try {
    return await connection;
  } catch (error) {
    if (error instanceof WireError) throw new CaseFailure('a connection', error.message, error.code === 'silent');
    throw error;
  }
}

async function callHook(name: HookName, call: () => HookAnswer): Promise<void | boolean> {
  try {
    return await call();
  } catch (error) {
    throw new CaseNotRun(`hook ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
