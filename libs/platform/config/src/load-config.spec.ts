import { z } from 'zod';
import { ConfigError, byteSize, csv, durationMs, flag, integer, loadConfig, logLevel, port } from './index.js';

const schema = z.object({
  OPENDLS_TEST_PORT: port().default(8080),
  OPENDLS_TEST_BROKERS: csv().optional(),
  OPENDLS_TEST_PASSWORD: z.string().min(12),
  OPENDLS_TEST_DEADLINE_MS: durationMs({ min: 10 }).default(2_000),
  OPENDLS_API_KEYS_FILE: z.string().optional(),
});
const prefixes = ['OPENDLS_TEST_'];
const good = { OPENDLS_TEST_PASSWORD: 'long enough password' };

function problemsOf(run: () => unknown): Record<string, string> {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) {
      return Object.fromEntries(error.problems.map(({ name, message }) => [name, message]));
    }
    throw error;
  }
  throw new Error('nothing was wrong');
}

describe('loadConfig', () => {
  it('applies defaults and converts values', () => {
    const env = { ...good, OPENDLS_TEST_BROKERS: 'a:1, b:2,', OPENDLS_TEST_DEADLINE_MS: '5s' };
    expect(loadConfig({ schema, env, prefixes })).toEqual({
      ...good,
      OPENDLS_TEST_PORT: 8080,
      OPENDLS_TEST_BROKERS: ['a:1', 'b:2'],
      OPENDLS_TEST_DEADLINE_MS: 5_000,
    });
  });

  it('reports every problem at once, by name', () => {
    const env = { OPENDLS_TEST_PORT: '99999', OPENDLS_TEST_DEADLINE_MS: 'soon', OPENDLS_TEST_PROT: '1' };
    expect(problemsOf(() => loadConfig({ schema, env, prefixes }))).toEqual({
      OPENDLS_TEST_PORT: 'must be at most 65535',
      OPENDLS_TEST_DEADLINE_MS: 'must be a duration such as 500, 2s, 5m, 12h or 90d',
      OPENDLS_TEST_PASSWORD: 'is required',
      OPENDLS_TEST_PROT: 'is not a known variable',
    });
  });

  it('never shows a value, not even when a check of the application does', () => {
    const leaky = schema.refine((env) => env.OPENDLS_TEST_PASSWORD !== 'hunter2hunter2', {
      path: ['OPENDLS_TEST_PASSWORD'],
      error: (issue) => `bad: ${JSON.stringify(issue.input)}`,
    });
    const env = { OPENDLS_TEST_PASSWORD: 'hunter2hunter2' };
    const problems = problemsOf(() => loadConfig({ schema: leaky, env, prefixes }));
    expect(JSON.stringify(problems)).not.toContain('hunter2');
    expect(problems).toEqual({ OPENDLS_TEST_PASSWORD: 'is not valid' });
  });

  it('reads a value from the file that its _FILE variable names, without the last line end', () => {
    const readFile = (path: string): string => (path === '/run/secret' ? 'from a file, long\n' : '');
    const env = { OPENDLS_TEST_PASSWORD_FILE: '/run/secret' };
    expect(loadConfig({ schema, env, prefixes, readFile }).OPENDLS_TEST_PASSWORD).toBe('from a file, long');
  });

  it('refuses a variable that is given directly and as a file', () => {
    const env = { ...good, OPENDLS_TEST_PASSWORD_FILE: '/x' };
    expect(problemsOf(() => loadConfig({ schema, env, prefixes }))).toEqual({
      OPENDLS_TEST_PASSWORD: 'is set twice, also as OPENDLS_TEST_PASSWORD_FILE',
    });
  });

  it('says which file variable cannot be read', () => {
    const env = { OPENDLS_TEST_PASSWORD_FILE: '/no/such/file' };
    expect(problemsOf(() => loadConfig({ schema, env, prefixes }))).toEqual({
      OPENDLS_TEST_PASSWORD_FILE: 'names a file that cannot be read (ENOENT)',
    });
  });

  it('takes a variable that ends in _FILE by itself as it is', () => {
    const env = { ...good, OPENDLS_API_KEYS_FILE: '/keys.json' };
    expect(loadConfig({ schema, env, prefixes }).OPENDLS_API_KEYS_FILE).toBe('/keys.json');
  });

  it('treats an empty variable as not set', () => {
    expect(loadConfig({ schema, env: { ...good, OPENDLS_TEST_PORT: '' }, prefixes }).OPENDLS_TEST_PORT).toBe(8080);
  });

  it('ignores variables of others', () => {
    expect(() => loadConfig({ schema, env: { ...good, PATH: '/bin', OPENDLS_OTHER: 'x' }, prefixes })).not.toThrow();
  });

  it('returns a deeply frozen result, also after a transform', () => {
    const shaped = schema.transform((env) => ({ http: { port: env.OPENDLS_TEST_PORT } }));
    const config = loadConfig({ schema: shaped, env: good, prefixes });
    expect(config).toEqual({ http: { port: 8080 } });
    expect(Object.isFrozen(config.http)).toBe(true);
  });
});

describe('value schemas', () => {
  it.each([
    ['250', 250],
    ['250ms', 250],
    ['2s', 2_000],
    ['1.5s', undefined],
    ['-1', undefined],
    ['1w', undefined],
  ])('durationMs reads %s as %s', (text, value) => {
    expect(durationMs().safeParse(text).data).toBe(value);
  });

  it.each([
    ['10', 10],
    ['64KiB', 65_536],
    ['1 MiB', 1_048_576],
    ['1e3', undefined],
  ])('byteSize reads %s as %s', (text, value) => {
    expect(byteSize().safeParse(text).data).toBe(value);
  });

  it('holds bounds', () => {
    expect(integer({ min: 1, max: 3 }).safeParse('3').success).toBe(true);
    expect(integer({ min: 1, max: 3 }).safeParse('4').success).toBe(false);
    expect(port().safeParse('65536').success).toBe(false);
  });

  it('reads flags and levels', () => {
    expect(flag().parse('yes')).toBe(true);
    expect(flag().parse('0')).toBe(false);
    expect(flag().safeParse('maybe').success).toBe(false);
    expect(logLevel().safeParse('loud').success).toBe(false);
  });
});
