import { AppError, createLogger, isSecretName, redact, serializeError, silentLogger } from './index.js';

function capture(): { lines: Record<string, unknown>[]; text: () => string; logger: ReturnType<typeof createLogger> } {
  const raw: string[] = [];
  const destination = { write: (line: string) => void raw.push(line) };
  const logger = createLogger({ name: 'test', level: 'debug', destination });
  return {
    logger,
    text: () => raw.join(''),
    get lines() {
      return raw.map(parseLine);
    },
  };
}

function parseLine(line: string): Record<string, unknown> {
  const fields: unknown = JSON.parse(line);
  if (typeof fields !== 'object' || fields === null) throw new Error('a log line is no object');
  return { ...fields };
}

describe('createLogger', () => {
  it('writes one JSON object per line with level names and ISO times', () => {
    const log = capture();
    log.logger.child({ deviceId: '001ae8000001' }).info({ durationMs: 3 }, 'contact closed');
    expect(log.lines).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as unknown, // a matcher
        pid: process.pid,
        name: 'test',
        deviceId: '001ae8000001',
        durationMs: 3,
        msg: 'contact closed',
      },
    ]);
  });

  it('masks secrets at any depth, in items, in child fields and in URLs', () => {
    const log = capture();
    log.logger.child({ password: 'geheim1' }).warn(
      {
        req: { headers: { authorization: 'Bearer geheim2', cookie: 'geheim3' } },
        items: [
          { name: 'sip-pwd', value: 'geheim4' },
          { name: 'sntp-addr', value: 'ntp.example.org' },
        ],
        databaseUrl: 'postgres://opendls:geheim5@db/opendls',
        apiKey: 'geheim6',
      },
      'connecting to postgres://u:geheim7@db',
    );
    expect(log.text()).not.toContain('geheim');
    expect(log.text()).toContain('ntp.example.org');
  });

  it('keeps an error readable without what the database driver attached to it', () => {
    const log = capture();
    const error = Object.assign(new Error('invalid input syntax for type integer: "geheim"'), {
      name: 'QueryFailedError',
      code: '22P02',
      table: 'device',
      query: 'SELECT geheim',
      parameters: ['geheim'],
      detail: 'Key (x)=(geheim) exists',
      driverError: { detail: 'geheim' },
    });
    log.logger.error({ err: error }, 'query failed');
    log.logger.error(error);
    expect(log.text()).not.toContain('geheim');
    expect(log.lines[0]?.['err']).toMatchObject({
      type: 'QueryFailedError',
      message: 'invalid input syntax for type integer',
      code: '22P02',
      table: 'device',
      stack: expect.stringContaining('create-logger.spec') as unknown, // a matcher
    });
  });

  it('keeps causes and does not quote a document that is not JSON', () => {
    let parseError: unknown;
    try {
      JSON.parse('geheim');
    } catch (error) {
      parseError = error;
    }
    const serialized = serializeError(new AppError('bad-thing', 'reading failed', { cause: parseError }));
    expect(serialized).toMatchObject({ type: 'AppError', code: 'bad-thing', cause: { type: 'SyntaxError' } });
    expect(JSON.stringify(serialized)).not.toContain('"geheim');
    expect(JSON.stringify(serialized.cause)).not.toContain('\\"geheim');
  });

  it('survives circular and very wide values', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const log = capture();
    log.logger.info({ circular, wide: Array.from({ length: 1_000 }, (_, i) => i), bytes: new Uint8Array(9) }, 'odd');
    expect(log.text().length).toBeLessThan(5_000);
    expect(log.lines[0]?.['bytes']).toBe('[9 bytes]');
  });

  it('has a silent form', () => {
    expect(() => silentLogger().error('nothing')).not.toThrow();
  });
});

describe('isSecretName', () => {
  it.each([
    'sip-pwd',
    'sipPwd',
    'SIP_PWD',
    'admin-pwd-unicode',
    'user-pwd-hash',
    'bootstrapping-tan',
    'cloud-pin-value',
  ])('hides %s', (name) => expect(isSecretName(name)).toBe(true));
  it.each(['bt-pin', 'secure-mode-data', 'dls-client-certificate', 'ssh-password', 'authorization', 'set-cookie'])(
    'hides %s',
    (name) => expect(isSecretName(name)).toBe(true),
  );
  it.each(['accessToken', 'apiKey', 'sealingKeys', 'send-url-passwd', 'restart-password', 'clientSecret'])(
    'hides %s',
    (name) => expect(isSecretName(name)).toBe(true),
  );
  it.each([
    'admin-pwd-status',
    'user-pwd-expiry',
    'apiKeyId',
    'e164',
    'nonce',
    'keyId',
    'function-key-def',
    'max-pin-retries',
  ])('shows %s', (name) => expect(isSecretName(name)).toBe(false));
});

describe('redact', () => {
  it('does not let a field called __proto__ change the copy', () => {
    const copy = redact(JSON.parse('{"__proto__": {"admin": true}}'));
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  });
});
