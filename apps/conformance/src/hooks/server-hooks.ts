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
  /** After a case, for each phone that was given work in it. */
  readonly cleanup?: (work: ForPhone) => HookAnswer;
  /** Once, after the last case. */
  readonly close?: () => HookAnswer;
}

/** The hooks that a case can need. */
export const HOOK_NAMES = ['wantWrite', 'wantRead', 'wantReadAll', 'wantRestart', 'wantFile', 'wantFirmware'] as const;
export type HookName = (typeof HOOK_NAMES)[number];

/** What a hooks file may export. */
export const HOOK_EXPORTS: readonly string[] = ['open', 'prepare', ...HOOK_NAMES, 'cleanup', 'close'];
