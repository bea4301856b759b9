/** Which item is meant; index 0 is not the same as none. */
export interface ItemName {
  readonly name: string;
  readonly index?: number;
}

/** An item to be written. `value` is what `Settings.reveal` turns into the text for the phone. */
export interface OrderItem extends ItemName {
  readonly value: string;
  /** `value` is not readable yet: the caller keeps secrets closed until the message is built. */
  readonly isSealed?: true;
  /** The value is the URL of this file, made when the message is built; `value` is empty. */
  readonly file?: OrderFile;
  /** Written as the `status` attribute (the vendor's service marks a mobility logon so, PROTOCOL 4.12). */
  readonly itemStatus?: 'secure';
}

/** A file of the service's store. */
export interface OrderFile {
  readonly sha256: string;
  readonly fileName: string;
  readonly sizeBytes: number;
}

/** One action of the protocol; large lists are split over several messages. */
export type OrderStep =
  | { readonly kind: 'read-all-items' }
  | { readonly kind: 'read-items'; readonly items: readonly ItemName[] }
  | {
      readonly kind: 'write-items' | 'file-deployment' | 'software-deployment' | 'restart';
      readonly items: readonly OrderItem[];
    };

export type StepKind = OrderStep['kind'];

/** Work for one phone: always all its steps, also those that are finished. */
export interface Order {
  readonly orderId: string;
  readonly attempt: number;
  readonly steps: readonly OrderStep[];
}
