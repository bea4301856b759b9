import { fuzzListener } from './fuzz-listener.js';
import { startFuzzedGateway, type FuzzedGateway } from './fuzzed-gateway.js';
import { SAMPLES } from './memory-watch.js';

let gateway: FuzzedGateway;
beforeAll(async () => {
  gateway = await startFuzzedGateway();
});
afterAll(() => gateway.close());

describe('fuzzing the listener', () => {
  it('finds nothing in a short run of a fixed sequence', async () => {
    const { inputs, finding, labels, heldMb } = await fuzzListener(gateway, {
      ...{ inputs: 1_000, seconds: 170, seed: 4, only: undefined },
    });
    expect(finding).toBeUndefined();
    expect(inputs).toBeGreaterThanOrEqual(1_000);
    expect(heldMb).toHaveLength(SAMPLES);
    // Phones are served, and what is no phone is refused: otherwise nothing would have been tried.
    for (const label of [
      'CleanUp',
      'ReadAllItems',
      'WriteItems',
      'GetNextFragment',
      '400',
      '404',
      'odd HTTP: answered',
    ])
      expect([label, labels.get(label) ?? 0]).not.toEqual([label, 0]);
  }, 180_000);

  it('finds memory that is never given back', async () => {
    const held: Buffer[] = [];
    const takeFindings = (): readonly string[] => {
      held.push(Buffer.alloc(1_048_576));
      return [];
    };
    const { finding } = await fuzzListener(
      { ...gateway, takeFindings },
      { inputs: 160, seconds: 170, seed: 4, only: undefined },
    );
    expect(finding?.what).toContain('memory grows');
    expect(held.length).toBeGreaterThan(20);
  }, 180_000);
});
