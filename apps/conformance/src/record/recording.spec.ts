import { Masking, maskXml } from './mask-recording.js';
import { formatRecording, parseRecording, RecordingError, type RecordedExchange, type Recording } from './recording.js';

const exchange: RecordedExchange = {
  atMs: 0,
  tookMs: 12,
  request: { line: 'POST / HTTP/1.1', headers: [['Cookie', 'JSESSIONID=abc; Path=/']], xml: '<a/>' },
  response: {
    status: 200,
    headers: [['Set-Cookie', 'JSESSIONID=abc; Path=/']],
    framing: 'content-length',
    xml: '<b/>',
  },
};
const recording: Recording = {
  format: 'opendls-contact',
  version: 1,
  recordedAt: '2026-11-27T11:00:00.000Z',
  note: '',
  exchanges: [exchange],
};

describe('a recording', () => {
  it('is what was written', () => expect(parseRecording(formatRecording(recording))).toEqual(recording));

  it.each([
    ['{', 'no JSON'],
    ['[]', 'no recorded contact'],
    [JSON.stringify({ ...recording, version: 2 }), 'version 2; this program reads 1'],
    [JSON.stringify({ ...recording, exchanges: [] }), 'no exchanges'],
    [JSON.stringify({ ...recording, exchanges: [{ ...exchange, tookMs: '1' }] }), 'exchange 1'],
  ])('is refused when it is %j', (text, words) => {
    expect(() => parseRecording(text)).toThrow(RecordingError);
    expect(() => parseRecording(text)).toThrow(words);
  });
});

describe('masking', () => {
  const item = (name: string, value: string): string => `<Item name="${name}" index="1">${value}</Item>`;

  it.each([
    ['user-pwd', 'geheim'],
    ['sip-pwd', 'geheim'],
    ['bootstrapping-tan', '123'],
    ['some-vendor-secret', 'geheim'],
    ['wbm-server-certificate', 'MIIK'],
    ['dls-client-certificate', 'MIIK'],
    ['userdata-phonebook', 'AAEAAA=='],
    ['secure-mode-data', 'AAAA'],
    ['nobody-knows-this', 'QUJD'.repeat(80)],
    ['file-pwd', '<![CDATA[<geheim>]]>'],
  ])('hides the value of %s', (name, value) => {
    expect(maskXml(item(name, value))).toBe(item(name, '***'));
  });

  it.each([
    ['sntp-addr', 'ntp.example.net'],
    ['user-pwd', ''],
    ['wbm-server-certificate-info', 'CN=phone'],
  ])('leaves %s = %j', (name, value) => expect(maskXml(item(name, value))).toBe(item(name, value)));

  it('hides cookies, and still tells one from another', () => {
    const masking = new Masking();
    const { request, response } = masking.exchange(exchange);
    expect(request.headers).toEqual([['Cookie', 'JSESSIONID=COOKIE-1; Path=/']]);
    expect(response.headers).toEqual([['Set-Cookie', 'JSESSIONID=COOKIE-1; Path=/']]);
    const other = { ...exchange, request: { ...exchange.request, headers: [['Cookie', 'JSESSIONID=xyz']] as const } };
    expect(masking.exchange(other).request.headers).toEqual([['Cookie', 'JSESSIONID=COOKIE-2']]);
  });
});
