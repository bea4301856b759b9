import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
/** A process that ran this long was well: the next restart begins with the short delay again. */
const WELL_AFTER_MS = 5_000;
const STOP_TIMEOUT_MS = 15_000;

export interface ProcessSpec {
  readonly name: string;
  /** JavaScript file and its arguments. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Standard output and error are appended here. */
  readonly logFile: string;
}

/** URLs by role, as the process reports them in its `ready` message. */
export type ReadyUrls = Readonly<Record<string, string | null>>;

/**
 * A child process that is started again when it ends, with growing delays: what systemd or Kubernetes do in production.
 * The child says `{ type: 'ready', urls }` over IPC when it serves, and ends by itself when this process is gone.
 */
export class SupervisedProcess {
  private child: ChildProcess | undefined;
  private ready: ReadyUrls | undefined;
  private isStopping = false;
  private startedAt = 0;
  private delayMs = FIRST_DELAY_MS;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    readonly spec: ProcessSpec,
    private readonly onChange: (message: string) => void,
  ) {}

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** URLs while the process is ready; undefined before, and after it ended. */
  get urls(): ReadyUrls | undefined {
    return this.ready;
  }

  /** Starts the process; resolves when it is ready, rejects when it ends before that. */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => this.spawn(resolve, reject));
  }

  private spawn(onReady: () => void, onFailed: (error: Error) => void): void {
    const log = openSync(this.spec.logFile, 'a');
    const child = spawn(process.execPath, ['--enable-source-maps', ...this.spec.args], {
      env: { ...inheritedEnv(), ...this.spec.env },
      stdio: ['ignore', log, log, 'ipc'],
      // A group of its own: Ctrl-C at the terminal is for the supervisor, which stops its children in order.
      detached: true,
    });
    closeSync(log);
    this.child = child;
    this.startedAt = Date.now();
    child.on('message', (message) => {
      if (!isReadyMessage(message)) return;
      this.ready = message.urls;
      this.onChange(`${this.spec.name} is ready`);
      onReady();
    });
    child.on('error', onFailed);
    child.on('exit', (code, signal) => {
      this.child = undefined;
      const wasReady = this.ready !== undefined;
      this.ready = undefined;
      if (this.isStopping) return;
      const how = signal ? `by ${signal}` : `with code ${String(code)}`;
      if (!wasReady)
        onFailed(new Error(`${this.spec.name} ended ${how} before it was ready; see ${this.spec.logFile}`));
      // Until it was ready for the first time, the one who starts it decides.
      if (wasReady || this.delayMs > FIRST_DELAY_MS) this.restartLater(how);
    });
  }

  private restartLater(how: string): void {
    if (Date.now() - this.startedAt > WELL_AFTER_MS) this.delayMs = FIRST_DELAY_MS;
    this.onChange(`${this.spec.name} ended ${how}; starting it again in ${this.delayMs} ms (see ${this.spec.logFile})`);
    this.timer = setTimeout(() => {
      const ignore = (): void => undefined;
      // Failures of a restart come back through 'exit' and lead to the next, later restart.
      this.spawn(ignore, ignore);
    }, this.delayMs);
    this.delayMs = Math.min(this.delayMs * 2, LONGEST_DELAY_MS);
  }

  /** Asks the process to end, and ends it when it does not. */
  async stop(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(killer);
  }
}

/** The services take their configuration from us alone; what is left is what programs need to run. */
function inheritedEnv(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('OPENDLS_') && name !== 'KAFKA_BROKERS'),
  );
}

function isReadyMessage(message: unknown): message is { type: 'ready'; urls: ReadyUrls } {
  return (
    typeof message === 'object' &&
    message !== null &&
    'type' in message &&
    message.type === 'ready' &&
    'urls' in message
  );
}
