import { headerValues, readResponse, type ReadResponse } from './read-response.js';

const read = (text: string, hasEnded = false): ReadResponse => readResponse(Buffer.from(text, 'latin1'), hasEnded);
const HEAD = 'HTTP/1.1 200 OK\r\n';

describe('readResponse', () => {
  it.each(['', 'HTTP/1.1 2', `${HEAD}Content-Length: 5\r\n\r\nhell`, `${HEAD}\r\nbody without an end`])(
    'waits for the rest of %j',
    (text) => expect(read(text)).toEqual({ state: 'incomplete' }),
  );

  it('reads a body by its length and leaves what follows', () => {
    const text = `${HEAD}Content-Length: 5\r\nX-A: 1\r\nx-a: 2\r\n\r\nhelloHTTP`;
    const result = read(text);
    expect(result).toMatchObject({
      state: 'complete',
      consumed: text.length - 4,
      answer: { version: 'HTTP/1.1', status: 200, framing: 'content-length' },
    });
    if (result.state !== 'complete') return;
    expect(result.answer.body.toString()).toBe('hello');
    expect(headerValues(result.answer, 'X-a')).toEqual(['1', '2']);
  });

  it('reads chunks', () => {
    const result = read(`${HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n`);
    expect(result).toMatchObject({ state: 'complete', answer: { framing: 'chunked' } });
    expect(result.state === 'complete' && result.answer.body.toString()).toBe('abcde');
  });

  it('reads to the end of the connection where nothing else says where the body ends', () => {
    const result = read('HTTP/1.0 200 OK\r\n\r\nhello', true);
    expect(result).toMatchObject({ state: 'complete', answer: { framing: 'until-close', version: 'HTTP/1.0' } });
  });

  it('expects no body with 204, and passes over 100', () => {
    expect(read('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n')).toMatchObject({
      state: 'complete',
      consumed: 52,
      answer: { status: 204, framing: 'none' },
    });
  });

  it.each([
    ['hello\r\n\r\n', 'status line'],
    [`${HEAD}Content-Length: x\r\n\r\n`, "Content-Length is 'x'"],
    [`${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 'no size'],
  ])('says what is wrong with %j', (text, words) => {
    expect(read(text)).toMatchObject({ state: 'malformed', message: expect.stringContaining(words) as string });
  });

  it('says so when a body is cut off', () => {
    const message = 'the body ends 2 bytes before the Content-Length of 5';
    expect(read(`${HEAD}Content-Length: 5\r\n\r\nhel`, true)).toEqual({ state: 'malformed', message });
  });
});
