import { hostname, networkInterfaces } from 'node:os';

/** Names and addresses under which phones reach this machine. */
export function ownNames(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((entry) => entry.address));
  const plain = addresses.filter((address) => !address.includes('%') && !address.startsWith('fe80:'));
  return [...new Set(['localhost', hostname(), ...plain])].filter((name) => name !== '');
}
