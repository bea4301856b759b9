import { flag, integer, networks, parseCommandLine, port, text, UsageError } from './index.js';

const OPTIONS = {
  demo: integer({ min: 0, max: 10, default: 0 }),
  'api-port': port(8080),
  host: text(undefined),
  help: flag(),
};

describe('parseCommandLine', () => {
  it('gives the defaults when nothing is given', () => {
    expect(parseCommandLine(OPTIONS, [])).toEqual({ demo: 0, 'api-port': 8080, host: undefined, help: false });
  });

  it('reads both ways of writing a value', () => {
    expect(parseCommandLine(OPTIONS, ['--demo', '5', '--api-port=0', '--host', '::1', '--help'])).toEqual({
      demo: 5,
      'api-port': 0,
      host: '::1',
      help: true,
    });
  });

  it('collects an option that may be given several times', () => {
    const options = { 'phone-network': networks() };
    expect(parseCommandLine(options, [])).toEqual({ 'phone-network': undefined });
    const args = ['--phone-network', '10.0.0.0/8', '--phone-network=fd00::/8', '--phone-network', '192.0.2.1'];
    expect(parseCommandLine(options, args)).toEqual({ 'phone-network': ['10.0.0.0/8', 'fd00::/8', '192.0.2.1'] });
    for (const wrong of ['10.0.0.0/33', 'fd00::/129', 'lan', '10.0.0/8', '']) {
      expect(() => parseCommandLine(options, ['--phone-network', wrong])).toThrow('--phone-network takes a network');
    }
  });

  it.each([
    [['--bogus'], '--bogus'],
    [['--demo'], '--demo'],
    [['--demo', '11'], "--demo takes a whole number from 0 to 10, not '11'"],
    [['--demo', '1.5'], "not '1.5'"],
    [['--demo', '0x5'], "not '0x5'"],
    [['--demo='], "not ''"],
    [['--api-port', '65536'], '--api-port takes a whole number from 0 to 65535'],
    [['--host='], '--host needs a value'],
    [['--help=yes'], '--help'],
    [['stray'], 'stray'],
  ])('refuses %j and names it', (args, words) => {
    expect(() => parseCommandLine(OPTIONS, args)).toThrow(UsageError);
    expect(() => parseCommandLine(OPTIONS, args)).toThrow(words);
  });
});
