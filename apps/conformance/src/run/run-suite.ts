import { CHAPTERS } from '../chapters/index.js';
import { CaseFailure, CaseNotRun, type Chapter, type ConformanceCase } from '../conformance-case.js';
import { isAddressName, type Need, type ServerHooks } from '../hooks/server-hooks.js';
import type { Target } from '../wire/target.js';
import type { CaseResult, ConformanceReport } from './case-result.js';
import { CaseRun, type Addresses, type SuiteState } from './case-run.js';
import { PhoneNumbers } from './phone-numbers.js';

export interface SuiteOptions {
  readonly url: string;
  readonly target: Target;
  readonly hooks?: ServerHooks;
  /** Which cases, see `selectCases`. */
  readonly chapters?: readonly Chapter[];
  /** Further addresses of the server. */
  readonly addresses?: Addresses;
  /** Address of this machine as the server reaches it, for cases in which it wakes a phone; default 127.0.0.1. */
  readonly listenHost?: string;
  /** How long to watch for something that must not happen; default 3 s. */
  readonly observeMs?: number;
  /** How long an answer may take; default 10 s. */
  readonly timeoutMs?: number;
  /** How long a phone waits after `overload`; default 1 s. */
  readonly overloadDelayMs?: number;
  readonly macPrefix?: string;
  /** How many cases are played at the same time; default 1. */
  readonly concurrency?: number;
  readonly onResult?: (result: CaseResult) => void;
}

// A server that is silent so many times in a row is taken for dead.
const MAX_SILENT_CASES = 5;

/**
 * The chapters with only those cases whose id matches: any part of it, `*` for anything in between.
 */
export function selectCases(pattern: string | undefined, chapters: readonly Chapter[] = CHAPTERS): readonly Chapter[] {
  if (pattern === undefined) return chapters;
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const matcher = new RegExp(parts.join('.*'), 'i');
  return chapters
    .map((chapter) => ({ ...chapter, cases: chapter.cases.filter(({ id }) => matcher.test(id)) }))
    .filter(({ cases }) => cases.length > 0);
}

/**
 * Plays the cases against a server, one after another unless told otherwise. The chapters that are to be
 * last begin when everything else is over.
 */
export async function runSuite(options: SuiteOptions): Promise<ConformanceReport> {
  const startedAt = new Date();
  const lanes = lanesOf(options);
  const run: SuiteProgress = { results: new Map(), silent: 0, options };
  const { hooks } = options;
  await hooks?.open?.({ url: options.url });
  try {
    const chapters = options.chapters ?? CHAPTERS;
    for (const group of [chapters.filter(({ isLast }) => isLast !== true), chapters.filter(({ isLast }) => isLast)]) {
      // One queue for all lanes: whoever is free takes the next case.
      const queue = group.flatMap((chapter) => chapter.cases.map((item) => ({ chapter, item }))).values();
      await Promise.all(lanes.map((lane) => playQueue(run, lane, queue)));
    }
  } finally {
    await hooks?.close?.();
  }
  const inOrder = (options.chapters ?? CHAPTERS).flatMap(({ cases }) => cases);
  return {
    url: options.url,
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    results: inOrder.flatMap((item) => run.results.get(item) ?? []),
    isStoppedEarly: run.silent >= MAX_SILENT_CASES,
  };
}

interface SuiteProgress {
  readonly results: Map<ConformanceCase, CaseResult>;
  readonly options: SuiteOptions;
  silent: number;
}

interface QueuedCase {
  readonly chapter: Chapter;
  readonly item: ConformanceCase;
}

/** What is shared by the cases that are played one after another; the phones of all lanes have different addresses. */
function lanesOf(options: SuiteOptions): readonly SuiteState[] {
  const shared = {
    settings: {
      target: options.target,
      addresses: options.addresses ?? {},
      listenHost: options.listenHost ?? '127.0.0.1',
      observeMs: options.observeMs ?? 3_000,
      timeoutMs: options.timeoutMs ?? 10_000,
      patience: { overloadRepeats: 10, overloadDelayMs: options.overloadDelayMs ?? 1_000 },
    },
    hooks: options.hooks ?? {},
    numbers: new PhoneNumbers(options.macPrefix),
  };
  const lane = (): SuiteState => ({ ...shared, firstAction: undefined, neighbour: undefined });
  return Array.from({ length: options.concurrency ?? 1 }, lane);
}

async function playQueue(run: SuiteProgress, lane: SuiteState, queue: Iterable<QueuedCase>): Promise<void> {
  for (const { chapter, item } of queue) {
    const played =
      run.silent < MAX_SILENT_CASES
        ? await playCase(lane, chapter, item)
        : { result: notRun(chapter, item, 'the server has stopped answering'), isSilence: true };
    if (played.result.outcome !== 'not-run') run.silent = played.isSilence ? run.silent + 1 : 0;
    run.results.set(item, played.result);
    run.options.onResult?.(played.result);
  }
}

interface PlayedCase {
  readonly result: CaseResult;
  readonly isSilence: boolean;
}

async function playCase(suite: SuiteState, chapter: Chapter, item: ConformanceCase): Promise<PlayedCase> {
  const missing = item.needs.filter((name) => !isThere(suite, name));
  if (missing.length > 0) return { result: notRun(chapter, item, needed(missing)), isSilence: false };
  const t = new CaseRun(suite);
  const played = await play(suite, chapter, item, t);
  const problem = await t.dispose();
  if (problem === undefined) return played;
  return { ...played, result: { ...played.result, reason: problem } };
}

async function play(suite: SuiteState, chapter: Chapter, item: ConformanceCase, t: CaseRun): Promise<PlayedCase> {
  const start = performance.now();
  const base = { ...describe(chapter, item), durationMs: 0 };
  const durationMs = (): number => Math.round(performance.now() - start);
  try {
    await suite.hooks.prepare?.({ id: item.id, chapter: chapter.name, title: item.title });
    await item.run(t);
    return { result: { ...base, outcome: 'passed', durationMs: durationMs() }, isSilence: false };
  } catch (error) {
    if (error instanceof CaseNotRun) return { result: notRun(chapter, item, error.message), isSilence: false };
    const isFailure = error instanceof CaseFailure;
    const expected = isFailure ? error.expected : 'the case to run';
    const got = isFailure ? error.got : `${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    const result = {
      ...base,
      outcome: 'failed' as const,
      durationMs: durationMs(),
      expected,
      got,
      exchange: t.log.last,
    };
    return { result, isSilence: isFailure && error.isSilence };
  }
}

function isThere({ hooks, settings }: SuiteState, name: Need): boolean {
  return isAddressName(name) ? settings.addresses[name] !== undefined : hooks[name] !== undefined;
}

function needed(missing: readonly Need[]): string {
  const hooks = missing.filter((name) => !isAddressName(name));
  const addresses = missing.filter(isAddressName);
  return `needs ${[...(hooks.length === 0 ? [] : [`hook ${hooks.join(', ')}`]), ...addresses].join(' and ')}`;
}

function describe(chapter: Chapter, { id, title, level, clause }: ConformanceCase) {
  return { id, chapter: chapter.name, title, level, clause };
}

function notRun(chapter: Chapter, item: ConformanceCase, reason: string): CaseResult {
  return { ...describe(chapter, item), outcome: 'not-run', durationMs: 0, reason };
}
