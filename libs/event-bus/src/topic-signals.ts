/** Wakes readers of a topic; a signal between looking and waiting is not lost. */
export class TopicSignals {
  readonly #versions = new Map<string, number>();
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Taken before looking for records, given to `wait`. */
  version(topic: string): number {
    return this.#versions.get(topic) ?? 0;
  }

  raise(topic: string): void {
    this.#versions.set(topic, this.version(topic) + 1);
    const waiting = this.#waiting.get(topic);
    this.#waiting.delete(topic);
    for (const wake of waiting ?? []) wake();
  }

  raiseAll(): void {
    for (const topic of [...this.#waiting.keys()]) this.raise(topic);
  }

  /** Resolves at the first signal after `version`, at the latest after `timeoutMs`, or when aborted. */
  async wait(topic: string, version: number, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.version(topic) !== version || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const waiting = this.#waiting.get(topic) ?? new Set();
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, timeoutMs);
      signal.addEventListener('abort', end);
      waiting.add(end);
      this.#waiting.set(topic, waiting);
    });
  }
}
