import { AppError } from '@opendls/logging';

export type EmbeddedPostgresErrorCode =
  | 'already-running'
  | 'data-dir-not-accessible'
  | 'no-unprivileged-user'
  | 'password-lost'
  | 'port-in-use'
  | 'start-failed'
  | 'unsupported-platform'
  | 'version-mismatch';

/** The embedded server could not be started; the message says what to do about it. */
export class EmbeddedPostgresError extends AppError<EmbeddedPostgresErrorCode> {}

/** Another live process serves the same data directory. */
export class AlreadyRunning extends EmbeddedPostgresError {
  /** @param pid the process that started the server: the one to stop */
  constructor(
    readonly dataDir: string,
    readonly pid: number,
  ) {
    super('already-running', `the database in ${dataDir} is in use by the running process ${pid}; stop that one first`);
  }
}
