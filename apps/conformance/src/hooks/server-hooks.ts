import type { ServiceItem } from '../phone/service-message.js';

/** An item to read: a name and, where there is one, an index. */
export type ItemName = Pick<ServiceItem, 'name' | 'index'>;

/** What a hook says: false = this server cannot be made to do that. */
export type HookAnswer = void | boolean | Promise<void | boolean>;

/** A phone that is to be given work. It has been in contact before. */
interface ForPhone {
  /** As the phone writes it, `02:4F:44:00:00:01`. */
  readonly mac: string;
}

/** One of several files. */
export interface FileWork {
  readonly name: string;
  readonly type: string;
  readonly action: 'deploy' | 'delete';
  readonly url?: string;
}

/**
 * How to make a particular server have work for a phone. A hooks file is an ES module that exports any of these. Each
 * `want...` returns once the phone's next contact will be given that work.
 */
export interface ServerHooks {
  /** Once, before the first case. */
  readonly open?: (run: { readonly url: string }) => HookAnswer;
  /** Before each case. */
  readonly prepare?: (info: { readonly id: string; readonly chapter: string; readonly title: string }) => HookAnswer;
  readonly wantWrite?: (work: ForPhone & { readonly items: readonly ServiceItem[] }) => HookAnswer;
  readonly wantRead?: (work: ForPhone & { readonly items: readonly ItemName[] }) => HookAnswer;
  readonly wantReadAll?: (work: ForPhone) => HookAnswer;
  readonly wantRestart?: (work: ForPhone) => HookAnswer;
  readonly wantFile?: (
    work: ForPhone & { readonly name: string; readonly type: string; readonly url: string },
  ) => HookAnswer;
  readonly wantFirmware?: (
    work: ForPhone & { readonly softwareType: string; readonly version: string; readonly url: string },
  ) => HookAnswer;
  /** Several files at once, or files to be deleted; without `url` the server's own store serves them. */
  readonly wantFiles?: (work: ForPhone & { readonly files: readonly FileWork[] }) => HookAnswer;
  /** A file that the server itself is to serve. */
  readonly wantStoredFile?: (
    work: ForPhone & { readonly name: string; readonly type: string; readonly content: Uint8Array },
  ) => HookAnswer;
  readonly wantFactoryReset?: (work: ForPhone) => HookAnswer;
  /** Have this PKCS#12 (Base64) written to this item and its information read. */
  readonly wantCertificate?: (work: ForPhone & { readonly item: string; readonly pkcs12: string }) => HookAnswer;
  readonly wantSecureMode?: (work: ForPhone) => HookAnswer;
  /** Have this user known, with these items as profile. The phone is the one on which the user will log on. */
  readonly mobileUser?: (
    work: ForPhone & { readonly e164: string; readonly password: string; readonly items: readonly ServiceItem[] },
  ) => HookAnswer;
  /** Have the phone woken now, with something to read. */
  readonly contactNow?: (work: ForPhone) => HookAnswer;
  /** After a case, for each phone that was given work in it. */
  readonly cleanup?: (work: ForPhone) => HookAnswer;
  /** Once, after the last case. */
  readonly close?: () => HookAnswer;
}

/** The hooks that a case can need. */
export const HOOK_NAMES = [
  'wantWrite',
  'wantRead',
  'wantReadAll',
  'wantRestart',
  'wantFactoryReset',
  'wantFile',
  'wantFiles',
  'wantStoredFile',
  'wantFirmware',
  'wantCertificate',
  'wantSecureMode',
  'mobileUser',
  'contactNow',
] as const;
export type HookName = (typeof HOOK_NAMES)[number];

/** Further addresses of the server that a case can need, as options of the command. */
export const ADDRESS_NAMES = ['--secure-url', '--legacy-url', '--dcmp-url'] as const;
export type AddressName = (typeof ADDRESS_NAMES)[number];

/** What a case cannot do without. */
export type Need = HookName | AddressName;

export function isAddressName(need: Need): need is AddressName {
  return need.startsWith('--');
}

/** What a hooks file may export. */
export const HOOK_EXPORTS: readonly string[] = ['open', 'prepare', ...HOOK_NAMES, 'cleanup', 'close'];
