import type { OrderResponse } from './orders.responses.js';

/** What can be ordered, for the API's description. */
export const ORDER_REQUEST_EXAMPLES = {
  read: {
    value: { kind: 'read', contact: true, items: [{ name: 'sntp-addr' }, { name: 'key-label-unicode', index: 1 }] },
  },
  'read-all': { value: { kind: 'read-all', contact: true } },
  write: { value: { kind: 'write', items: [{ name: 'sntp-addr', value: 'ntp.example.org' }] } },
  restart: { value: { kind: 'restart', contact: true } },
  'factory-reset': { value: { kind: 'factory-reset', secretRef: 'factory-reset' } },
  file: { value: { kind: 'file', files: [{ name: 'logo.png', type: 'LOGO' }] } },
  'file from FTP': {
    value: {
      kind: 'file',
      files: [{ type: 'LOGO', ftp: { server: '192.0.2.10', path: 'logos', name: 'logo.png', username: 'phones' } }],
    },
  },
  firmware: { value: { kind: 'firmware', name: 'os60-v3r5.img', priority: 'normal' } },
  certificate: { value: { kind: 'certificate', item: 'wbm-server-certificate', pkcs12: 'MIIJ...' } },
};

/** An order that was done, for the API's description. */
export const ORDER_EXAMPLE: OrderResponse = {
  orderId: '6f1d8d0e-52a1-4d3c-9d0e-0b8a7c5e1f22',
  kind: 'read',
  origin: 'request',
  state: 'done',
  requestedBy: '64f7b3601827',
  parameters: {},
  contact: true,
  attempt: 1,
  failedAttempts: 0,
  lastAttemptEnd: null,
  failureCode: null,
  contactId: '3O-vtvNf_MM2nRllTPkSvO',
  createdAt: '2026-01-31T08:15:47.121Z',
  offeredAt: '2026-01-31T08:15:48.476Z',
  expiresAt: null,
  closedAt: '2026-01-31T08:15:48.546Z',
  answers: [{ name: 'sntp-addr', value: 'ntp.example.org' }],
  steps: [
    {
      kind: 'read-items',
      items: [{ name: 'sntp-addr' }],
      results: [{ attempt: 1, part: 0, outcome: 'accepted', at: '2026-01-31T08:15:48.531Z', refusedItems: [] }],
    },
  ],
};
