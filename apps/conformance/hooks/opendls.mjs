// Hooks for OpenDLS itself: work is made over its HTTP API, by a policy for the one phone or by an order.
//
// Environment: OPENDLS_DATA_DIR (default ./data), where endpoints.json and api-key are; or OPENDLS_API_URL and
// OPENDLS_API_KEY.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const dataDirectory = process.env.OPENDLS_DATA_DIR ?? './data';

/** Where the API is and how to get in; read once. */
let access;

async function readAccess() {
  const url =
    process.env.OPENDLS_API_URL ?? JSON.parse(await readFile(path.join(dataDirectory, 'endpoints.json'), 'utf8')).api;
  const key = process.env.OPENDLS_API_KEY ?? (await readFile(path.join(dataDirectory, 'api-key'), 'utf8')).trim();
  return { url: String(url).replace(/\/$/, ''), key };
}

const JSON_TYPE = 'application/json';
const OCTETS = 'application/octet-stream';

async function send(method, resource, body, type) {
  access ??= readAccess();
  const { url, key } = await access;
  const headers = { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': type }) };
  return fetch(`${url}/config-policy/v1${resource}`, { method, headers, body });
}

function call(method, resource, body) {
  return send(method, resource, body === undefined ? undefined : JSON.stringify(body), JSON_TYPE);
}

async function demand(response, what) {
  if (!response.ok) throw new Error(`${what}: ${response.status} ${(await response.text()).slice(0, 300)}`);
}

const deviceIdOf = (mac) => mac.replaceAll(':', '').toLowerCase();
const policyNameOf = (mac) => `conformance-${deviceIdOf(mac)}`;

/** What was made for a phone besides. */
const toRemove = new Map();

function undo(mac, resource) {
  toRemove.set(mac, [...(toRemove.get(mac) ?? []), resource]);
}

const PATIENCE_MS = 20_000;

/** A phone that was just here is known a moment later. */
async function callOnceKnown(resource, body) {
  for (const deadline = Date.now() + PATIENCE_MS; ; await delay(200)) {
    const response = await call('POST', resource, body);
    if (response.status !== 404 || Date.now() > deadline) return response;
    if ((await response.clone().json().catch(() => ({}))).code !== 'device-not-found') return response;
  }
}

/** A one-off job. A version of OpenDLS without that interface cannot do it. */
async function order(mac, kind, parameters) {
  const response = await callOnceKnown(`/devices/${deviceIdOf(mac)}/orders`, { kind, ...parameters });
  if (response.status === 404 || response.status === 405) return false;
  await demand(response, `order ${kind}`);
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

export function wantFile({ mac, type, url }) {
  return order(mac, 'file', { files: [{ type, url }] });
}

export function wantFiles({ mac, files }) {
  // A deletion names the file, a deployment says where it is.
  const asOrdered = ({ name, type, action, url }) => ({ type, action, ...(action === 'delete' ? { name } : { url }) });
  return order(mac, 'file', { files: files.map(asOrdered) });
}

export async function wantStoredFile({ mac, name, type, content }) {
  const stored = `conformance-${deviceIdOf(mac)}-${name}`;
  const response = await send('PUT', `/files/${encodeURIComponent(stored)}?type=${type}`, content, OCTETS);
  if (response.status === 404) return false;
  await demand(response, 'the file');
  undo(mac, `/files/${encodeURIComponent(stored)}`);
  return order(mac, 'file', { files: [{ name: stored }] });
}

export function wantFirmware({ mac, softwareType, version, url }) {
  return order(mac, 'firmware', { softwareType, version, url });
}

export function wantFactoryReset({ mac }) {
  // A phone asks for the vendor's constant; the suite only looks whether there is something.
  return order(mac, 'factory-reset', { password: 'of-a-conformance-run' });
}

export function wantCertificate({ mac, item, pkcs12 }) {
  return order(mac, 'certificate', { item, pkcs12 });
}

export async function wantSecureMode({ mac }) {
  const response = await callOnceKnown(`/devices/${deviceIdOf(mac)}/secure-mode`, {});
  if (response.status === 404 || response.status === 409) return false;
  await demand(response, 'secure mode');
  // The key takes its time; the order comes with the certificate.
  const hasOrder = async () => {
    const orders = await (await call('GET', `/devices/${deviceIdOf(mac)}/orders?limit=50`)).json();
    return orders.items.some(({ kind }) => kind === 'secure-mode');
  };
  for (const deadline = Date.now() + PATIENCE_MS; !(await hasOrder()); await delay(200))
    if (Date.now() > deadline) throw new Error('no order for Secure Mode in time');
  return true;
}

export async function mobileUser({ mac, e164, password, items }) {
  const response = await call('PUT', `/mobile-users/${e164}`, { password, items });
  if (response.status === 404) return false;
  await demand(response, 'the mobile user');
  undo(mac, `/mobile-users/${e164}`);
  return true;
}

export function contactNow({ mac }) {
  return order(mac, 'read', { items: [{ name: 'reg-port' }], contact: true });
}

export async function cleanup({ mac }) {
  const response = await call('DELETE', `/policies/${policyNameOf(mac)}`);
  if (response.status !== 404) await demand(response, 'removing the policy');
  for (const resource of toRemove.get(mac) ?? []) await call('DELETE', resource);
  toRemove.delete(mac);
}
