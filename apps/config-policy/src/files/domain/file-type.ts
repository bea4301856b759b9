import type { FileFormat } from './file-format.js';

/** Values of the item `file-type` (PROTOCOL 3.4); `APP` is firmware. */
export const FILE_TYPES = ['APP', 'LOGO', 'RINGTONE', 'MOH', 'PIC', 'SCREENSAVER', 'LDAP', 'DONGLE'] as const;
export type FileType = (typeof FILE_TYPES)[number];

/** What phones take as a file of a type. */
export interface FileTypeRules {
  /** Absent: the format is not known, or any. */
  readonly formats?: readonly FileFormat[];
  /** Over this nothing is stored; absent: the limit of the store. */
  readonly maxBytes?: number;
  /** Over this some phones may refuse the file; the sources do not say whether a kilobyte has 1000 or 1024. */
  readonly doubtfulBytes?: number;
}

const KILO = 1_000;
const KIBI = 1_024;
const SOUNDS = ['wav', 'midi', 'mp3'] as const;
const PICTURES = ['jpg', 'png'] as const;

/** PROTOCOL 3.4, "Formats". Where it says nothing of the size, the limit is ours: generous, but none is without one. */
export const FILE_TYPE_RULES: Readonly<Record<FileType, FileTypeRules>> = {
  APP: {},
  LOGO: { formats: ['bmp', ...PICTURES], maxBytes: KIBI * KIBI },
  RINGTONE: { formats: SOUNDS, maxBytes: KIBI * KIBI, doubtfulBytes: KILO * KILO },
  MOH: { formats: SOUNDS, maxBytes: 8 * KIBI * KIBI },
  PIC: { formats: PICTURES, maxBytes: 300 * KIBI, doubtfulBytes: 300 * KILO },
  SCREENSAVER: { formats: PICTURES, maxBytes: 300 * KIBI, doubtfulBytes: 300 * KILO },
  LDAP: { formats: ['txt'], maxBytes: 64 * KIBI },
  DONGLE: { maxBytes: 8 * KIBI * KIBI },
};

/** Most bytes a file of a type may have in a store with a limit of its own. */
export function maxBytesOf(type: FileType, storeLimit: number): number {
  return Math.min(FILE_TYPE_RULES[type].maxBytes ?? storeLimit, storeLimit);
}

/**
 * Names that every part of the way takes as they are: the URL, an FTP server, the phone (whose old firmware does not
 * decode `&amp;`), and the file systems of people who load them down. At most 64 characters, a letter or digit first.
 */
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export function isStoreFileName(name: string): boolean {
  return FILE_NAME.test(name);
}
