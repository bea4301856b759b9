import { getCiphers } from 'node:tls';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { PhoneConnection } from '@opendls/event-contracts';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

const OTHER = 'other';
const TLS_VERSIONS: ReadonlySet<string> = new Set(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']);
/** What this build of OpenSSL can speak at all. */
const CIPHERS: ReadonlySet<string> = new Set(getCiphers().map((name) => name.toUpperCase()));

/** Why a phone was told to come again. */
export type OverloadCause =
  'admission' | 'event-loop' | 'bus-down' | 'directives' | 'publish-failed' | 'phone-queue' | 'closing';

/** What the gauges ask when somebody reads them. */
export interface GaugeSources {
  readonly openContacts: () => number;
  readonly heldOrderBytes: () => number;
  readonly waiting: () => number;
  readonly inFlight: () => number;
  readonly directives: () => number;
  readonly connections: () => readonly { readonly listener: string; readonly open: number }[];
}

/** Everything the gateway counts. Labels are from closed sets: nothing a stranger sends becomes one. */
export class GatewayMetrics {
  readonly requests: Counter<'listener' | 'reason' | 'outcome'>;
  readonly refusals: Counter<'listener' | 'code'>;
  readonly overloads: Counter<'cause'>;
  readonly durations: Histogram<'listener'>;
  readonly publishDurations: Histogram;
  readonly publishFailures: Counter<'code'>;
  readonly lostEvents: Counter;
  readonly workDurations: Histogram;
  readonly closedContacts: Counter<'outcome'>;
  readonly lateWork: Counter;
  readonly invalidWork: Counter;
  readonly interactionWarnings: Counter<'code'>;
  readonly connectionsRefused: Counter<'listener' | 'cause'>;
  readonly tlsFailures: Counter<'listener'>;
  readonly tlsReloads: Counter<'listener' | 'outcome'>;
  readonly invalidDirectives: Counter;
  private readonly tlsContacts: Counter<'listener' | 'version' | 'cipher'>;

  constructor(readonly registry: Registry = new Registry()) {
    const registers = [registry];
    const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
      new Counter({ name: `opendls_gateway_${name}`, help, labelNames, registers });
    const histogram = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
      new Histogram({ name: `opendls_gateway_${name}`, help, labelNames, buckets: SECONDS, registers });
    this.requests = counter('requests_total', 'Messages of phones answered, by what they got', [
      'listener',
      'reason',
      'outcome',
    ]);
    this.refusals = counter('refusals_total', 'Requests and messages refused, by code', ['listener', 'code']);
    this.overloads = counter('overload_total', 'Phones told to come again, by cause', ['cause']);
    this.durations = histogram('request_duration_seconds', 'From the arrival of a message to its answer', ['listener']);
    this.publishDurations = histogram('publish_duration_seconds', 'Time the event bus takes to acknowledge');
    this.publishFailures = counter('publish_failures_total', 'Publishes without acknowledgement', ['code']);
    this.lostEvents = counter('lost_events_total', 'Events that nobody waited for and that could not be published');
    this.workDurations = histogram('work_wait_seconds', 'From acknowledgement to the answer of config-policy');
    this.closedContacts = counter('contacts_closed_total', 'Contacts that ended, by outcome', ['outcome']);
    this.lateWork = counter('late_work_total', 'Answers of config-policy that nobody waited for any more');
    this.invalidWork = counter('invalid_work_total', 'Records of the work-order stream that could not be read');
    this.interactionWarnings = counter('interaction_warnings_total', 'Odd things in interactions', ['code']);
    this.connectionsRefused = counter('connections_refused_total', 'Connections above a limit', ['listener', 'cause']);
    this.tlsFailures = counter('tls_failures_total', 'TLS handshakes that failed', ['listener']);
    this.tlsReloads = counter('tls_reloads_total', 'New certificate files, by what became of them', [
      'listener',
      'outcome',
    ]);
    this.tlsContacts = counter('tls_contacts_total', 'Contacts opened, by TLS version and cipher', [
      'listener',
      'version',
      'cipher',
    ]);
    this.invalidDirectives = counter('invalid_directives_total', 'Directives for phones that could not be read');
  }

  /** Counts how a phone that opened a contact speaks TLS. */
  countTls({ listener, tlsVersion, tlsCipher }: PhoneConnection): void {
    const version = TLS_VERSIONS.has(tlsVersion ?? '') ? (tlsVersion ?? OTHER) : OTHER;
    const cipher = CIPHERS.has(tlsCipher ?? '') ? (tlsCipher ?? OTHER) : OTHER;
    this.tlsContacts.inc({ listener, version, cipher });
  }

  /** Adds the gauges, once their sources exist. */
  observe(sources: GaugeSources): void {
    const gauge = (name: string, help: string, read: () => number): void => {
      new Gauge({
        name: `opendls_gateway_${name}`,
        help,
        registers: [this.registry],
        collect() {
          this.set(read());
        },
      });
    };
    gauge('open_contacts', 'Contacts that wait for their phone', sources.openContacts);
    gauge('held_order_bytes', 'Size of the orders held for open contacts', sources.heldOrderBytes);
    gauge('waiting_for_work', 'Questions for work without an answer', sources.waiting);
    gauge('messages_in_flight', 'Messages being worked on', sources.inFlight);
    gauge('device_directives', 'Phones about which config-policy has said something', sources.directives);
    new Gauge({
      name: 'opendls_gateway_connections',
      help: 'Open connections of phones',
      labelNames: ['listener'],
      registers: [this.registry],
      collect() {
        for (const { listener, open } of sources.connections()) this.set({ listener }, open);
      },
    });
  }
}
