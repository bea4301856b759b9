import { pino, type DestinationStream } from 'pino';

/** A file to log to, made with its directory; for programs whose terminal is for people. Each line is written at once. */
export function logFile(path: string): DestinationStream {
  return pino.destination({ dest: path, sync: true, mkdir: true });
}
