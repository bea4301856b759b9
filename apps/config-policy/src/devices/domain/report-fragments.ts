import type { EventDataByType, ReportedItem } from '@opendls/event-contracts';

export type ItemsReported = EventDataByType['opendls.gateway.items-reported'];

/** Which reply of which phone. */
export interface ReplyRef {
  readonly deviceId: string;
  readonly contactId: string;
  readonly orderId: string;
  readonly stepIndex: number;
}

/** One part of a reply that the phone sends in several messages. */
export interface ReportFragment extends ReplyRef {
  readonly fragment: number;
  readonly isFinal: boolean;
  readonly items: readonly ReportedItem[];
}

/** What is stored of the replies that a batch may complete. */
export interface StoredFragments {
  readonly parts: readonly ReportFragment[];
  /** Replies with more stored than any phone has to say: they are given up. */
  readonly oversized: readonly ReplyRef[];
}

/** Collects the fragments of replies until they are complete. Parts may come twice and in any order. */
export class ReportFragments {
  private readonly replies = new Map<string, Map<number, ReportFragment>>();
  private readonly added = new Set<ReportFragment>();
  private readonly finished = new Map<string, ReplyRef>();
  private readonly oversized: ReadonlySet<string>;

  constructor({ parts, oversized }: StoredFragments = { parts: [], oversized: [] }) {
    for (const fragment of parts) this.put(fragment);
    this.oversized = new Set(oversized.map(replyKey));
  }

  /** Replies that were given up. */
  get givenUp(): number {
    return [...this.finished.keys()].filter((key) => this.oversized.has(key)).length;
  }

  /** Takes a fragment; returns all items of the reply, in order, once every part is there. */
  add(fragment: ReportFragment): readonly ReportedItem[] | undefined {
    if (fragment.fragment === 0 && fragment.isFinal) return fragment.items;
    if (this.oversized.has(replyKey(fragment))) {
      this.finished.set(replyKey(fragment), fragment);
      return undefined;
    }
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
  completed(): readonly ReplyRef[] {
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

function replyKey({ deviceId, contactId, orderId, stepIndex }: ReplyRef): string {
  return [deviceId, contactId, orderId, stepIndex].join('|');
}
