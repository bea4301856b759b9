import { once } from 'node:events';

/** Ends the servers of `jest.global-setup.mjs`. */
export default async function stopTestServices() {
  const child = globalThis.testServices;
  if (!child) return;
  globalThis.testServices = undefined;
  const ended = once(child, 'exit');
  if (child.connected) child.disconnect();
  await ended;
}
