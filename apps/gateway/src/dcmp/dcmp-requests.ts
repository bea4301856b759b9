import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DeviceId } from '@opendls/event-contracts';
import { Counter, type Registry } from 'prom-client';
import { polledDevice } from './dcmp-poll.js';

/** What is counted of polls; `other` is what names no MAC address. */
export class DcmpMetrics {
  readonly polls: Counter<'answer'>;

  constructor(registry: Registry) {
    this.polls = new Counter({
      name: 'opendls_gateway_dcmp_polls_total',
      help: 'DCMP polls, by answer: pending (202), idle (200), other (200: no device id)',
      labelNames: ['answer'],
      registers: [registry],
    });
  }
}

const EMPTY = ['Content-Length', '0'];

/**
 * Answers polls of phones (PROTOCOL 8.2): 202 while work is pending, 200 otherwise. From memory alone; nothing is kept of who
 * asked. A stranger learns as much from it as from the 200 of a phone without work.
 */
export class DcmpRequests {
  private readonly pending: { inc(): void };
  private readonly idle: { inc(): void };
  private readonly other: { inc(): void };

  constructor(
    private readonly isWorkPending: (deviceId: DeviceId) => boolean,
    { polls }: DcmpMetrics,
  ) {
    this.pending = polls.labels({ answer: 'pending' });
    this.idle = polls.labels({ answer: 'idle' });
    this.other = polls.labels({ answer: 'other' });
  }

  /** A GET on the path of polls. */
  answer({ url = '' }: IncomingMessage, response: ServerResponse): void {
    const deviceId = polledDevice(url);
    const isPending = deviceId !== undefined && this.isWorkPending(deviceId);
    (deviceId === undefined ? this.other : isPending ? this.pending : this.idle).inc();
    response.writeHead(isPending ? 202 : 200, EMPTY);
    response.end();
  }
}
