// Hooks for OpenDLS itself: work is made over its HTTP API, by a policy for the one phone or by an order.
//
// Environment: OPENDLS_DATA_DIR (default ./data), where endpoints.json and api-key are; or OPENDLS_API_URL and
// OPENDLS_API_KEY.
import { readFile } from 'node:fs/promises';
import path from 'node:path';

const dataDirectory = process.env.OPENDLS_DATA_DIR ?? './data';

/** Where the API is and how to get in; read once. */
let access;

async function readAccess() {
  const url =
    process.env.OPENDLS_API_URL ?? JSON.parse(await readFile(path.join(dataDirectory, 'endpoints.json'), 'utf8')).api;
  const key = process.env.OPENDLS_API_KEY ?? (await readFile(path.join(dataDirectory, 'api-key'), 'utf8')).trim();
  return { url: String(url).replace(/\/$/, ''), key };
}

async function call(method, resource, body) {
  access ??= readAccess();
  const { url, key } = await access;
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  return fetch(`${url}/config-policy/v1${resource}`, {
    method,
    headers: body === undefined ? { authorization: headers.authorization } : headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

async function demand(response, what) {
  if (!response.ok) throw new Error(`${what}: ${response.status} ${(await response.text()).slice(0, 300)}`);
}

const deviceIdOf = (mac) => mac.replaceAll(':', '').toLowerCase();
const policyNameOf = (mac) => `conformance-${deviceIdOf(mac)}`;

/** Phones with orders instead of a policy. */
const ordered = new Set();

/** A one-off job. A version of OpenDLS without that interface cannot do it. */
async function order(mac, kind, parameters) {
  const response = await call('POST', `/devices/${deviceIdOf(mac)}/orders`, { kind, ...parameters });
  if (response.status === 404 || response.status === 405) return false;
  await demand(response, `order ${kind}`);
  ordered.add(mac);
  return true;
}

/** Fails at once when the API cannot be reached. */
export async function open() {
  await demand(await call('GET', '/policies?limit=1'), 'the policies');
}

export async function wantWrite({ mac, items }) {
  const policy = {
    apiVersion: 'opendls/v1',
    kind: 'Policy',
    metadata: { name: policyNameOf(mac), description: 'made by a conformance run' },
    spec: { priority: 1000, layer: 'device', select: { macPrefix: [mac] }, items },
  };
  await demand(await call('PUT', `/policies/${policyNameOf(mac)}`, policy), 'the policy');
}

export function wantRead({ mac, items }) {
  return order(mac, 'read', { items });
}

export function wantReadAll({ mac }) {
  return order(mac, 'read-all', {});
}

export function wantRestart({ mac }) {
  return order(mac, 'restart', {});
}

export function wantFile({ mac, name, type, url }) {
  return order(mac, 'file', { files: [{ name, type, url }] });
}

export function wantFirmware({ mac, softwareType, version, url }) {
  return order(mac, 'firmware', { softwareType, version, url });
}

export async function cleanup({ mac }) {
  if (ordered.delete(mac)) return;
  const response = await call('DELETE', `/policies/${policyNameOf(mac)}`);
  if (response.status !== 404) await demand(response, 'removing the policy');
}
