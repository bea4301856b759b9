/** What a list of phones can be sorted by; ties are broken by device id, in the same direction. */
export const SORT_FIELDS = ['deviceId', 'lastSeenAt', 'e164', 'deviceType', 'softwareVersion'] as const;
export type SortField = (typeof SORT_FIELDS)[number];

/** `lastSeenAt` is ascending, `-lastSeenAt` descending. */
export type SortText = SortField | `-${SortField}`;

export const SORT_TEXTS: readonly SortText[] = SORT_FIELDS.flatMap((field) => [field, `-${field}`] as const);

export interface Sort {
  readonly field: SortField;
  readonly isDescending: boolean;
}

/** The sort that a text names. */
export function parseSort(text: SortText): Sort {
  const isDescending = text.startsWith('-');
  // A text without its minus is a field, by its type.
  return { field: (isDescending ? text.slice(1) : text) as SortField, isDescending };
}
