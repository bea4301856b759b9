import { pino, type DestinationStream } from 'pino';

const BUFFER_BYTES = 8 * 1024;
const FLUSH_INTERVAL_MS = 100;

let output: DestinationStream | undefined;

/**
 * Standard output, written in pieces: a write per line costs a busy process more than making the line. Lines appear within
 * 100 ms; what is left is written when the process exits, however many loggers share it.
 */
export function bufferedOutput(): DestinationStream {
  output ??= createOutput();
  return output;
}

function createOutput(): DestinationStream {
  const destination = pino.destination({ dest: 1, sync: false, minLength: BUFFER_BYTES });
  const timer = setInterval(() => destination.flush(), FLUSH_INTERVAL_MS);
  timer.unref();
  process.on('exit', () => {
    clearInterval(timer);
    destination.flushSync();
  });
  // Nobody reads any more (a closed pipe): there is nothing to log to, and no reason to end.
  destination.on('error', () => undefined);
  return destination;
}
