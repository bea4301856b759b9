/** What sealed values of mobile users are bound to: moved to another user or item they do not open. */
export function passwordBinding(e164: string): string {
  return `mobile-user|${e164}|password`;
}

export function profileBinding(e164: string, itemKey: string): string {
  return `mobile-user|${e164}|profile|${itemKey}`;
}

export function userDataBinding(e164: string, itemKey: string): string {
  return `mobile-user|${e164}|data|${itemKey}`;
}
