import { check, must, should, type Chapter } from '../conformance-case.js';
import { documentOf } from '../phone/message-text.js';
import type { CaseRun } from '../run/case-run.js';
import { requestHead } from '../wire/request-text.js';
import type { ConnectionOptions } from 'node:tls';
import { TLSSocket } from 'node:tls';

/** A whole contact of a phone that speaks TLS in its own way. */
function contactOver(tls: ConnectionOptions): (t: CaseRun) => Promise<void> {
  return async (t) => {
    const phone = t.phone();
    phone.tls = tls;
    await t.contact(phone);
  };
}

export const TLS: Chapter = {
  name: 'tls',
  title: 'TLS',
  cases: [
    must('tls/no-client-certificate', '1.4; M p.12', 'no certificate is asked of a phone', contactOver({})),
    must(
      'tls/no-server-name',
      '1.1; 9.1; M p.16',
      'a phone that knows only an address names no server',
      contactOver({ servername: '' }),
    ),
    should(
      'tls/unknown-server-name',
      '1.4; M p.12',
      'a name that the certificate does not have is accepted',
      contactOver({ servername: 'dls.example.net' }),
    ),
    should(
      'tls/tls-1.2',
      '1.4; 11.14',
      'TLS 1.2 is spoken',
      contactOver({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }),
    ),
    should(
      'tls/ecdhe-aes-gcm',
      '1.4; 11.14',
      'ECDHE-RSA with AES-128-GCM is spoken',
      contactOver({
        maxVersion: 'TLSv1.2',
        ciphers: 'ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0',
      }),
    ),
    should('tls/rsa-certificate', '1.4', 'the certificate has an RSA key, which all phones can use', async (t) => {
      const { socket } = await t.open({ maxVersion: 'TLSv1.2' });
      const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
      const type = certificate?.publicKey.asymmetricKeyType ?? 'no certificate';
      check(type === 'rsa', 'rsa', type);
    }),
    must('tls/handshake-per-message', '1.2.3', 'five connections in a row, each with its own handshake', async (t) => {
      const phone = t.phone();
      phone.keepsConnection = false;
      for (let n = 0; n < 5; n += 1) await t.say(phone, phone.initial('start-up'));
      await t.contact(phone);
    }),
    should('tls/resumption', '1.2.3', 'a resumed or refused session: the contact goes on', async (t) => {
      const phone = t.phone();
      const connection = await phone.connection();
      const session = connection.socket instanceof TLSSocket ? connection.socket.getSession() : undefined;
      const first = await t.say(phone, phone.initial('start-up'));
      phone.disconnect();
      if (session !== undefined) phone.tls = { session };
      await t.walkOn(phone, first);
    }),
    must(
      'tls/dropped-without-notice',
      '1.2.3',
      'a connection that is dropped takes nothing else with it',
      async (t) => {
        const connection = await t.open();
        connection.destroy();
        await t.stillServes();
      },
    ),
    must('tls/dropped-before-answer', '1.2.3', 'a phone that hangs up before the answer is served again', async (t) => {
      const phone = t.phone();
      const connection = await t.open();
      const body = documentOf(phone.initial('start-up').text);
      await connection.write(requestHead(t.settings.target, Buffer.byteLength(body)) + body);
      connection.destroy();
      await t.contact(phone);
    }),
    must('tls/two-connections', '1.2.3', 'two phones are connected at once', async (t) => {
      const [one, other] = [t.phone(), t.phone()];
      await Promise.all([one.connection(), other.connection()]);
      await Promise.all([t.contact(one), t.contact(other)]);
    }),
    must('tls/idle-connections', '1.2.1', 'twenty connections on which nothing is said block nobody', async (t) => {
      await Promise.all(Array.from({ length: 20 }, () => t.open()));
      await t.stillServes();
    }),
  ],
};
