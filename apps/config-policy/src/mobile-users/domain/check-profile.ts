import { findItem, isSecretItem, itemKey, validateItem, type ItemIssueCode } from '@opendls/item-catalog';
import { parseSecretRef } from '../../secrets/domain/secret-ref.js';
import { isReservedItem } from '../../security/domain/reserved-items.js';

/** An item of a profile as it is sent. `secret: true` without a value: the stored value stays. */
export interface ProfileInput {
  readonly name: string;
  readonly index?: number;
  readonly value?: string;
  readonly secretRef?: string;
  readonly secret?: true;
}

export type ProfileProblemCode =
  ItemIssueCode | 'not-in-profile' | 'duplicate-item' | 'invalid-item' | 'invalid-secret-ref';

export interface ProfileProblem {
  readonly path: string;
  readonly code: ProfileProblemCode;
  readonly message: string;
  readonly allowed?: string;
}

/** What says who is on the phone is written by OpenDLS; a user's profile says nothing about it. */
const NOT_IN_PROFILE: ReadonlyMap<string, string> = new Map([
  ['sip-mobility-state', 'is written at every logon and logoff; a profile has no say in it'],
  ['e164', 'is the number of the user, in the URL'],
  ['basic-e164', 'is the number of the phone: a policy for the phone may set it'],
  ['mobility-enabled', 'belongs to the phone: with it a user could lock all others out'],
  ['default-profile', 'belongs to the phone'],
  ['admin-pwd', 'belongs to the phone'],
  ['admin-pwd-unicode', 'belongs to the phone'],
]);
const REFUSED_GROUPS: ReadonlySet<string> = new Set(['secure-mode', 'certificates', 'dls', 'network', 'file-transfer']);

const CODES_OF_VALUES = /^(?!invalid-name|unknown-item|read-only|action-argument|index-)/;

/** Every problem of a profile. Unknown items are taken: the catalogue is not exhaustive. */
export function checkProfile(items: readonly ProfileInput[], storedSecrets: ReadonlySet<string>): ProfileProblem[] {
  const firstOf = new Map<string, number>();
  return items.flatMap((item, position) => {
    const path = `items[${position}]`;
    const key = itemKey(item.name, item.index);
    const first = firstOf.get(key);
    if (first === undefined) firstOf.set(key, position);
    const duplicate: ProfileProblem[] =
      first === undefined
        ? []
        : [{ path, code: 'duplicate-item', message: `${key} is already set by items[${first}]` }];
    return [...duplicate, ...checkItem(item, path, storedSecrets)];
  });
}

function checkItem(item: ProfileInput, path: string, storedSecrets: ReadonlySet<string>): ProfileProblem[] {
  const { name, index, value, secretRef } = item;
  const reason = refusedBecause(name);
  if (reason !== undefined) return [{ path: `${path}.name`, code: 'not-in-profile', message: `${name} ${reason}` }];
  const found = validateItem({ name, ...(index === undefined ? {} : { index }), value: value ?? '' })
    .filter(({ severity, code }) => severity === 'error' && (value !== undefined || !CODES_OF_VALUES.test(code)))
    .map(({ code, message, allowed }) => ({ path, code, message, ...(allowed === undefined ? {} : { allowed }) }));
  const isKept = value === undefined && secretRef === undefined && item.secret === true;
  if (value !== undefined && secretRef !== undefined) {
    return [...found, { path, code: 'invalid-item', message: 'needs either value or secretRef' }];
  }
  if (isKept && storedSecrets.has(itemKey(name, index))) return found;
  if (value === undefined && secretRef === undefined) {
    return [
      ...found,
      { path, code: 'invalid-item', message: 'needs value or secretRef: there is no stored value to keep' },
    ];
  }
  return secretRef === undefined ? found : [...found, ...checkRef(secretRef, `${path}.secretRef`)];
}

function checkRef(text: string, path: string): ProfileProblem[] {
  const ref = parseSecretRef(text);
  if (!ref.ok) return [{ path, code: 'invalid-secret-ref', message: ref.message, allowed: ref.allowed }];
  const isOfPhone = ref.template.some((part) => typeof part !== 'string' && part.fact !== 'e164');
  if (!isOfPhone) return [];
  const message = 'names a fact of the phone; a profile is the same on all';
  return [{ path, code: 'invalid-secret-ref', message, allowed: '{{e164}}, the number of the user' }];
}

function refusedBecause(name: string): string | undefined {
  const known = NOT_IN_PROFILE.get(name);
  if (known !== undefined) return known;
  if (name.startsWith('userdata-')) return 'is user data: phones hand it over at logoff and get it back at logon';
  if (isReservedItem(name) || REFUSED_GROUPS.has(findItem(name)?.group ?? '')) {
    return 'belongs to the phone, its network or its security, not to a user';
  }
  return undefined;
}

/** Whether a value must never be shown: by the catalogue, or because it was given as one. */
export function isSecretInput({ name, secret }: Pick<ProfileInput, 'name' | 'secret'>): boolean {
  return secret === true || isSecretItem(name);
}
