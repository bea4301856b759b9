import {
  DlsHttpsClient,
  personalityOf,
  serviceUrl,
  speaksLegacyTlsOnly,
  VirtualPhone,
  type ContactMeListener,
  type Personality,
  type VirtualPhoneOptions,
} from '@opendls/virtual-phone';
import { randomInt } from 'node:crypto';
import { until, type ApiClient, type Endpoints } from '../src/index.js';

/** A running installation that flows are played on. */
export interface FlowSite {
  readonly api: ApiClient;
  endpoints(): Promise<Endpoints>;
  /** Kills the gateway that holds the contact going on right now; absent where there is only one process. */
  readonly killHolder?: () => Promise<void>;
}

interface Answer {
  readonly name: string;
  readonly value?: string;
  readonly secret?: boolean;
}

/** An order as the API shows it, as far as flows look. */
export interface Order {
  readonly orderId: string;
  readonly kind: string;
  readonly state: string;
  readonly failureCode: string | null;
  readonly steps: readonly {
    readonly kind: string;
    readonly results: readonly {
      readonly outcome: string;
      readonly refusedItems: readonly { readonly name: string; readonly status: string }[];
    }[];
  }[];
  /** Values of items that were read, results of deployments. */
  readonly answers: readonly Answer[];
}

const ORDER_MS = 60_000;

/** Passes a phone's messages on; before one of them something happens, and the phone waits for it. */
class InterruptedClient extends DlsHttpsClient {
  messagesUntilInterruption = Infinity;

  constructor(
    url: URL,
    habits: Personality['tls'],
    private readonly interrupt: () => Promise<void>,
  ) {
    super(url, habits);
  }

  override async post(...message: Parameters<DlsHttpsClient['post']>): ReturnType<DlsHttpsClient['post']> {
    this.messagesUntilInterruption -= 1;
    if (this.messagesUntilInterruption === 0) await this.interrupt();
    return super.post(...message);
  }
}

/** One playing of one flow: its phones, and whether a gateway dies in the middle of it. */
export class FlowStage {
  private readonly phones: VirtualPhone[] = [];
  private readonly listeners: ContactMeListener[] = [];
  private readonly clients: InterruptedClient[] = [];
  private readonly macPrefix = `02:5F:${hexPair()}:${hexPair()}:${hexPair()}`;
  private killed = 0;

  constructor(
    readonly site: FlowSite,
    private readonly endpoints: Endpoints,
    /** Kill a gateway before the phone sends this message of the contact it was armed for; 0: never. */
    private readonly killAtMessage: number,
  ) {}

  get api(): ApiClient {
    return this.site.api;
  }

  /** A phone that is new to the service and can be woken. */
  async phone(name: string, options: Partial<VirtualPhoneOptions> = {}): Promise<VirtualPhone> {
    const personality = options.personality ?? personalityOf(name);
    const url = speaksLegacyTlsOnly(personality) ? this.endpoints.legacyPhones : this.endpoints.phones;
    if (url === undefined) throw new Error('the site has no legacy listener');
    const client = new InterruptedClient(serviceUrl(url), personality.tls, () => this.kill());
    const macAddress = `${this.macPrefix}:${(this.phones.length + 1).toString(16).padStart(2, '0').toUpperCase()}`;
    const phone = new VirtualPhone({
      url,
      client,
      macAddress,
      e164: `49891${String(randomInt(10 ** 7)).padStart(7, '0')}`,
      contactGapMs: 0,
      overloadBackOffMs: { min: 200, max: 400 },
      ...options,
      personality,
    });
    this.clients.push(client);
    this.phones.push(phone);
    this.listeners.push(await phone.listenForContactMe());
    return phone;
  }

  /** From now on the phones' next contact is the one that is interrupted. */
  arm(): void {
    for (const client of this.clients) {
      client.messagesUntilInterruption = this.killAtMessage === 0 ? Infinity : this.killAtMessage;
    }
  }

  /** Whether a gateway died as it was meant to. */
  get wasInterrupted(): boolean {
    return this.killed > 0;
  }

  /** A phone that was switched on and configured. */
  async bootedPhone(name: string, options: Partial<VirtualPhoneOptions> = {}): Promise<VirtualPhone> {
    const phone = await this.phone(name, options);
    const contacts = await phone.boot();
    expect(contacts.map(({ failure }) => failure)).toEqual(contacts.map(() => undefined));
    return phone;
  }

  /** Asks for a job. */
  async order(phone: VirtualPhone, body: Readonly<Record<string, unknown>>): Promise<Order> {
    const answer = await this.api.request(
      'POST',
      `/config-policy/v1/devices/${deviceIdOf(phone)}/orders`,
      JSON.stringify(body),
    );
    if (answer.status !== 201) throw new Error(`POST orders: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Order;
  }

  /** The job once it is closed. */
  async closed(phone: VirtualPhone, { orderId }: Pick<Order, 'orderId'>): Promise<Order> {
    return this.orderWhen(phone, orderId, (order) => /^(?:done|refused|failed|superseded)$/.test(order.state));
  }

  async orderWhen(phone: VirtualPhone, orderId: string, is: (order: Order) => boolean): Promise<Order> {
    let last: Order | undefined;
    return until(`order ${orderId}`, ORDER_MS, async () => {
      last = await this.api.get<Order>(`/config-policy/v1/devices/${deviceIdOf(phone)}/orders/${orderId}`);
      return is(last) && last;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}; it is ${JSON.stringify(last)}`, { cause: error });
    });
  }

  /** A policy for this phone alone. */
  async policyFor(phone: VirtualPhone, items: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
    const name = `flow-${deviceIdOf(phone)}`;
    const document = {
      apiVersion: 'opendls/v1',
      kind: 'Policy',
      metadata: { name },
      spec: { layer: 'device', priority: 100, select: { macPrefix: [phone.macAddress] }, items },
    };
    await this.put(`/config-policy/v1/policies/${name}`, document);
  }

  async compliant(phone: VirtualPhone): Promise<void> {
    await until(`${phone.macAddress} compliant`, ORDER_MS, async () => {
      return (await this.api.policyOf(deviceIdOf(phone))).state === 'compliant';
    });
  }

  async inventoryHas(phone: VirtualPhone, name: string, value: string): Promise<void> {
    await until(`${name} in the inventory`, ORDER_MS, async () => {
      const path = `/inventory/v1/devices/${deviceIdOf(phone)}/items`;
      const items = await this.api.all<{ name: string; value?: string }>(path);
      return items.some((item) => item.name === name && item.value === value);
    });
  }

  async upload(name: string, type: string, bytes: Buffer, more = ''): Promise<void> {
    const path = `/config-policy/v1/files/${name}?type=${type}${more}`;
    const answer = await this.api.upload(path, bytes);
    if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`);
  }

  async mobileUser(e164: string, password: string, items: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
    await this.put(`/config-policy/v1/mobile-users/${e164}`, { password, items });
  }

  mobileUserState(e164: string): Promise<{ readonly loggedOn: { readonly deviceId: string } | null }> {
    return this.api.get(`/config-policy/v1/mobile-users/${e164}`);
  }

  async secureMode(phone: VirtualPhone): Promise<void> {
    const path = `/config-policy/v1/devices/${deviceIdOf(phone)}/secure-mode`;
    const answer = await this.api.request('POST', path, JSON.stringify({ contact: true }));
    if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${await answer.text()}`);
  }

  secureModeState(phone: VirtualPhone): Promise<{ readonly state: string }> {
    return this.api.get(`/config-policy/v1/devices/${deviceIdOf(phone)}/secure-mode`);
  }

  async close(): Promise<void> {
    for (const phone of this.phones) await phone.close();
    for (const listener of this.listeners) await listener.close();
    for (const client of this.clients) client.close();
  }

  private async put(path: string, body: unknown): Promise<void> {
    const answer = await this.api.request('PUT', path, JSON.stringify(body));
    if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`);
  }

  private async kill(): Promise<void> {
    this.killed += 1;
    await this.site.killHolder?.();
  }
}

/** What the phone answered to the reading of an item. */
export function readItem(order: Order, name: string): Answer | undefined {
  return order.answers.find((answer) => answer.name === name);
}

/** The id the APIs know a phone by. */
export function deviceIdOf(phone: VirtualPhone): string {
  return phone.macAddress.replaceAll(':', '').toLowerCase();
}

function hexPair(): string {
  return randomInt(256).toString(16).padStart(2, '0').toUpperCase();
}

/**
 * Plays flows a few at a time, each with phones of its own; gives the end of each by its name. Whoever asks gets the failure,
 * nobody else is bothered by it.
 */
export function playSeveral<Flow extends { readonly name: string; readonly play: (stage: FlowStage) => Promise<void> }>(
  flows: readonly Flow[],
  atATime: number,
  stageOf: () => Promise<FlowStage>,
): ReadonlyMap<string, Promise<void>> {
  const lanes = Array.from({ length: atATime }, () => Promise.resolve());
  return new Map(
    flows.map((flow, n) => {
      const played = (lanes[n % atATime] ?? Promise.resolve()).then(async () => playOne(flow, await stageOf()));
      lanes[n % atATime] = played.catch(() => undefined);
      return [flow.name, played];
    }),
  );
}

/** Plays a flow, and switches its phones off. */
export async function playOne(
  { play }: { readonly play: (stage: FlowStage) => Promise<void> },
  stage: FlowStage,
): Promise<void> {
  try {
    await play(stage);
  } finally {
    await stage.close();
  }
}
