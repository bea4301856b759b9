import type { DlsMessage, Item, WorkpointMessage } from '@opendls/dls-codec';
import { itemKey } from '@opendls/item-catalog';

/** How a phone behaves; drawn by the property tests. */
export interface PhoneTraits {
  /** PROTOCOL 2.3, 5.2: a new nonce per message, per reply (its fragments share it), one for all replies, or one for all. */
  readonly nonces: 'fresh' | 'per-reply' | 'one-for-replies' | 'constant';
  readonly maxItems?: number;
  /** Items per fragment of its replies. */
  readonly fragmentItems: number;
  /** Item keys it refuses to store. */
  readonly refuses: ReadonlySet<string>;
  /** Names the action in later fragments. */
  readonly namesActionInFragments: boolean;
  /** Replies that say `busy`, counted over its life. */
  readonly busyReplies: ReadonlySet<number>;
  /** Replies that say `failed`. */
  readonly failedReplies: ReadonlySet<number>;
}

/** A phone: keeps its items, answers every action. */
export class ScriptedPhone {
  readonly items = new Map<string, Item>();
  /** Every stored value, in order. */
  readonly applied: Item[] = [];
  isInContact = false;
  isSolicited = false;
  private pending: Item[] = [];
  private pendingAction: DlsMessage['action'] = 'ReadAllItems';
  private nonceCount = 0;
  private replyCount = 0;

  constructor(private readonly traits: PhoneTraits) {}

  start(reason: 'start-up' | 'solicited'): WorkpointMessage {
    this.isInContact = true;
    return this.message({ reason, items: [{ name: 'mac-addr', value: '00:1A:E8:00:53:01' }] });
  }

  /** Its next message, or undefined when the contact is over. */
  answer(message: DlsMessage): WorkpointMessage | undefined {
    switch (message.action) {
      case 'CleanUp':
        this.isInContact = false;
        this.isSolicited = message.items?.some(({ name }) => name === 'send-solicited') ?? false;
        return undefined;
      case 'Restart':
      case 'SoftwareDeployment':
        this.isInContact = false;
        return undefined;
      case 'FileDeployment':
        return this.message({
          reason: 'status',
          items: [
            { name: 'mac-addr', value: '00:1A:E8:00:53:01' },
            { name: 'file-deployment-status', value: 'ok' },
          ],
        });
      case 'GetNextFragment':
        return this.fragment();
      case 'ReadAllItems':
      case 'ReadItems':
      case 'WriteItems':
        return this.reply(message);
      case 'unknown':
        throw new Error('the service sent an unknown action');
    }
  }

  private reply(message: DlsMessage): WorkpointMessage {
    const count = this.replyCount++;
    const { action } = message;
    if (this.traits.busyReplies.has(count)) return this.message({ reason: 'reply-to', action, status: 'busy' });
    if (this.traits.failedReplies.has(count)) return this.message({ reason: 'reply-to', action, status: 'failed' });
    this.pendingAction = action;
    if (action === 'ReadAllItems') this.pending = [...this.items.values()];
    if (action === 'ReadItems') this.pending = (message.items ?? []).map((item) => this.read(item));
    if (action === 'WriteItems') this.pending = (message.items ?? []).flatMap((item) => this.write(item));
    return this.fragment();
  }

  private fragment(): WorkpointMessage {
    const items = this.pending.splice(0, this.traits.fragmentItems);
    const fragment = this.pending.length > 0 ? 'next' : 'final';
    const action = this.traits.namesActionInFragments || fragment === 'final' ? this.pendingAction : undefined;
    return this.message({ reason: 'reply-to', status: 'accepted', action, fragment, items });
  }

  private read({ name, index }: Item): Item {
    return this.items.get(itemKey(name, index)) ?? { name, index, value: '', status: 'failed' };
  }

  private write(item: Item): Item[] {
    const { name, index, value } = item;
    const key = itemKey(name, index);
    if (this.traits.refuses.has(key)) return [{ name, index, value: '', status: 'read only' }];
    this.items.set(key, { name, index, value });
    this.applied.push(item);
    return [];
  }

  private message(parts: Partial<WorkpointMessage> & Pick<WorkpointMessage, 'reason'>): WorkpointMessage {
    const { maxItems } = this.traits;
    return { kind: 'workpoint', nonce: this.nonce(parts.reason), maxItems, fragment: 'final', items: [], ...parts };
  }

  private nonce(reason: WorkpointMessage['reason']): string {
    if (this.traits.nonces === 'constant') return 'ONE';
    if (this.traits.nonces === 'one-for-replies' && reason === 'reply-to') return 'REPLY';
    if (this.traits.nonces === 'per-reply' && reason === 'reply-to') return `R${this.replyCount}`;
    return `N${this.nonceCount++}`;
  }
}
