/** A latch: a wake-up that comes before the wait is not lost. */
export class Wakeup {
  private isRaised = false;
  private resume: (() => void) | undefined;

  wake(): void {
    this.isRaised = true;
    this.resume?.();
  }

  /** Resolves at the next wake-up, at once if there was one since the last wait, at the latest after `ms`. */
  async wait(ms: number): Promise<void> {
    if (!this.isRaised) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.resume = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.isRaised = false;
    this.resume = undefined;
  }
}
