import type { EventDataByType, RefusedItem, ReportedItem } from '@opendls/event-contracts';

type StepData = EventDataByType['opendls.gateway.step-completed'];
type ItemsData = EventDataByType['opendls.gateway.items-reported'];

/** More entries of one contact are counted, not kept: a contact has at most some fifty actions. */
export const MAX_TIMELINE_ENTRIES = 100;
const MAX_DEPLOYED_FILES = 50;

/** What a phone answered to one message of a work order step. */
export interface StepEntry {
  readonly kind: 'step';
  readonly at: string;
  readonly orderId: string;
  readonly attempt: number;
  readonly stepIndex: number;
  readonly part: number;
  readonly step: StepData['kind'];
  readonly outcome: StepData['outcome'];
  /** null when the gateway did not hold the order. */
  readonly writtenCount: number | null;
  readonly refusedItems: readonly RefusedItem[];
}

/** Items a phone reported when it was asked, all fragments of the reply together. */
export interface ItemsEntry {
  readonly kind: 'items-reported';
  readonly at: string;
  readonly orderId: string;
  readonly attempt: number;
  readonly stepIndex: number;
  readonly scope: ItemsData['scope'];
  /** Items by fragment; a fragment that came twice counts once. */
  readonly fragments: Readonly<Record<string, number>>;
}

/** What a phone said became of one file (PROTOCOL 3.4, 4.8). */
export interface DeployedFile {
  readonly index?: number;
  readonly name: string | null;
  readonly type: string | null;
  /** `ok`, `failed`, or the phone's own words. */
  readonly status: string;
}

/** A phone reported the result of a deployment, inside a contact or as its opening. */
export interface DeploymentEntry {
  readonly kind: 'deployment-reported';
  readonly at: string;
  readonly files: readonly DeployedFile[];
}

export type TimelineEntry = StepEntry | ItemsEntry | DeploymentEntry;

/** What happened in a contact, in the order of time. */
export interface Timeline {
  readonly entries: readonly TimelineEntry[];
  readonly omitted: number;
}

export const EMPTY_TIMELINE: Timeline = { entries: [], omitted: 0 };

/** The timeline with an answer of the phone; the same answer delivered again replaces the first. */
export function withStep(timeline: Timeline, at: Date, data: StepData): Timeline {
  return put(timeline, {
    kind: 'step',
    at: at.toISOString(),
    orderId: data.orderId,
    attempt: data.attempt,
    stepIndex: data.stepIndex,
    part: data.part,
    step: data.kind,
    outcome: data.outcome,
    writtenCount: data.writtenItems?.length ?? null,
    refusedItems: data.refusedItems,
  });
}

/** The timeline with one fragment of a reply to a read. */
export function withReportedItems(timeline: Timeline, at: Date, data: ItemsData): Timeline {
  const { orderId, attempt, stepIndex, scope } = data;
  const base: ItemsEntry = {
    kind: 'items-reported',
    at: at.toISOString(),
    orderId,
    attempt,
    stepIndex,
    scope,
    fragments: {},
  };
  const known = timeline.entries.find((entry): entry is ItemsEntry => identity(entry) === identity(base));
  return put(timeline, {
    ...base,
    at: known !== undefined && known.at < base.at ? known.at : base.at,
    fragments: { ...known?.fragments, [String(data.fragment)]: data.items.length },
  });
}

/** The timeline with the result of a deployment. */
export function withDeployment(timeline: Timeline, at: Date, items: readonly ReportedItem[]): Timeline {
  const files = deployedFiles(items);
  return files.length === 0 ? timeline : put(timeline, { kind: 'deployment-reported', at: at.toISOString(), files });
}

/** Items of one file carry one index; a message about a single file has none (PROTOCOL 4.8, 4.9). */
function deployedFiles(items: readonly ReportedItem[]): readonly DeployedFile[] {
  const valueOf = (name: string, index: number | undefined): string | null =>
    items.find((item) => item.name === name && item.index === index)?.value ?? null;
  return items
    .filter(({ name, value }) => name === 'file-deployment-status' && value !== undefined)
    .slice(0, MAX_DEPLOYED_FILES)
    .map(({ index, value = '' }) => ({
      ...(index === undefined ? {} : { index }),
      name: valueOf('file-deployment-name', index),
      type: valueOf('file-deployment-type', index),
      status: value,
    }));
}

function put(timeline: Timeline, entry: TimelineEntry): Timeline {
  const others = timeline.entries.filter((other) => identity(other) !== identity(entry));
  if (others.length >= MAX_TIMELINE_ENTRIES) return { entries: timeline.entries, omitted: timeline.omitted + 1 };
  const entries = [...others, entry].sort((a, b) => compare(a.at, b.at) || compare(identity(a), identity(b)));
  return { entries, omitted: timeline.omitted };
}

function identity(entry: TimelineEntry): string {
  if (entry.kind === 'deployment-reported') return `deployment/${entry.at}`;
  const step = `${entry.orderId}/${entry.attempt}/${String(entry.stepIndex).padStart(4, '0')}`;
  return entry.kind === 'step' ? `${step}/step/${String(entry.part).padStart(4, '0')}` : `${step}/items`;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
