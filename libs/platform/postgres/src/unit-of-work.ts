import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { DatabaseError, translateDatabaseError } from './database-errors.js';

declare const transaction: unique symbol;

/** An open transaction. Only {@link UnitOfWork.run} makes one; stores take it as first parameter of every write. */
export type Tx = EntityManager & { readonly [transaction]: true };

export interface RunOptions {
  /** Default: PostgreSQL's, `READ COMMITTED`. */
  readonly isolation?: 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE';
}

const MAX_ATTEMPTS = 5;
const MAX_BACKOFF_MS = 200;

const afterCommit = new WeakMap<EntityManager, (() => void)[]>();

/** Calls `callback` once the transaction is committed; never if it is rolled back. */
export function onCommit(tx: Tx, callback: () => void): void {
  const callbacks = afterCommit.get(tx);
  if (!callbacks) throw new Error('onCommit: the transaction is over');
  if (!callbacks.includes(callback)) callbacks.push(callback);
}

/** Runs work in transactions. */
export class UnitOfWork {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Commits what `work` did, or nothing of it. Serialization failures and deadlocks start it again from the beginning, a
   * few times: it must have no effect outside the transaction.
   * @throws {ConstraintViolation} {@link DatabaseError}, or what `work` threw
   */
  async run<T>(work: (tx: Tx) => Promise<T>, options: RunOptions = {}): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.attempt(work, options);
      } catch (error) {
        const translated = translateDatabaseError(error);
        const isConflict = translated instanceof DatabaseError && translated.code === 'database-conflict';
        if (!isConflict || attempt === MAX_ATTEMPTS) throw translated;
        await pause(Math.random() * Math.min(MAX_BACKOFF_MS, 10 * 2 ** attempt));
      }
    }
  }

  private async attempt<T>(work: (tx: Tx) => Promise<T>, options: RunOptions): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    // The one place where a transaction gets its type: below, it is begun.
    const tx = runner.manager as Tx;
    const callbacks: (() => void)[] = [];
    let result: T;
    try {
      await runner.startTransaction(options.isolation);
      afterCommit.set(tx, callbacks);
      result = await work(tx);
      await runner.commitTransaction();
    } catch (error) {
      await rollBack(runner);
      throw error;
    } finally {
      afterCommit.delete(tx);
      await runner.release();
    }
    for (const callback of callbacks) callback();
    return result;
  }
}

async function rollBack(runner: QueryRunner): Promise<void> {
  if (!runner.isTransactionActive) return;
  try {
    await runner.rollbackTransaction();
  } catch {
    // The connection is lost, and with it the transaction; the first error says why.
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
