import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './until.js';

const WORKSPACE = fileURLToPath(new URL('../../../', import.meta.url));
const START_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 30_000;

/** `<data-dir>/endpoints.json`. */
export interface Endpoints {
  readonly phones: string;
  readonly legacyPhones?: string;
  readonly securePhones?: string;
  readonly dcmp?: string;
  readonly api: string;
  readonly kafka: readonly string[] | null;
  readonly processes: readonly { readonly name: string; readonly pid: number; readonly url: string | null }[];
}

/** A program of the workspace, started as its users start it. */
export class RunningProgram {
  private constructor(
    private readonly child: ChildProcess,
    readonly dataDir: string,
    private readonly text: { value: string },
  ) {}

  /** Starts a compiled program; `args` as on its command line. Does not wait until it is ready. */
  static start(
    main: string,
    dataDir: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): RunningProgram {
    const child = spawn(process.execPath, [path.join(WORKSPACE, main), '--data-dir', dataDir, ...args], {
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const text = { value: '' };
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (text.value += chunk.toString()));
    return new RunningProgram(child, dataDir, text);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** What it printed so far. */
  get output(): string {
    return this.text.value;
  }

  /** Resolves when it answers. */
  async ready(): Promise<Endpoints> {
    return until(`${this.dataDir}/endpoints.json`, START_TIMEOUT_MS, async () => {
      if (this.child.exitCode !== null) throw new Error(`ended with code ${this.child.exitCode}:\n${this.output}`);
      return this.endpoints();
    });
  }

  /** The endpoints of this moment; undefined while the file is not there. */
  async endpoints(): Promise<Endpoints | undefined> {
    const text = await readFile(path.join(this.dataDir, 'endpoints.json'), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as Endpoints);
  }

  async apiKey(): Promise<string> {
    return (await readFile(path.join(this.dataDir, 'api-key'), 'utf8')).trim();
  }

  /** Resolves with the exit code when it has ended. */
  async exited(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  /** Ctrl-C; SIGKILL when that does not help, which fails the test. */
  async stop(): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    this.child.kill('SIGINT');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    const code = await this.exited();
    clearTimeout(timer);
    return code;
  }
}
