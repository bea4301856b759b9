import { UsageError } from '@opendls/command-line';
import { parseOptions } from './cli-options.js';

describe('parseOptions', () => {
  it('reads everything', () => {
    const args = [
      '--url',
      'https://h:1',
      '--only',
      'xml/',
      '--json',
      'a',
      '--junit',
      'b',
      '--hooks',
      'c',
      '--timeout=3',
      '--concurrency=4',
    ];
    expect(parseOptions(args)).toMatchObject({
      kind: 'run',
      options: {
        target: { host: 'h', port: 1 },
        only: 'xml/',
        json: 'a',
        junit: 'b',
        hooks: 'c',
        timeoutMs: 3_000,
        concurrency: 4,
      },
    });
  });

  it('plays one case at a time unless told otherwise', () => {
    expect(parseOptions(['--url', 'https://h'])).toMatchObject({ options: { concurrency: 1 } });
  });

  it('needs no server to list', () => {
    expect(parseOptions(['--list', '--only', 'tls'])).toEqual({ kind: 'list', only: 'tls' });
    expect(parseOptions(['--help'])).toEqual({ kind: 'help' });
  });

  it.each([
    [['--bogus'], '--bogus'],
    [[], '--url is missing'],
    [['--url', 'http://h'], "not 'http://h'"],
    [['--url', 'https://h', '--timeout', '0'], '--timeout'],
    [['--url', 'https://h', '--concurrency', '0'], '--concurrency'],
    [['--url', 'https://h', '--concurrency', '17'], '--concurrency'],
    [['--url', 'https://h', '--mac-prefix', '02:4F'], '--mac-prefix'],
    [['stray'], 'stray'],
  ])('refuses %j and names it', (args, words) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
    expect(() => parseOptions(args)).toThrow(words);
  });
});
