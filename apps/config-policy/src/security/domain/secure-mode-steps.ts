import type { ItemToWrite, WorkOrderStep } from '@opendls/event-contracts';

export const CLIENT_CERTIFICATE_ITEM = 'dls-client-certificate';

/** What all phones are told about the service. */
export interface SecureService {
  /** PEM; the authorities of the certificate that gateways show on the secure listener, at most two. */
  readonly serverAuthorities: readonly string[];
  readonly securePhonePort: number;
}

/**
 * The one message that takes a phone to Secure Mode without PIN (PROTOCOL 7.2). Its items are a together group: no gateway
 * splits them.
 */
export function secureModeSteps(service: SecureService, sealedCertificate: string): WorkOrderStep[] {
  const items: ItemToWrite[] = [
    { name: 'goto-secure-mode', value: 'nopin' },
    ...credentials(service, sealedCertificate),
    { name: 'dls-secure-port', value: String(service.securePhonePort) },
  ];
  return [{ kind: 'write-items', items }];
}

/** A phone that is in Secure Mode gets new credentials; it is not sent there again. */
export function renewalSteps(service: SecureService, sealedCertificate: string): WorkOrderStep[] {
  return [{ kind: 'write-items', items: credentials(service, sealedCertificate) }];
}

/** The steps of a closed order, without the certificate and its key: nobody needs them any more. */
export function withoutCertificate(steps: readonly WorkOrderStep[]): WorkOrderStep[] {
  return steps.map((step) =>
    step.kind === 'write-items'
      ? {
          ...step,
          items: step.items.map((item) => (item.name === CLIENT_CERTIFICATE_ITEM ? { ...item, sealed: '' } : item)),
        }
      : step,
  );
}

function credentials({ serverAuthorities }: SecureService, sealed: string): ItemToWrite[] {
  const [first = '', second = ''] = serverAuthorities;
  return [
    { name: CLIENT_CERTIFICATE_ITEM, sealed },
    { name: 'dls-server-ca', index: 0, value: first },
    { name: 'dls-server-ca', index: 1, value: second },
  ];
}
