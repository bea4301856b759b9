import { HELP, parseCommandLine } from './cli-options.js';

const URL_ARGS = ['--url', 'https://127.0.0.1:18443'];

function problemsOf(...args: string[]): readonly string[] {
  const parsed = parseCommandLine(args);
  return parsed.kind === 'wrong' ? parsed.problems : [];
}

describe('the command line', () => {
  it('has defaults for everything but the URL', () => {
    expect(parseCommandLine(URL_ARGS)).toEqual({
      kind: 'run',
      options: {
        url: 'https://127.0.0.1:18443',
        phones: 10,
        rate: 10,
        scenario: 'boot',
        json: false,
        macStart: '00:1A:E8:00:00:01',
        e164Start: '4989100000',
        deviceType: 'OpenStage 60',
        timeoutMs: 15_000,
        legacyTls: false,
        keepAlive: false,
        loopbackAddresses: false,
        stayMs: 60_000,
        pollMs: 10_000,
        userStart: '4989200000',
        userPassword: '123456',
      },
    });
  });

  it('takes every option', () => {
    const parsed = parseCommandLine([
      ...['--url=https://localhost:1/DeploymentService/LoginService', '--phones', '200', '--rate', '0.5'],
      ...['--scenario', 'storm', '--seed', '7', '--json', '--mac-start', '00:01:E3:00:00:00'],
      ...['--e164-start', '+49891', '--device-type', 'OpenStage 40', '--concurrency', '5', '--timeout', '2'],
      ...['--legacy-tls', '--keep-alive'],
    ]);
    expect(parsed).toMatchObject({
      kind: 'run',
      options: {
        phones: 200,
        rate: 0.5,
        scenario: 'storm',
        seed: 7,
        json: true,
        macStart: '00:01:E3:00:00:00',
        e164Start: '+49891',
        deviceType: 'OpenStage 40',
        concurrency: 5,
        timeoutMs: 2000,
        legacyTls: true,
        keepAlive: true,
      },
    });
  });

  it('shows its help', () => {
    expect(parseCommandLine(['--help', '--nonsense'])).toEqual({ kind: 'help' });
    for (const option of [
      ...['--url', '--phones', '--legacy-tls', '--legacy URL', '--personality', '--loopback-addresses', '--stay'],
      ...['local-change', 'storm', 'mobility', 'faults', 'cp710'],
    ])
      expect(HELP).toContain(option);
  });

  it.each([
    [['--foo'], ['unknown option: --foo', '--url is missing']],
    [
      [...URL_ARGS, '--phone', '3'],
      ['unknown option: --phone', 'unexpected argument: 3'],
    ],
    [[...URL_ARGS, '-x'], ['unknown option: -x']],
    [[...URL_ARGS, 'extra'], ['unexpected argument: extra']],
    [[...URL_ARGS, '--rate'], ['--rate needs a value']],
    [[...URL_ARGS, '--json=yes'], ['--json takes no value']],
    [[...URL_ARGS, '--phones', '1.5'], ['--phones must be a whole number from 1 to 1000000']],
    [
      [...URL_ARGS, '--phones', '0', '--rate', '-1'],
      ['--phones must be a whole number from 1 to 1000000', '--rate must be a number greater than 0'],
    ],
    [[...URL_ARGS, '--seed', 'x'], ['--seed must be a whole number from 0 to 2147483647']],
    [[...URL_ARGS, '--concurrency', '0'], ['--concurrency must be a whole number from 1']],
    [[...URL_ARGS, '--timeout', '0'], ['--timeout must be a number of seconds up to 3600']],
    [[...URL_ARGS, '--mac-start', '00:1A'], ['--mac-start: not a MAC address: 00:1A']],
    [[...URL_ARGS, '--e164-start', 'alice'], ['--e164-start: not a phone number: alice']],
    [['--url', 'http://127.0.0.1:18443'], ['--url: phones speak HTTPS only: http://127.0.0.1:18443']],
    [['--url', 'nonsense'], ['--url: not a URL: nonsense']],
    [
      [...URL_ARGS, '--scenario', 'boom'],
      [
        '--scenario must be one of boot, reboot, local-change, large, busy, storm, mobility, files, firmware, ' +
          'secure-mode, contact-me, dcmp, faults, not boom',
      ],
    ],
    [
      [...URL_ARGS, '--personality', 'nokia'],
      [
        '--personality must be mix or one of openstage-60-v3, openstage-40-v3, openstage-40-v1, desk-phone-ip-55g, ' +
          'cp210, cp710, not nokia',
      ],
    ],
    [
      [...URL_ARGS, '--personality', 'openstage-40-v1'],
      [
        '--personality openstage-40-v1 speaks TLS 1.0 only: give --legacy URL, or --legacy-tls if --url is that listener',
      ],
    ],
    [[...URL_ARGS, '--legacy', 'http://x'], ['--legacy: phones speak HTTPS only: http://x']],
    [[...URL_ARGS, '--stay', '-1'], ['--stay must be a number of seconds up to 86400']],
    [[...URL_ARGS, '--user-start', 'bob'], ['--user-start: not a phone number: bob']],
  ])('names what is wrong: %j', (args, problems) => {
    expect(problemsOf(...args)).toEqual(problems);
  });
});
