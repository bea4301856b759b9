/** What a body may take beside the budget: more than most messages of phones have. */
export const FREE_BYTES = 65_536;

/** The budget, as a number of bodies of the most bytes. */
const BODIES = 128;

/**
 * Bounds what bodies that are not answered yet take of the memory. Everybody may send large ones, slowly and on every
 * connection there may be; small ones are always taken, so that this does not keep phones from calling.
 */
export class BodyBudget {
  private used = 0;

  constructor(private readonly maxBytes: number) {}

  /** For bodies of at most this many bytes. */
  static forBodiesOf(maxBodyBytes: number): BodyBudget {
    return new BodyBudget(BODIES * maxBodyBytes);
  }

  get usedBytes(): number {
    return this.used;
  }

  /** The share of one body: grows with it, and is given back when the body is done with. */
  open(): BodyShare {
    let taken = 0;
    return {
      fits: (bodyBytes) => {
        const more = Math.max(0, bodyBytes - FREE_BYTES) - taken;
        if (this.used + more > this.maxBytes) return false;
        this.used += more;
        taken += more;
        return true;
      },
      close: () => {
        this.used -= taken;
        taken = 0;
      },
    };
  }
}

/** What one body takes of a budget. */
export interface BodyShare {
  /** Whether there is room for the body, now that it has so many bytes. */
  readonly fits: (bodyBytes: number) => boolean;
  readonly close: () => void;
}
