/** Why a phone contacts the service (`ReasonForContact`). `reply-to` and `clean-up` belong to a running interaction. */
export const REASONS = [
  'start-up',
  'local-changes',
  'inventory-changes',
  'solicited',
  'status',
  'reply-to',
  'clean-up',
] as const;
export type ReasonForContact = (typeof REASONS)[number];

/** What the service asks of a phone (`Action`). */
export const ACTIONS = [
  'ReadAllItems',
  'ReadItems',
  'WriteItems',
  'Restart',
  'FileDeployment',
  'SoftwareDeployment',
  'CleanUp',
  'GetNextFragment',
] as const;
export type DlsAction = (typeof ACTIONS)[number];

/** How a phone answers an action (`ReasonForContact/@status` of a `reply-to`). */
export const REPLY_STATUSES = ['accepted', 'failed', 'busy'] as const;
export type ReplyStatus = (typeof REPLY_STATUSES)[number];

/** What a phone says about one item (`Item/@status`). No status means: stored, or read. */
export const ITEM_STATUSES = [
  'failed',
  'unknown item',
  'read only',
  'invalid index',
  'unexpected item',
  'not supported',
  'invalid data',
  'undefined status',
] as const;
export type ItemStatus = (typeof ITEM_STATUSES)[number];

/** Whether more parts of the same list follow (`Message/@fragment`). */
export type Fragment = 'next' | 'final';

function indexOfNames<Name extends string>(names: readonly Name[]): ReadonlyMap<string, Name> {
  return new Map(names.flatMap((name) => [[name, name] as const, [looseForm(name), name] as const]));
}

// The item statuses appear with '-' and with a blank between the words, and in either case (PROTOCOL 6.2); the same
// tolerance costs nothing for the other closed lists.
function looseForm(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[-\s]+/g, ' ');
}

function finder<Name extends string>(names: readonly Name[]): (text: string) => Name | undefined {
  const byText = indexOfNames(names);
  return (text) => byText.get(text) ?? byText.get(looseForm(text));
}

/** The reason a text names, whatever its case; undefined when there is none of that name. */
export const findReason = finder(REASONS);
/** The action a text names. */
export const findAction = finder(ACTIONS);
/** The reply status a text names. */
export const findReplyStatus = finder(REPLY_STATUSES);
/** The item status a text names: `Read-Only` is `read only`. */
export const findItemStatus = finder(ITEM_STATUSES);
