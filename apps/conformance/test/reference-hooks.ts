import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { Item } from '@opendls/dls-codec';
import type { ServerHooks } from '../src/index.js';
import type { Fault } from './faults.js';
import type { ReferenceSecurity } from './reference-security.js';
import type { ReferenceSessions, Step } from './reference-sessions.js';

const CONTACT_PATH = '/contact_dls.html/ContactDLS';
const CONTACT_EVERY_MS = 60_000;

/** What the reference server is made of, for whoever gives it work. */
export interface ReferenceParts {
  readonly sessions: ReferenceSessions;
  readonly security: ReferenceSecurity;
  /** Files by the path at which phones load them. */
  readonly files: Map<string, Buffer>;
  readonly url: () => string;
  readonly securePort: () => number;
  readonly fault: Fault | undefined;
}

const named = (name: string, value: string, index?: number): Item => ({
  name,
  value,
  ...(index === undefined ? {} : { index }),
});

/** The hooks of the reference server. */
export function hooksOf(parts: ReferenceParts): ServerHooks {
  const { sessions, fault } = parts;
  const want = (mac: string, ...steps: Step[]): void =>
    sessions.wantSteps(
      mac,
      steps.map((step) => ({ ...step, isJob: true })),
    );
  const askedAt = new Map<string, number>();
  // The status ends this job: it opens a contact of its own, as far as this service is concerned.
  const wantFile = (mac: string, type: string, url: string): void =>
    sessions.wantSteps(mac, [
      { action: 'FileDeployment', items: [named('file-type', type), named('file-https-base-url', url)] },
    ]);
  return {
    wantWrite: ({ mac, items }) => sessions.wantWrite(mac, items),
    wantRead: ({ mac, items }) =>
      want(mac, { action: 'ReadItems', items: items.map((item) => ({ ...item, value: '' })) }),
    wantReadAll: ({ mac }) => want(mac, { action: 'ReadAllItems' }),
    wantRestart: ({ mac }) => want(mac, { action: 'Restart' }),
    wantFactoryReset: ({ mac }) => {
      const password =
        fault === 'resets-without-password' ? [] : [named('restart-password', 'of-the-reference-server')];
      want(mac, { action: 'Restart', items: [named('restart-type', 'FactoryReset'), ...password] });
    },
    wantFile: ({ mac, type, url }) => wantFile(mac, type, url),
    wantStoredFile: ({ mac, name, type, content }) => {
      const path = `/files/${randomBytes(12).toString('hex')}/${name}`;
      parts.files.set(path, Buffer.from(content));
      wantFile(mac, type, parts.url() + path);
    },
    wantFiles: ({ mac, files }) => {
      const items = files.flatMap(({ name, type, action, url }, n) => {
        const index = fault === 'unindexed-files' ? undefined : n + 1;
        const at = url === undefined ? [] : [named('file-https-base-url', url, index)];
        return [
          named('file-name', name, index),
          named('file-type', type, index),
          named('file-action', action, index),
          ...at,
        ];
      });
      want(mac, { action: 'FileDeployment', items });
    },
    wantFirmware: ({ mac, softwareType, url }) =>
      want(mac, {
        action: 'SoftwareDeployment',
        items: [named('file-https-base-url', url), named('file-type', 'APP'), named('file-sw-type', softwareType)],
      }),
    wantCertificate: ({ mac, item, pkcs12 }) => {
      const read = fault === 'reads-certificate' ? item : `${item}-info`;
      sessions.wantSteps(mac, [
        { action: 'WriteItems', items: [named(item, pkcs12)], isJob: true },
        { action: 'ReadItems', items: [named(read, '')] },
      ]);
    },
    wantSecureMode: async ({ mac }) => {
      const items = await parts.security.orderFor(mac, parts.securePort());
      want(mac, { action: 'WriteItems', items });
    },
    mobileUser: ({ e164, password, items }) => void sessions.users.set(e164, { password, items, data: [] }),
    contactNow: async ({ mac }) => {
      want(mac, { action: 'ReadItems', items: [named('reg-port', '')] });
      const uri = sessions.contactUris.get(mac) ?? '';
      if (!URL.canParse(uri) || new URL(uri).pathname !== CONTACT_PATH) return;
      const isTooSoon = Date.now() - (askedAt.get(mac) ?? 0) < CONTACT_EVERY_MS;
      if (isTooSoon && fault !== 'wakes-twice') return;
      askedAt.set(mac, Date.now());
      await contactMe(uri, fault);
    },
    cleanup: ({ mac }) => sessions.forget(mac),
  };
}

async function contactMe(uri: string, fault: Fault | undefined): Promise<void> {
  const body = 'ContactMe=true';
  const hasForm = fault !== 'wakes-without-form';
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8', 'Content-Length': body.length };
  await new Promise<void>((resolve) => {
    const outgoing = request(uri, hasForm ? { method: 'POST', headers, agent: false } : { agent: false });
    outgoing.on('response', (response) => response.resume().on('close', resolve));
    outgoing.on('error', () => resolve());
    outgoing.end(hasForm ? body : undefined);
  });
}
