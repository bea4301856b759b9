import type { DlsMessage, Item, WorkpointMessage } from '@opendls/dls-codec';
import {
  DEFAULT_SETTINGS,
  IDLE,
  resume,
  resumePointOf,
  step,
  type InteractionState,
  type OrderItem,
  type OrderStep,
  type Settings,
  type Transition,
} from './index.js';

const opening = { contactId: 'contact-1', deviceId: '001ae8005301' };
const settings: Settings = {
  ...DEFAULT_SETTINGS,
  reveal: ({ value, file }) => (file === undefined ? value : `https://dls/${file.sha256}/${file.fileName}`),
};

function message(parts: Partial<WorkpointMessage>): WorkpointMessage {
  return { kind: 'workpoint', nonce: 'N1', reason: 'reply-to', fragment: 'final', items: [], ...parts };
}

function play(steps: readonly OrderStep[], version = 'V3 R4.11.0'): Transition {
  const items = [
    { name: 'device-type', value: 'OpenStage 40' },
    { name: 'software-version', value: version },
  ];
  const start = message({ reason: 'start-up', nonce: 'N0', items });
  const { state } = step(IDLE, { kind: 'message', message: start, opening }, settings);
  const order = { orderId: 'order-1', attempt: 1, steps };
  return step(state, { kind: 'order', order, fromStep: 0, fromPart: 0 }, settings);
}

/** The next message of the phone, at a gateway that has nothing but the cookie. */
function elsewhere(state: InteractionState, parts: Partial<WorkpointMessage>): Transition {
  return step(resume(resumePointOf(state)!), { kind: 'message', message: message(parts), opening }, settings);
}

const status = (value: string): Partial<WorkpointMessage> => ({
  reason: 'status',
  items: [{ name: 'file-deployment-status', value }],
});
const files = (...indexes: (number | undefined)[]): OrderStep => ({
  kind: 'file-deployment',
  items: indexes.map((index): OrderItem => ({ name: 'file-type', value: 'LOGO', ...(index ? { index } : {}) })),
});
const READ: OrderStep = { kind: 'read-all-items' };
const FIRMWARE: OrderStep = { kind: 'software-deployment', items: [{ name: 'file-type', value: 'APP' }] };

describe('deployment of one file', () => {
  it('is not finished by sending, and waits for status', () => {
    const { facts, state, closed } = play([files(undefined)]);
    expect([facts, state.name, closed]).toEqual([[], 'awaiting-reply', undefined]);
    expect(resumePointOf(state)?.position.isSent).toBe(false);
    expect(elsewhere(state, status('ok')).facts).toMatchObject([
      { type: 'contact-opened', awaitingWork: false },
      { type: 'step-completed', outcome: 'accepted', isStepFinished: true, awaitingWork: true },
    ]);
    expect(step(state, { kind: 'expired' }).closed?.outcome).toBe('expired');
  });
});

describe('deployment of indexed files', () => {
  it('is finished by sending, and the contact stays open', () => {
    const { facts, state, closed } = play([files(1, 2)]);
    expect(facts).toMatchObject([
      { outcome: 'sent', isStepFinished: true, isOrderFinished: true, awaitingWork: false },
    ]);
    expect([state.name, closed]).toEqual(['awaiting-reply', undefined]);
  });

  it('takes a later status for news, and goes on with whatever work there is', () => {
    const { state } = play([files(1), READ]);
    const next = elsewhere(state, status('failed'));
    expect(next.facts).toMatchObject([
      { type: 'contact-opened', contactId: 'contact-1', reason: 'status', awaitingWork: true },
    ]);
    const order = { orderId: 'order-1', attempt: 1, steps: [files(1), READ] };
    const going = step(next.state, { kind: 'order', order, fromStep: 1, fromPart: 0 }, settings);
    expect(going.reply).toMatchObject({ action: 'ReadAllItems', nonce: 'N1' });
  });

  it('takes silence for the end where nothing is left to do, else for an interruption', () => {
    expect(step(play([files(1)]).state, { kind: 'expired' }).closed?.outcome).toBe('completed');
    expect(step(play([files(1), READ]).state, { kind: 'expired' }).closed?.outcome).toBe('expired');
  });

  it('understands that the phone refused', () => {
    const refused = elsewhere(play([files(1)]).state, { action: 'FileDeployment', status: 'busy' });
    expect(refused.facts).toMatchObject([{ kind: 'file-deployment', outcome: 'busy', isStepFinished: false }]);
  });
});

describe('deployment of firmware', () => {
  it.each(['busy', 'failed'] as const)('understands the refusal %s, in the form of a reply', (refusal) => {
    const { facts, closed } = elsewhere(play([FIRMWARE]).state, { action: 'SoftwareDeployment', status: refusal });
    expect(facts).toMatchObject([{ kind: 'software-deployment', outcome: refusal, isStepFinished: false }]);
    expect(closed?.outcome).toBe(refusal === 'busy' ? 'busy' : 'step-failed');
  });

  it('understands a refusal in the form of a status', () => {
    const { facts, closed, reply } = elsewhere(play([FIRMWARE]).state, status('failed'));
    expect(facts).toMatchObject([
      { type: 'contact-opened', reason: 'status', awaitingWork: false },
      { type: 'step-completed', kind: 'software-deployment', outcome: 'failed' },
    ]);
    expect([closed?.outcome, reply?.action]).toEqual(['step-failed', 'CleanUp']);
  });

  it.each([status('ok'), { action: 'SoftwareDeployment', status: 'accepted' } as const])(
    'leaves a phone alone that is about to load it (%j)',
    (parts) => {
      const { facts, closed, reply } = elsewhere(play([FIRMWARE]).state, parts);
      expect(facts.filter(({ type }) => type === 'step-completed')).toEqual([]);
      expect([closed?.outcome, reply?.action]).toEqual(['restarting', 'CleanUp']);
    },
  );
});

describe('items of a message', () => {
  const sent = ({ reply }: { readonly reply?: DlsMessage }): readonly Item[] => reply?.items ?? [];

  it.each([
    ['V1 R5.6.53', 'normal', '0'],
    ['V1 R5.6.53', 'immediate', '1'],
    ['V3 R4.11.0', 'normal', 'normal'],
  ])('writes file-priority as firmware %s knows it', (version, value, expected) => {
    const priority: OrderStep = { kind: 'software-deployment', items: [{ name: 'file-priority', value }] };
    expect(sent(play([priority], version))).toEqual([{ name: 'file-priority', value: expected }]);
  });

  it('makes the URL of a file when the message is built', () => {
    const file = { sha256: 'ab', fileName: 'logo.png', sizeBytes: 3 };
    const steps: OrderStep[] = [{ kind: 'file-deployment', items: [{ name: 'file-https-base-url', value: '', file }] }];
    expect(sent(play(steps))).toEqual([{ name: 'file-https-base-url', value: 'https://dls/ab/logo.png' }]);
  });

  it('fails the step when there is no URL for its file', () => {
    const file = { sha256: 'ab', fileName: 'logo.png', sizeBytes: 3 };
    const steps: OrderStep[] = [{ kind: 'file-deployment', items: [{ name: 'file-https-base-url', value: '', file }] }];
    const start = message({ reason: 'start-up', nonce: 'N0' });
    const without = { ...DEFAULT_SETTINGS, reveal: () => undefined };
    const { state } = step(IDLE, { kind: 'message', message: start, opening }, without);
    const order = { orderId: 'order-1', attempt: 1, steps };
    const { facts, closed } = step(state, { kind: 'order', order, fromStep: 0, fromPart: 0 }, without);
    expect(facts).toMatchObject([{ outcome: 'failed', refusedItems: [{ status: 'no URL for the file' }] }]);
    expect(closed?.outcome).toBe('step-failed');
  });

  it('writes the status of an item that is to have one', () => {
    const items: OrderItem[] = [
      { name: 'sip-mobility-state', value: '0', itemStatus: 'secure' },
      { name: 'e164', value: '1' },
    ];
    expect(sent(play([{ kind: 'write-items', items }]))).toEqual([
      { name: 'sip-mobility-state', value: '0', status: 'undefined status', statusText: 'secure' },
      { name: 'e164', value: '1' },
    ]);
  });
});
