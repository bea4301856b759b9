import type { Tx } from '@opendls/postgres';

/**
 * The rate at which phones are asked to come, one for all replicas: a token bucket in the database that holds the tokens of
 * one second. Whoever takes tokens holds its row until the transaction ends.
 */
export class ContactRate {
  constructor(private readonly perSecond: number) {}

  /** How many requests may be made now. */
  async available(tx: Tx, now: Date): Promise<number> {
    const [row]: { tokens: number; refilled_at: Date }[] = await tx.query(
      'SELECT tokens, refilled_at FROM contact_rate WHERE id = 1 FOR UPDATE',
    );
    if (row === undefined) return 0;
    // Clocks of replicas differ: one that is behind adds nothing.
    const elapsedMs = Math.max(0, now.getTime() - row.refilled_at.getTime());
    const tokens = Math.min(Math.max(1, this.perSecond), row.tokens + (elapsedMs / 1_000) * this.perSecond);
    await tx.query('UPDATE contact_rate SET tokens = $1, refilled_at = greatest(refilled_at, $2) WHERE id = 1', [
      tokens,
      now,
    ]);
    return Math.floor(tokens);
  }

  async take(tx: Tx, count: number): Promise<void> {
    if (count > 0) await tx.query('UPDATE contact_rate SET tokens = tokens - $1 WHERE id = 1', [count]);
  }
}
