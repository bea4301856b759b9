import type { DlsMessage } from '@opendls/dls-codec';

/** Ends the interaction; `send-solicited` asks the phone to come back once it is idle (M p.31, 46). */
export function cleanUp(nonce: string, options: { readonly isSolicited?: boolean } = {}): DlsMessage {
  return {
    kind: 'dls',
    nonce,
    action: 'CleanUp',
    ...(options.isSolicited === true ? { items: [{ name: 'send-solicited', value: 'true' }] } : {}),
  };
}

/** Makes the phone wait and send the same message again (PROTOCOL 4.13). */
export function overload(nonce: string): DlsMessage {
  return { kind: 'dls', nonce, action: 'CleanUp', items: [{ name: 'cleanup-reason', value: 'overload' }] };
}

/** Asks for the next part of a list (M p.70). */
export function getNextFragment(nonce: string): DlsMessage {
  return { kind: 'dls', nonce, action: 'GetNextFragment' };
}
