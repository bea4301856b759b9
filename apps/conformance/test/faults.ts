import type { DlsMessage } from '@opendls/dls-codec';

/** Ways in which the reference server can be broken on purpose. */
export const FAULTS = [
  'wrong-nonce',
  'chunked',
  'no-content-length',
  'status-204',
  'error-status',
  'no-cookie',
  'strict-cookie',
  'no-clean-up',
  'never-closes',
  'loops-writes',
  'forgets-busy-job',
  'echoes-unescaped',
  'wrong-root',
  'wrong-namespace',
  'stray-output',
  'hangs',
  'ignores-fragments',
  'told-apart-by-address',
  'ignores-max-items',
  'expands-entities',
  'one-at-a-time',
  'dies-of-garbage',
  'restarts-for-ever',
  'firmware-loop',
  'file-again',
  'unindexed-files',
  'wrong-file-length',
  'no-file-range',
  'reads-certificate',
  'resets-without-password',
  'logs-on-anybody',
  'forgets-user-data',
  'wakes-twice',
  'wakes-without-form',
  'always-202',
  'never-202',
  'no-tls-1.0',
  'takes-any-certificate',
  'open-default-port',
  'foreign-authority',
] as const;
export type Fault = (typeof FAULTS)[number];

/** A document as a server with this fault would have written it. */
export function spoilDocument(document: string, message: DlsMessage, fault: Fault | undefined): string {
  switch (fault) {
    case 'wrong-nonce':
      return document.replace(/nonce="[^"]*"/, 'nonce="00000000000000000000000000000000"');
    case 'echoes-unescaped':
      return document.replace(/nonce="[^"]*"/, () => `nonce="${message.nonce}"`);
    case 'wrong-root':
      return document.replaceAll('DLSMessage', 'DlsMessage');
    case 'wrong-namespace':
      return document.replaceAll('http://www.siemens.com/DLS', 'http://www.example.com/DLS');
    case 'stray-output':
      return `Warning: undefined index in line 12\n${document}`;
    default:
      return document;
  }
}
