import { encodeWorkpointMessage } from '@opendls/dls-codec';
import { createHash } from 'node:crypto';

/** The start-up of the n-th phone: about thirty items, as a current phone sends them, with an own MAC and nonce. */
export function startUpMessage(n: number): Buffer {
  const mac = `02${(n % 0xff_ff_ff_ff).toString(16).padStart(10, '0')}`.toUpperCase().match(/../g)?.join(':') ?? '';
  const number = String(49_891_000_000 + (n % 1_000_000));
  const items = {
    'device-type': 'OpenStage 60',
    'related-device-type': 'OpenStage 60',
    'gigabit-ethernet-enabled': 'false',
    'software-type': 'Siemens SIP',
    'related-software-type': 'Siemens SIP',
    'software-version': 'V3 R4.11.0',
    'related-software-version': 'V3 R4.11.0',
    'contact-me-uri': 'http://192.0.2.31:8085/contact_dls.html/ContactDLS',
    'mac-addr': mac,
    'configuration-changed-flag': 'false',
    'part-number': 'S30817-S7403-A101-022',
    'backlight-type': '1',
    'sip-mobility-state': '1',
    e164: number,
    'bootstrapping-tan': '',
    'basic-e164': number,
    'mobility-enabled': 'true',
    'slog-archive-me': 'false',
    'fault-report-slog-entry': 'false',
    'fault-time-slog-entry': '',
    'fault-report-ocsr-connect': 'false',
    'fault-report-admin-pwd': 'false',
    'fault-time-admin-pwd': '',
    'fault-report-user-pwd': 'false',
    'fault-time-user-pwd': '',
    'key-modules': '0',
    'blf-modules': '0',
    'slk-modules': '0',
    'km15-modules': '0',
    'cloud-pin-value': 'failure',
  };
  const nonce = createHash('md5').update(`${process.pid}/${n}`).digest('hex').toUpperCase();
  const message = encodeWorkpointMessage({
    kind: 'workpoint',
    nonce,
    maxItems: -1,
    fragment: 'final',
    reason: 'start-up',
    items: Object.entries(items).map(([name, value]) => ({ name, value })),
  });
  return Buffer.from(message);
}
