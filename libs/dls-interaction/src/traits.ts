import type { Item } from '@opendls/dls-codec';
import { quirksOf } from '@opendls/firmware';

/** What a phone's firmware can do and cannot do, as far as a contact depends on it. Fixed when the contact opens. */
export interface Traits {
  /** It does not decode XML's own entities (PROTOCOL 6.5). */
  readonly legacyEntities: boolean;
  /** A busy phone may be told to come back by itself (`send-solicited`, firmware from V3R3, PROTOCOL 4.6). */
  readonly canSolicit: boolean;
  /** `file-priority` is written `0` or `1` (PROTOCOL 3.4). */
  readonly numericFilePriority: boolean;
}

/** Traits that hold for every phone, whatever its firmware; `auto` asks the table of quirks. */
export type TraitSettings = { readonly [Trait in keyof Traits]: boolean | 'auto' };

export const AUTO_TRAITS: TraitSettings = Object.freeze({
  legacyEntities: 'auto',
  canSolicit: 'auto',
  numericFilePriority: 'auto',
});

/** The traits of the phone that sent these items in its opening message. */
export function traitsOf(items: readonly Item[], settings: TraitSettings): Traits {
  const text = (name: string): string | undefined =>
    items.find((item) => item.name === name && item.index === undefined && item.status === undefined)?.value;
  const quirks = quirksOf({ deviceType: text('device-type'), softwareVersion: text('software-version') });
  const choose = (setting: boolean | 'auto', quirk: boolean): boolean => (setting === 'auto' ? quirk : setting);
  return {
    legacyEntities: choose(settings.legacyEntities, quirks.legacyEntities),
    canSolicit: choose(settings.canSolicit, quirks.sendSolicited),
    numericFilePriority: choose(settings.numericFilePriority, quirks.numericFilePriority),
  };
}
