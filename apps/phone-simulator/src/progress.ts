import type { FleetSummary } from '@opendls/virtual-phone';
import { SingleBar } from 'cli-progress';

/** Shows how far a run is, on standard error. */
export interface Progress {
  update(summary: FleetSummary): void;
  stop(): void;
}

const LINE_EVERY_MS = 5000;

/** A bar on a terminal; elsewhere a line every few seconds. */
export function createProgress(phones: number, output: NodeJS.WriteStream): Progress {
  return output.isTTY ? bar(phones, output) : lines(output);
}

function bar(phones: number, stream: NodeJS.WriteStream): Progress {
  const single = new SingleBar({
    stream,
    hideCursor: true,
    format:
      'phones [{bar}] {value}/{total} | {answers} answers | {overloads} overload | {failed} failed | {duration_formatted}',
  });
  single.start(phones, 0, { answers: 0, overloads: 0, failed: 0 });
  return {
    update: (summary) => single.update(doneOf(summary), factsOf(summary)),
    stop: () => single.stop(),
  };
}

function lines(output: NodeJS.WriteStream): Progress {
  let nextAtMs = LINE_EVERY_MS;
  return {
    update: (summary) => {
      if (summary.durationMs < nextAtMs) return;
      nextAtMs = summary.durationMs + LINE_EVERY_MS;
      const { answers, overloads, failed } = factsOf(summary);
      const seconds = Math.round(summary.durationMs / 1000);
      output.write(
        `${seconds} s: ${doneOf(summary)} of ${summary.phones.total} phones done, ` +
          `${answers} answers, ${overloads} overload, ${failed} failed\n`,
      );
    },
    stop: () => undefined,
  };
}

function doneOf({ phones }: FleetSummary): number {
  return phones.succeeded + phones.failed;
}

function factsOf({ answers, overloads, phones }: FleetSummary): { answers: number; overloads: number; failed: number } {
  return { answers, overloads, failed: phones.failed };
}
