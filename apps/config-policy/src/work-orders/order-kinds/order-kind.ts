import type { WorkOrderKind, WorkOrderStep } from '@opendls/event-contracts';
import type { z } from 'zod';
import type { DeviceState } from '../../devices/domain/device-state.js';
import type { OrderTarget, Verification } from '../domain/work-order.js';

/**
 * How the body of `POST /config-policy/v1/devices/{deviceId}/orders` becomes an order. One file per kind in this folder, listed
 * in `index.ts`. `schema` reads the parameters (the body without `kind` and `contact`); `plan` makes the steps.
 */
export interface OrderKind<Params = unknown> {
  readonly kind: WorkOrderKind;
  readonly schema: z.ZodType<Params>;
  plan(params: Params, context: OrderContext): Promise<PlanResult>;
}

export type PlanResult =
  | { readonly ok: true; readonly order: RequestedOrder }
  | { readonly ok: false; readonly problems: readonly OrderProblem[] };

/** What the order will be. */
export interface RequestedOrder {
  readonly steps: readonly WorkOrderStep[];
  readonly targets?: ReadonlyMap<string, OrderTarget>;
  readonly verification?: Verification;
  /** What the API shows of the request; no secrets. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly warnings?: readonly OrderProblem[];
}

/** What is wrong with a request, and where: `items[2].value`. */
export interface OrderProblem {
  readonly path: string;
  readonly code: string;
  readonly message: string;
  readonly allowed?: string;
}

/** How a firmware order writes `file-sw-version` (PROTOCOL 11.15): `3.5.12.0`, `V3 R5.12.0`, not at all. */
export const FILE_SW_VERSION_FORMS = ['dotted', 'release', 'none'] as const;
export type FileSwVersionForm = (typeof FILE_SW_VERSION_FORMS)[number];

/** What an installation settles for all orders. */
export interface OrderSettings {
  /** Name of the secret with the vendor's constant that a factory reset needs. */
  readonly factoryResetSecret: string;
  readonly fileSwVersion: FileSwVersionForm;
  /** How long after the sending of several files their list is read, where no `status` tells (PROTOCOL 11.12). */
  readonly fileReadAfterMs: number;
  /** How long after the sending nobody knows any more what became of files. */
  readonly fileTimeoutMs: number;
}

/** What planning may look at. */
export interface OrderContext {
  readonly device: DeviceState;
  readonly now: Date;
  readonly settings: OrderSettings;
  /** Seals a value for one item of this phone. */
  seal(value: string, itemKey: string): string;
  /** What is remembered of a value that was written; see `OrderTarget.mark`. */
  mark(value: string, itemKey: string): string;
  /** Value of a stored secret. */
  openSecret(name: string): Promise<string | undefined>;
  /** A file of the store. */
  findFile(name: string): Promise<StoredFile | undefined>;
}

/** A file of the store, as orders refer to it. */
export interface StoredFile {
  readonly name: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Item `file-type`, such as `LOGO`; `APP` for firmware. */
  readonly type: string;
  /** Version inside a firmware image; undefined where its format is not known. */
  readonly softwareVersion?: string;
  readonly softwareType?: string;
}

/** Looks up files of the store by name; the file store implements it. */
export interface FileLookup {
  find(name: string): Promise<StoredFile | undefined>;
}
