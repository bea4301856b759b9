import { fuzzListener } from './fuzz-listener.js';
import { startFuzzedGateway, type FuzzedGateway } from './fuzzed-gateway.js';

let gateway: FuzzedGateway;
beforeAll(async () => {
  gateway = await startFuzzedGateway();
});
afterAll(() => gateway.close());

describe('fuzzing the listener', () => {
  it('finds nothing in a short run of a fixed sequence', async () => {
    const { inputs, finding, labels } = await fuzzListener(gateway, {
      ...{ inputs: 1_500, seconds: 60, seed: 4, only: undefined },
    });
    expect(finding).toBeUndefined();
    expect(inputs).toBeGreaterThanOrEqual(1_500);
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
  }, 90_000);
});
