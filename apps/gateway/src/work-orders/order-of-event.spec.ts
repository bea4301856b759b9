import { orderOfEvent } from './order-of-event.js';

describe('orderOfEvent', () => {
  it('takes every form of an item, and reveals nothing', () => {
    const file = { sha256: 'a'.repeat(64), fileName: 'logo.png', sizeBytes: 10 };
    const work = orderOfEvent({
      contactId: 'c2f0b8a4d9e14a7f',
      deviceId: '001ae8005301' as Parameters<typeof orderOfEvent>[0]['deviceId'], // a constant of the right form
      inReplyTo: '0d4fdd1e-9f0c-4f67-a7a0-2b8d1c9a6d11',
      orderId: '6f1d8d0e-52a1-4d3c-9d0e-0b8a7c5e1f22',
      kind: 'configure',
      attempt: 2,
      fromStep: 1,
      fromPart: 3,
      moreOrdersWaiting: false,
      steps: [
        {
          kind: 'write-items',
          items: [
            { name: 'sip-mobility-state', value: '0', itemStatus: 'secure' },
            { name: 'sip-pwd', sealed: 'k1.sealed' },
            { name: 'e164', index: 0, value: '1' },
          ],
        },
        { kind: 'file-deployment', items: [{ name: 'file-https-base-url', index: 1, file }] },
      ],
    });
    expect(work).toMatchObject({
      kind: 'order',
      fromStep: 1,
      fromPart: 3,
      order: {
        attempt: 2,
        steps: [
          {
            items: [
              { name: 'sip-mobility-state', value: '0', itemStatus: 'secure' },
              { name: 'sip-pwd', value: 'k1.sealed', isSealed: true },
              { name: 'e164', index: 0, value: '1' },
            ],
          },
          { items: [{ name: 'file-https-base-url', index: 1, value: '', file }] },
        ],
      },
    });
  });
});
