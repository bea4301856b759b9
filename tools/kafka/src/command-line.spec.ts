import { UsageError, parseCommandLine } from './command-line.js';

describe('the kafka command line', () => {
  it('starts one node on the usual port unless told otherwise', () => {
    expect(parseCommandLine(['start'], {})).toEqual({ kind: 'start', nodes: 1, port: 9092, dataDir: undefined });
    expect(parseCommandLine(['start', '--nodes', '3', '--port', '0', '--data-dir', 'd'], {})).toEqual({
      kind: 'start',
      nodes: 3,
      port: 0,
      dataDir: 'd',
    });
  });

  it('consumes from the brokers of the environment', () => {
    expect(parseCommandLine(['consume', '--topic', 't', '--from-beginning'], { KAFKA_BROKERS: 'b:1' })).toEqual({
      kind: 'consume',
      topic: 't',
      brokers: 'b:1',
      fromBeginning: true,
    });
  });

  it('shows its help', () => {
    expect(parseCommandLine([], {})).toEqual({ kind: 'help' });
    expect(parseCommandLine(['start', '--help'], {})).toEqual({ kind: 'help' });
  });

  it.each([
    [['frobnicate'], 'frobnicate'],
    [['start', '--colour', 'red'], '--colour'],
    [['start', '--nodes', '2'], '--nodes'],
    [['start', '--port', 'x'], '--port'],
    [['consume'], '--topic'],
    [['fetch', '--nodes', '1'], '--nodes'],
  ])('refuses %j and names what is wrong', (args, named) => {
    expect(() => parseCommandLine(args, {})).toThrow(UsageError);
    expect(() => parseCommandLine(args, {})).toThrow(named);
  });
});
