import { FileError } from './files.errors.js';

/** How many transfers go on at the same time. Whoever comes when all are taken is sent away, not queued. */
export class StreamSlots {
  private taken = 0;

  constructor(private readonly count: number) {}

  get inUse(): number {
    return this.taken;
  }

  /** Takes a slot; the function gives it back, once. @throws {FileError} `file-streams-busy` */
  take(): () => void {
    if (this.taken >= this.count) throw new FileError('file-streams-busy', `${this.count} transfers are under way`);
    this.taken += 1;
    let isFree = false;
    return () => {
      if (isFree) return;
      isFree = true;
      this.taken -= 1;
    };
  }
}
