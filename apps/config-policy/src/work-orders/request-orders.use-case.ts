import { randomUUID } from 'node:crypto';
import { fingerprint, matchesFingerprint, seal } from '@opendls/crypto';
import { sealContext } from '@opendls/event-contracts';
import type { Outbox, Tx, UnitOfWork } from '@opendls/postgres';
import type { DeviceMessages } from '../devices/device-messages.js';
import { DeviceWorkspace, type WorkspaceParts } from '../devices/device-workspace.js';
import { DeviceError } from '../devices/devices.errors.js';
import type { DeviceState } from '../devices/domain/device-state.js';
import type { ConfigPolicyMetrics } from '../metrics.js';
import type { WorkOrder } from './domain/work-order.js';
import { ORDER_KINDS } from './order-kinds/index.js';
import type { FileLookup, OrderContext, OrderProblem, RequestedOrder } from './order-kinds/order-kind.js';
import { OrderError } from './orders.errors.js';

/** What a person wants done. */
export interface OrderRequest {
  readonly deviceId: string;
  readonly kind: string;
  /** Parameters of the kind, not checked yet. */
  readonly params: unknown;
  readonly wantsContactNow: boolean;
  readonly by: string;
  readonly idempotencyKey?: string;
}

export interface RequestResult {
  readonly order: WorkOrder;
  /** false: the same request came before with the same key. */
  readonly isNew: boolean;
  readonly warnings: readonly OrderProblem[];
}

interface PlannedRequest {
  readonly kind: WorkOrder['kind'];
  readonly order: RequestedOrder;
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;

/** One-off orders: made, and called off, by people. */
export class RequestOrders {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly outbox: Outbox,
    private readonly parts: WorkspaceParts,
    private readonly messages: DeviceMessages,
    private readonly metrics: ConfigPolicyMetrics,
    private readonly files: FileLookup,
  ) {}

  /** @throws {OrderError} {@link DeviceError} */
  async create(request: OrderRequest): Promise<RequestResult> {
    const { idempotencyKey } = request;
    if (idempotencyKey !== undefined && !IDEMPOTENCY_KEY.test(idempotencyKey)) {
      throw new OrderError('idempotency-key-invalid', 'up to 128 visible ASCII characters');
    }
    const state = await this.parts.devices.find(request.deviceId);
    if (state === undefined) throw notFound();
    const known = await this.findKnown(request);
    if (known !== undefined) return known;
    const planned = await this.plan(request, state);
    const result = await this.inWorkspace(request.deviceId, [], async (tx, workspace) => {
      // Again, now that nobody else can make it: the same request may have come twice at once.
      const meanwhile = await this.findKnown(request, tx);
      return meanwhile ?? this.createLocked(workspace, request, planned);
    });
    if (result.isNew) this.metrics.countOrders([result.order]);
    return result;
  }

  /** Calls an order off that no gateway has. @throws {OrderError} {@link DeviceError} */
  async cancel(deviceId: string, orderId: string): Promise<void> {
    if ((await this.parts.devices.find(deviceId)) === undefined) throw notFound();
    await this.inWorkspace(deviceId, [orderId], async (_tx, workspace) => {
      const device = workspace.device(deviceId);
      const order = device?.order(orderId);
      if (device === undefined || order?.deviceId !== deviceId)
        throw new OrderError('order-not-found', 'unknown order');
      if (!device.cancel(orderId)) throw new OrderError('order-not-cancellable', `the order is ${order.state}`);
    });
  }

  /** The order that the same request made before. @throws {OrderError} `idempotency-key-reused` */
  private async findKnown(request: OrderRequest, tx?: Tx): Promise<RequestResult | undefined> {
    const { deviceId, idempotencyKey } = request;
    if (idempotencyKey === undefined) return undefined;
    const known = await this.parts.orders.findByIdempotencyKey(deviceId, idempotencyKey, tx);
    if (known === undefined) return undefined;
    const isSame = matchesFingerprint(
      this.parts.sealingKeys,
      known.requestHash ?? '',
      canonicalText(request),
      hashContext(deviceId),
    );
    if (isSame) return { order: known, isNew: false, warnings: [] };
    throw new OrderError('idempotency-key-reused', 'the key came with another request before');
  }

  private async plan({ kind, params }: OrderRequest, state: DeviceState): Promise<PlannedRequest> {
    const orderKind = ORDER_KINDS.find((one) => one.kind === kind);
    if (orderKind === undefined) throw unknownKind();
    const planned = await orderKind.plan(params, this.context(state));
    if (!planned.ok) throw new OrderError('order-invalid', 'the order is not valid', planned.problems);
    return { kind: orderKind.kind, order: planned.order };
  }

  private createLocked(workspace: DeviceWorkspace, request: OrderRequest, planned: PlannedRequest): RequestResult {
    const { deviceId, wantsContactNow, by, idempotencyKey = null } = request;
    const { sealingKeys, settings, clock } = this.parts;
    const device = workspace.device(deviceId);
    if (device === undefined) throw notFound();
    if (device.openRequests() >= settings.maxOpenRequests) {
      throw new OrderError('too-many-open-orders', `at most ${settings.maxOpenRequests}`);
    }
    const { steps, targets = new Map(), verification = null, parameters, warnings = [] } = planned.order;
    const order = device.request({
      ...{ orderId: randomUUID(), deviceId, kind: planned.kind, createdAt: clock() },
      ...{ origin: 'request', rank: 'request', requestedBy: by, idempotencyKey, wantsContactNow },
      // A keyed hash, because a request may hold a password that a plain one would give away.
      requestHash:
        idempotencyKey === null ? null : fingerprint(sealingKeys, canonicalText(request), hashContext(deviceId)),
      ...{ steps, targets, verification, parameters },
    });
    return { order, isNew: true, warnings };
  }

  /** Works on one known phone: locked, and stored with what has to be told of it. */
  private async inWorkspace<T>(
    deviceId: string,
    orderIds: readonly string[],
    work: (tx: Tx, workspace: DeviceWorkspace) => Promise<T>,
  ): Promise<T> {
    return this.unitOfWork.run(async (tx) => {
      const states = await this.parts.devices.lockAll(tx, [deviceId], this.parts.clock());
      const workspace = await DeviceWorkspace.open(this.parts, tx, states, { orderIds });
      const result = await work(tx, workspace);
      await workspace.save(tx);
      await this.outbox.append(
        tx,
        workspace.all().flatMap((change) => this.messages.news(change)),
      );
      return result;
    });
  }

  private context(device: DeviceState): OrderContext {
    const { sealingKeys, secrets, settings, clock } = this.parts;
    const { deviceId } = device;
    return {
      device,
      now: clock(),
      settings,
      seal: (value, itemKey) => seal(sealingKeys, value, sealContext(deviceId, itemKey)),
      mark: (value, itemKey) => fingerprint(sealingKeys, value, sealContext(deviceId, itemKey)),
      openSecret: async (name) => (await secrets.openAll([name])).get(name),
      findFile: (name) => this.files.find(name),
    };
  }
}

function notFound(): DeviceError {
  return new DeviceError('device-not-found', 'no phone with this id has been seen');
}

function unknownKind(): OrderError {
  const allowed = ORDER_KINDS.map(({ kind }) => kind).join(', ');
  return new OrderError('order-invalid', 'unknown kind', [
    { path: 'kind', code: 'invalid-field', message: 'is not a kind that can be ordered', allowed },
  ]);
}

function hashContext(deviceId: string): string {
  return `order-request|${deviceId}`;
}

/** The same request has the same text, in whatever order its fields are. */
function canonicalText({ kind, params, wantsContactNow }: OrderRequest): string {
  return JSON.stringify({ kind, params, wantsContactNow }, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
