import type { EventDataByType, ReportedItem } from '@opendls/event-contracts';

export type ItemsReported = EventDataByType['opendls.gateway.items-reported'];

/** One part of a reply that the phone sends in several messages. */
export interface ReportFragment {
  readonly deviceId: string;
  readonly contactId: string;
  readonly orderId: string;
  readonly stepIndex: number;
  readonly fragment: number;
  readonly isFinal: boolean;
  readonly items: readonly ReportedItem[];
}

/** Collects the fragments of replies until they are complete. Parts may come twice and in any order. */
export class ReportFragments {
  private readonly replies = new Map<string, Map<number, ReportFragment>>();
  private readonly added = new Set<ReportFragment>();
  private readonly finished = new Map<string, ReportFragment>();

  constructor(stored: readonly ReportFragment[] = []) {
    for (const fragment of stored) this.put(fragment);
  }

  /** Takes a fragment; returns all items of the reply, in order, once every part is there. */
  add(fragment: ReportFragment): readonly ReportedItem[] | undefined {
    if (fragment.fragment === 0 && fragment.isFinal) return fragment.items;
    const reply = this.put(fragment);
    this.added.add(fragment);
    const parts = [...reply.values()].sort((a, b) => a.fragment - b.fragment);
    const last = parts.findIndex((part) => part.isFinal);
    const isComplete = last >= 0 && parts.slice(0, last + 1).every((part, position) => part.fragment === position);
    if (!isComplete) return undefined;
    this.finished.set(replyKey(fragment), fragment);
    this.replies.delete(replyKey(fragment));
    return parts.slice(0, last + 1).flatMap((part) => part.items);
  }

  /** Parts to keep until the rest arrives. */
  unfinished(): readonly ReportFragment[] {
    return [...this.added].filter(
      (fragment) => this.replies.get(replyKey(fragment))?.get(fragment.fragment) === fragment,
    );
  }

  /** Replies of which nothing needs to be kept. */
  completed(): readonly ReportFragment[] {
    return [...this.finished.values()];
  }

  private put(fragment: ReportFragment): Map<number, ReportFragment> {
    const key = replyKey(fragment);
    const reply = this.replies.get(key) ?? new Map<number, ReportFragment>();
    reply.set(fragment.fragment, fragment);
    this.replies.set(key, reply);
    return reply;
  }
}

function replyKey({ deviceId, contactId, orderId, stepIndex }: ReportFragment): string {
  return [deviceId, contactId, orderId, stepIndex].join('|');
}
