import { check, must, should, type Chapter } from '../conformance-case.js';
import type { CaseRun } from '../run/case-run.js';
import { documentOf } from '../phone/message-text.js';
import { readServiceMessage, type ReadMessage } from '../phone/service-message.js';
import { understand } from '../phone/converse.js';
import { headerValues, type WireAnswer } from '../wire/read-response.js';
import { requestHead, type RequestOptions } from '../wire/request-text.js';

/** What is written of every answer of a whole contact. */
function everyAnswer(verify: (answer: WireAnswer) => void): (t: CaseRun) => Promise<void> {
  return async (t) => {
    const { answers } = await t.contact(t.phone());
    for (const { wire } of answers) verify(wire);
  };
}

/** A start-up whose request differs in its HTTP form only. */
function startUpWith(request: RequestOptions): (t: CaseRun) => Promise<void> {
  return async (t) => {
    const phone = t.phone();
    await t.walkOn(phone, await t.say(phone, phone.initial('start-up'), { request }));
  };
}

/** A start-up whose bytes are written by the case itself. */
async function startUpByHand(
  t: CaseRun,
  write: (head: string, body: string, send: (piece: string) => Promise<void>) => Promise<void>,
): Promise<ReadMessage> {
  const phone = t.phone();
  const connection = await t.open();
  const outgoing = phone.initial('start-up');
  const body = documentOf(outgoing.text);
  const head = requestHead(t.settings.target, Buffer.byteLength(body), {});
  t.log.sent(head + body);
  await write(head, body, (piece) => connection.write(piece));
  const answer = await phone.answerOn(connection);
  return understand({ nonce: outgoing.nonce, wire: answer, read: readServiceMessage(answer) }).read;
}

const one = (values: readonly string[]): string => (values.length === 0 ? 'none' : values.join(', '));

export const HTTP: Chapter = {
  name: 'http',
  title: 'HTTP',
  cases: [
    must(
      'http/status-200',
      '1.2.4',
      'every answer of a contact has status 200',
      everyAnswer(({ status }) => check(status === 200, 'status 200', `status ${status}`)),
    ),
    must(
      'http/content-length',
      '1.2.2; M p.14',
      'every answer names the length of its body',
      everyAnswer((answer) => {
        const lengths = headerValues(answer, 'content-length');
        const { length } = answer.body;
        check(lengths.length === 1 && Number(lengths[0]) === length, `Content-Length: ${length}`, one(lengths));
      }),
    ),
    must(
      'http/no-chunking',
      '1.2.2; M p.12',
      'no answer is chunked',
      everyAnswer((answer) => {
        const codings = headerValues(answer, 'transfer-encoding');
        check(codings.length === 0, 'no Transfer-Encoding', one(codings));
      }),
    ),
    must('http/no-chunking-old-firmware', '1.2.2; M p.12', 'no answer to firmware of V1 is chunked', async (t) => {
      const phone = t.phone({ deviceType: 'OpenStage 40', softwareVersion: 'V1 R5.6.53' });
      const { answers } = await t.contact(phone);
      for (const { wire } of answers) check(wire.framing !== 'chunked', 'a plain body', 'a chunked one');
    }),
    must(
      'http/not-compressed',
      '1.2.3; 1.2.5',
      'no answer is compressed, as no phone says it could read that',
      everyAnswer((answer) => {
        const codings = headerValues(answer, 'content-encoding').filter((coding) => coding !== 'identity');
        check(codings.length === 0, 'no Content-Encoding', one(codings));
      }),
    ),
    should(
      'http/content-type',
      '1.2.4',
      'every answer has the type text/xml or application/xml',
      everyAnswer((answer) => {
        const types = headerValues(answer, 'content-type');
        check(/^(text|application)\/xml\s*(;|$)/i.test(types[0] ?? ''), 'Content-Type: text/xml', one(types));
      }),
    ),
    should(
      'http/charset-utf-8',
      '1.2.5; M p.30',
      'no answer names another charset than UTF-8',
      everyAnswer((answer) => {
        const [type = ''] = headerValues(answer, 'content-type');
        const charset = /charset="?([^";\s]+)/i.exec(type)?.[1] ?? 'utf-8';
        check(/^utf-?8$/i.test(charset), 'charset utf-8', type);
      }),
    ),
    should(
      'http/version-1.1',
      '1.2.1; M p.12',
      'every answer is HTTP/1.1',
      everyAnswer(({ version }) => check(version === 'HTTP/1.1', 'HTTP/1.1', version)),
    ),
    must(
      'http/only-xml-in-body',
      '1.2.5',
      'nothing but the document is in a body',
      everyAnswer(({ body }) => {
        const text = body.toString('utf8').replace(/^\uFEFF/, '');
        check(/^\s*</.test(text), "a body that begins with '<'", JSON.stringify(text.slice(0, 40)));
        check(/>\s*$/.test(text), "a body that ends with '>'", JSON.stringify(text.slice(-40)));
      }),
    ),
    must('http/nothing-after-body', '1.2.2; M p.14', 'nothing follows the body', async (t) => {
      const phone = t.phone();
      const connection = await phone.connection();
      const { last } = await t.walk(phone, phone.initial('start-up'));
      await connection.closes(100);
      check(
        connection.unread.length === 0,
        'nothing',
        `${connection.unread.length} bytes after ${last.message.action}`,
      );
    }),
    must('http/next-message-same-connection', '1.2.1; M p.12', 'a contact goes on over its connection', async (t) => {
      // A server that says `Connection: close` is followed to a new connection, as a phone would.
      const phone = t.phone();
      await t.recognised(phone, await t.say(phone, phone.initial('start-up')));
    }),
    must(
      'http/new-connection-per-message',
      '1.2.3',
      'a contact goes on over a new connection for each message',
      async (t) => {
        const phone = t.phone({ deviceType: 'OpenScape Desk Phone CP210', softwareVersion: 'V2 R0.11.0' });
        phone.keepsConnection = false;
        await t.recognised(phone, await t.say(phone, phone.initial('start-up')));
      },
    ),
    must(
      'http/connection-close',
      '1.2.3',
      'a request with Connection: close is answered',
      startUpWith({ connection: 'close' }),
    ),
    should('http/connection-close-closes', '1.2.3', 'the server hangs up after Connection: close', async (t) => {
      const phone = t.phone();
      const connection = await t.open();
      const body = documentOf(phone.initial('start-up').text);
      const head = requestHead(t.settings.target, Buffer.byteLength(body), { connection: 'close' });
      await connection.write(head + body);
      await phone.answerOn(connection);
      check(await connection.closes(3_000), 'the server to hang up', 'an open connection after 3 s');
    }),
    should('http/keep-alive-idle', '1.2.1; M p.12', 'a connection idle for two seconds still serves', async (t) => {
      const phone = t.phone();
      const first = await t.say(phone, phone.initial('start-up'));
      const connection = await phone.connection();
      check(!(await connection.closes(2_000)), 'an open connection', 'hung up within 2 s');
      await t.walkOn(phone, first);
    }),
    should(
      'http/keep-alive-two-contacts',
      '1.2.1; M p.12',
      'a second contact may use the same connection',
      async (t) => {
        const phone = t.phone();
        await t.contact(phone);
        await t.contact(phone, 'solicited');
      },
    ),
    must(
      'http/traced-headers',
      '1.2.3',
      'Host, Cookie, Content-Type, Content-Length and Connection are enough',
      async (t) => {
        const phone = t.phone();
        phone.keepsConnection = false;
        const first = await t.say(phone, phone.initial('start-up'), { cookie: 'PHPSESSID=4e1243bd22c66e76; path=/' });
        await t.walkOn(phone, first);
      },
    ),
    should('http/http-1.0-request', '1.2.1', 'a request of HTTP/1.0 is answered', startUpWith({ version: 'HTTP/1.0' })),
    must(
      'http/content-type-charset',
      '1.2.3',
      'text/xml; charset=UTF-8 is understood',
      startUpWith({ contentType: 'text/xml; charset=UTF-8' }),
    ),
    should(
      'http/content-type-quoted-charset',
      '1.2.3',
      'a quoted charset is understood',
      startUpWith({ contentType: 'text/xml;charset="utf-8"' }),
    ),
    should('http/content-type-upper-case', '1.2.3', 'TEXT/XML is understood', startUpWith({ contentType: 'TEXT/XML' })),
    should(
      'http/content-type-application',
      '1.2.3',
      'application/xml is understood',
      startUpWith({ contentType: 'application/xml' }),
    ),
    should(
      'http/content-type-none',
      '1.2.3',
      'a request without Content-Type is understood',
      startUpWith({ contentType: null }),
    ),
    must(
      'http/unknown-headers',
      '1.2.3',
      'headers that nobody knows change nothing',
      startUpWith({
        extraHeaders: [
          ['X-Phone', 'OpenStage'],
          ['Accept', '*/*'],
          ['User-Agent', 'WorkPoint/1'],
          ['Via', '1.1 proxy'],
        ],
      }),
    ),
    should('http/host-without-port', '1.1; M p.12', 'a Host header without port is accepted', async (t) => {
      await startUpWith({ host: t.settings.target.host })(t);
    }),
    should(
      'http/host-by-another-name',
      '1.1; 9.1',
      'phones may know the server by any name',
      startUpWith({ host: 'dls.example.net:18443' }),
    ),
    should(
      'http/expect-continue',
      '1.2.1',
      'Expect: 100-continue does no harm',
      startUpWith({ extraHeaders: [['Expect', '100-continue']] }),
    ),
    must('http/header-name-case', '1.2.3', 'header names in any case are understood', async (t) => {
      await startUpByHand(t, async (head, body, send) => {
        await send(head.replace('Content-Type', 'CONTENT-type').replace('Content-Length', 'content-length') + body);
      });
    }),
    must('http/header-blanks', '1.2.3', 'blanks around header values are ignored', async (t) => {
      await startUpByHand(t, async (head, body, send) => {
        await send(head.replace(/Content-Length: (\d+)/, 'Content-Length:   $1  ').replace('Type: ', 'Type:') + body);
      });
    }),
    must('http/head-before-body', '1.2.3', 'the head may arrive before the body', async (t) => {
      await startUpByHand(t, async (head, body, send) => {
        await send(head);
        await pause();
        await send(body);
      });
    }),
    must('http/body-in-pieces', '1.2.3', 'the body may arrive in many small pieces', async (t) => {
      await startUpByHand(t, async (head, body, send) => {
        await send(head);
        for (let position = 0; position < body.length; position += 100) {
          await send(body.slice(position, position + 100));
          await pause();
        }
      });
    }),
    must('http/head-byte-by-byte', '1.2.3', 'the head may arrive byte by byte', async (t) => {
      await startUpByHand(t, async (head, body, send) => {
        for (const letter of head) await send(letter);
        await send(body);
      });
    }),
    should(
      'http/absolute-path',
      '1.1',
      'the absolute form of the address is understood (RFC 9112 3.2.2)',
      async (t) => {
        const { host, port, path } = t.settings.target;
        await startUpWith({ path: `https://${host.includes(':') ? `[${host}]` : host}:${port}${path}` })(t);
      },
    ),
    must('http/large-request', '1.2.7; 5.1; M p.69', 'a message of almost 50 kB is taken', async (t) => {
      const padding = Array.from({ length: 45 }, (_, n) => ({
        name: 'XML-app-address',
        index: n,
        value: 'x'.repeat(1_000),
      }));
      await t.understood((phone) => phone.initial('start-up', padding));
    }),
  ],
};

/** Lets what was written leave in a packet of its own. */
async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5));
}
