import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { BlockCoverage } from './block-coverage.js';
import { checkInput } from './check-input.js';
import { KEPT_FOLDER } from './corpus.js';

export interface FuzzInput {
  readonly bytes: Uint8Array;
  readonly charset: string | undefined;
}

const MAX_KEPT_BYTES = 8_192;
// Asking V8 for its coverage takes some milliseconds.
const MAX_TRIES = 120;

/** Keeps the inputs that run code which none before has run: further inputs are made from them, too. */
export class GuidedCorpus {
  readonly kept: FuzzInput[] = [];
  private readonly coverage = new BlockCoverage('/dls-codec/src/');
  private batch: FuzzInput[] = [];

  constructor(
    baseline: readonly FuzzInput[],
    private readonly batchSize = 100,
  ) {
    for (const { bytes, charset } of baseline) checkInput(bytes, charset);
    this.coverage.takeNew();
  }

  get blocks(): number {
    return this.coverage.blocks;
  }

  /** Remembers an input that was just checked; true when the batch it closes brought something new. */
  add(input: FuzzInput): boolean {
    this.batch.push(input);
    if (this.batch.length < this.batchSize) return false;
    const batch = this.batch;
    this.batch = [];
    const ran = this.coverage.take();
    return this.coverage.isNew(ran) && this.keepFrom(batch);
  }

  /** Writes the kept inputs, each as small as it can be without losing what it reaches. */
  save(): number {
    mkdirSync(KEPT_FOLDER, { recursive: true });
    for (const input of this.kept) {
      const hash = createHash('sha256').update(input.bytes).digest('hex').slice(0, 12);
      writeFileSync(new URL(`${input.charset ?? 'none'}-${hash}.bin`, KEPT_FOLDER), input.bytes);
    }
    return this.kept.length;
  }

  close(): void {
    this.coverage.close();
  }

  private keepFrom(batch: readonly FuzzInput[]): boolean {
    const before = this.kept.length;
    for (const input of batch) {
      const fresh = this.coverage.newIn(this.run(input));
      if (fresh.length === 0) continue;
      const small = this.minimised(input, fresh);
      if (small.bytes.length <= MAX_KEPT_BYTES) this.kept.push(small);
      this.coverage.learn(fresh);
    }
    return this.kept.length > before;
  }

  private run({ bytes, charset }: FuzzInput): ReadonlySet<string> {
    this.coverage.take();
    checkInput(bytes, charset);
    return this.coverage.take();
  }

  /** Leaves out halves, quarters ... as long as the new blocks are still reached. */
  private minimised(input: FuzzInput, wanted: readonly string[]): FuzzInput {
    let { bytes } = input;
    let tries = 0;
    for (let size = bytes.length >> 1; size >= 8 && tries < MAX_TRIES; size >>= 1) {
      for (let at = 0; at < bytes.length && tries < MAX_TRIES; tries++) {
        const shorter = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]);
        const ran = this.run({ ...input, bytes: shorter });
        if (wanted.every((block) => ran.has(block))) bytes = shorter;
        else at += size;
      }
    }
    return { ...input, bytes };
  }
}
