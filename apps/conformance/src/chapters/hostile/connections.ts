import { check, must, should, type ConformanceCase } from '../../conformance-case.js';
import { understand } from '../../phone/converse.js';
import { documentOf } from '../../phone/message-text.js';
import { readServiceMessage } from '../../phone/service-message.js';
import type { CaseRun } from '../../run/case-run.js';
import { hostHeader } from '../../wire/target.js';
import { requestHead, type RequestOptions } from '../../wire/request-text.js';

// How long the server is given to answer or hang up before it is asked whether it still serves.
const REACTION_MS = 1_000;

/** Writes this over TLS; the server still serves, also while the connection is open. */
function survives(id: string, title: string, make: (t: CaseRun) => string | Buffer): ConformanceCase {
  return must(`hostile/${id}`, '1.2.3; 1.2.6', `survives ${title}`, async (t) => {
    const connection = await t.open();
    const bytes = make(t);
    t.log.sent(bytes.toString('utf8'));
    await Promise.race([connection.write(bytes), connection.closes(t.settings.timeoutMs)]);
    await connection.readAnswer(REACTION_MS).then(
      (answer) => t.log.got(answer),
      () => undefined,
    );
    await t.stillServes();
    connection.destroy();
    await t.stillServes();
  });
}

function startUp(t: CaseRun): string {
  return documentOf(t.phone().initial('start-up').text);
}

/** A start-up whose request differs in its form. */
function request(options: RequestOptions): (t: CaseRun) => string {
  return (t) => {
    const body = startUp(t);
    return requestHead(t.settings.target, Buffer.byteLength(body), options) + body;
  };
}

/** A start-up whose head is changed as text. */
function rewritten(change: (head: string) => string): (t: CaseRun) => string {
  return (t) => {
    const body = startUp(t);
    return change(requestHead(t.settings.target, Buffer.byteLength(body))) + body;
  };
}

const methods: readonly ConformanceCase[] = ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'BREW'].map((method) =>
  survives(`method-${method.toLowerCase()}`, `the method ${method}`, (t) =>
    requestHead(t.settings.target, 0, { method, contentLength: '0' }),
  ),
);

const REQUESTS: readonly ConformanceCase[] = [
  survives('other-path', 'a message to another path', request({ path: '/' })),
  survives('path-traversal', 'a path that leads out', request({ path: '/DeploymentService/../../../../etc/passwd' })),
  survives('long-path', 'a path of 100 kB', request({ path: `/${'a'.repeat(100_000)}` })),
  survives('odd-path', 'a path with odd escapes', request({ path: '/%00%ff%zz?%' })),
  survives('no-request-line', 'no request line', () => 'hello\r\n\r\n'),
  survives('unknown-version', 'HTTP/9.9', request({ version: 'HTTP/9.9' })),
  survives('http-2-preface', 'the preface of HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  survives(
    'no-host',
    'no Host header',
    rewritten((head) => head.replace(/Host: .*\r\n/, '')),
  ),
  survives(
    'two-hosts',
    'two Host headers',
    rewritten((head) => head.replace(/(Host: .*\r\n)/, '$1Host: other\r\n')),
  ),
  survives('huge-header', 'a header of 200 kB', request({ extraHeaders: [['X-Large', 'y'.repeat(200_000)]] })),
  survives('huge-cookie', 'a cookie of 100 kB', request({ cookie: `JSESSIONID=${'A'.repeat(100_000)}` })),
  survives(
    'many-headers',
    '5,000 headers',
    request({ extraHeaders: Array.from({ length: 5_000 }, (_, n) => [`X-${n}`, 'y'] as const) }),
  ),
  survives(
    'header-without-colon',
    'a header without colon',
    rewritten((head) => head.replace('Host', 'Nonsense\r\nHost')),
  ),
  survives(
    'folded-header',
    'a folded header',
    rewritten((head) => head.replace('Host', 'X-Folded: a\r\n b\r\nHost')),
  ),
  survives(
    'control-in-header',
    'control characters in a header',
    request({ extraHeaders: [['X-Bell', '\u0007\u0000']] }),
  ),
  survives(
    'bare-line-feeds',
    'lines that end with LF alone',
    rewritten((head) => head.replaceAll('\r\n', '\n')),
  ),
  survives('length-not-a-number', 'a Content-Length that is no number', request({ contentLength: 'many' })),
  survives('length-negative', 'a negative Content-Length', request({ contentLength: '-1' })),
  survives('length-huge', 'a Content-Length beyond all numbers', request({ contentLength: '99999999999999999999' })),
  survives('length-twice', 'two different Content-Lengths', request({ extraHeaders: [['Content-Length', '5']] })),
  survives('length-none', 'no Content-Length', request({ contentLength: null })),
  survives('length-too-short', 'a Content-Length that is too short', request({ contentLength: '100' })),
  survives('length-too-long', 'a body that never gets as long as it says', request({ contentLength: '60000' })),
  survives(
    'length-and-chunked',
    'Content-Length and chunked at once',
    request({ extraHeaders: [['Transfer-Encoding', 'chunked']] }),
  ),
  survives(
    'unknown-coding',
    'an unknown transfer coding',
    request({ contentLength: null, extraHeaders: [['Transfer-Encoding', 'banana']] }),
  ),
  survives('bad-chunks', 'chunks that are none', (t) => {
    const head = requestHead(t.settings.target, 0, {
      contentLength: null,
      extraHeaders: [['Transfer-Encoding', 'chunked']],
    });
    return `${head}zz\r\nhello\r\n-5\r\n`;
  }),
  survives('chunked-request', 'a chunked request', (t) => {
    const body = startUp(t);
    const head = requestHead(t.settings.target, 0, {
      contentLength: null,
      extraHeaders: [['Transfer-Encoding', 'chunked']],
    });
    return `${head}${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  }),
  survives(
    'compressed',
    'a body that only says it is compressed',
    request({ extraHeaders: [['Content-Encoding', 'gzip']] }),
  ),
  survives(
    'upgrade',
    'an upgrade to something else',
    request({ connection: 'Upgrade', extraHeaders: [['Upgrade', 'websocket']] }),
  ),
  survives('smuggled', 'a second request hidden in the body', (t) => {
    const hidden = 'GET / HTTP/1.1\r\nHost: other\r\n\r\n';
    return requestHead(t.settings.target, hidden.length) + hidden + hidden;
  }),
];

const CONNECTIONS: readonly ConformanceCase[] = [
  must('hostile/noise-instead-of-tls', '1.4', 'survives noise instead of a TLS handshake', async (t) => {
    const connection = await t.openPlain();
    await connection.write(Buffer.from(Array.from({ length: 512 }, (_, n) => (n * 31) & 0xff)));
    await t.stillServes();
  }),
  must('hostile/plain-http', '1.1; 1.4', 'survives plain HTTP on the TLS port', async (t) => {
    const connection = await t.openPlain();
    await connection.write(request({})(t));
    await t.stillServes();
  }),
  must('hostile/half-a-handshake', '1.4', 'survives a handshake that stops in the middle', async (t) => {
    const connection = await t.openPlain();
    // The beginning of a ClientHello that announces more than comes.
    await connection.write(Buffer.from('1603010200010001fc0303', 'hex'));
    await t.stillServes();
  }),
  must('hostile/silent-tcp', '1.4', 'survives thirty TCP connections on which nothing is said', async (t) => {
    await Promise.all(Array.from({ length: 30 }, () => t.openPlain()));
    await t.stillServes();
  }),
  must('hostile/half-open', '1.2.3', 'survives a phone that closes its side after the head', async (t) => {
    const connection = await t.open();
    await connection.write(requestHead(t.settings.target, 1_000));
    connection.end();
    await t.stillServes();
  }),
  must('hostile/dropped-in-body', '1.2.3', 'survives a phone that is gone in the middle of the body', async (t) => {
    const body = startUp(t);
    const connection = await t.open();
    await connection.write(requestHead(t.settings.target, Buffer.byteLength(body)) + body.slice(0, body.length / 2));
    connection.destroy();
    await t.stillServes();
  }),
  must('hostile/slow-body', '1.2.3', 'serves others while a body arrives slowly', async (t) => {
    const phone = t.phone();
    const outgoing = phone.initial('start-up');
    const body = documentOf(outgoing.text);
    const connection = await t.open();
    await connection.write(requestHead(t.settings.target, Buffer.byteLength(body)));
    const pieces = 5;
    const size = Math.ceil(body.length / pieces);
    for (let n = 0; n < pieces; n += 1) {
      await t.stillServes();
      await connection.write(body.slice(n * size, (n + 1) * size));
    }
    const wire = await phone.answerOn(connection);
    understand({ nonce: outgoing.nonce, wire, read: readServiceMessage(wire) });
  }),
  must('hostile/slow-head', '1.2.3', 'serves others while a head does not end', async (t) => {
    const connection = await t.open();
    await connection.write(
      `POST ${t.settings.target.path} HTTP/1.1\r\nHost: ${hostHeader(t.settings.target)}\r\nX-Slow: `,
    );
    for (let n = 0; n < 5; n += 1) {
      await connection.write('y');
      await t.stillServes();
    }
  }),
  must('hostile/unread-answers', '1.2.3', 'survives phones that never read their answers', async (t) => {
    for (let n = 0; n < 10; n += 1) {
      const connection = await t.open();
      connection.socket.pause();
      await connection.write(request({})(t));
    }
    await t.stillServes();
  }),
  must('hostile/connect-and-drop', '1.2.3', 'survives a hundred connections that are dropped at once', async (t) => {
    for (let n = 0; n < 10; n += 1) {
      const connections = await Promise.all(Array.from({ length: 10 }, () => t.openPlain()));
      for (const connection of connections) connection.destroy();
    }
    await t.stillServes();
  }),
  must('hostile/pipelined', '1.2.3', 'survives two requests sent without waiting', async (t) => {
    const connection = await t.open();
    await connection.write(request({})(t) + request({})(t));
    await connection.readAnswer(REACTION_MS).catch(() => undefined);
    await t.stillServes();
  }),
  should(
    'hostile/pipelined-in-order',
    '1.2.1',
    'answers two requests sent without waiting in their order',
    async (t) => {
      const phones = [t.phone(), t.phone()] as const;
      const messages = phones.map((phone) => phone.initial('start-up'));
      const connection = await t.open();
      const texts = messages.map(({ text }) => documentOf(text));
      await connection.write(
        texts.map((body) => requestHead(t.settings.target, Buffer.byteLength(body)) + body).join(''),
      );
      for (const { nonce } of messages) {
        const wire = await phones[0].answerOn(connection);
        const answer = understand({ nonce, wire, read: readServiceMessage(wire) });
        check(answer.message.nonce === nonce, nonce, answer.message.nonce);
      }
    },
  ),
];

export const HOSTILE_CONNECTIONS: readonly ConformanceCase[] = [...methods, ...REQUESTS, ...CONNECTIONS];
