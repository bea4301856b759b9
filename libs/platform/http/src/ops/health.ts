import type { Logger } from '@opendls/logging';

/** Something a process needs to be of use, such as its database. Rejects while it is not. */
export interface HealthCheck {
  readonly name: string;
  check(): Promise<void>;
}

/** Readiness as it is shown to everybody: names and states, no details. */
export interface Readiness {
  readonly status: 'ok' | 'failing';
  readonly checks: readonly { readonly name: string; readonly status: 'ok' | 'failing' }[];
}

/** How checks are run. */
export interface HealthRegistryOptions {
  readonly logger: Logger;
  readonly timeoutMs?: number;
  /** Answers are reused for this long: the health page is open to everybody, the database behind it is not. */
  readonly cacheMs?: number;
}

/** All checks of a process. Logs when one of them changes its state. */
export class HealthRegistry {
  private readonly checks: HealthCheck[] = [];
  private readonly failing = new Set<string>();
  private cached: { readonly atMs: number; readonly readiness: Promise<Readiness> } | undefined;
  private closing = false;

  constructor(private readonly options: HealthRegistryOptions) {}

  /** Adds checks; may be called while the process runs. */
  add(...checks: readonly HealthCheck[]): void {
    this.checks.push(...checks);
    this.cached = undefined;
  }

  /** From now on not ready, so that no new work is sent here while the rest is finished. */
  markClosing(): void {
    this.closing = true;
  }

  /** Whether `markClosing` was called. */
  get isClosing(): boolean {
    return this.closing;
  }

  /** Whether everything this process needs is there. */
  async readiness(): Promise<Readiness> {
    if (this.closing) return { status: 'failing', checks: [{ name: 'shutdown', status: 'failing' }] };
    const now = performance.now();
    if (this.cached === undefined || now - this.cached.atMs >= (this.options.cacheMs ?? 500)) {
      this.cached = { atMs: now, readiness: this.runAll() };
    }
    return this.cached.readiness;
  }

  private async runAll(): Promise<Readiness> {
    const checks = await Promise.all(
      this.checks.map(async (check) => ({ name: check.name, status: await this.run(check) })),
    );
    return { status: checks.every(({ status }) => status === 'ok') ? 'ok' : 'failing', checks };
  }

  private async run(check: HealthCheck): Promise<'ok' | 'failing'> {
    try {
      await withTimeout(check.check(), this.options.timeoutMs ?? 2_000);
      if (this.failing.delete(check.name)) this.options.logger.info({ check: check.name }, 'health check passes again');
      return 'ok';
    } catch (error) {
      if (!this.failing.has(check.name)) {
        this.options.logger.warn({ check: check.name, err: error }, 'health check fails');
      }
      this.failing.add(check.name);
      return 'failing';
    }
  }
}

async function withTimeout(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('the check took too long')), timeoutMs);
  });
  try {
    await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
