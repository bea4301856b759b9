import { KafkaJSProtocolError } from 'kafkajs';
import { isRefusal } from './kafka-errors.js';

/** As kafkajs makes it of the broker's answer. */
function anAnswer(type: string, code: number): Error {
  return new KafkaJSProtocolError({
    name: 'KafkaJSProtocolError',
    message: type,
    type,
    code,
    retriable: false,
  } as never);
}

describe('a failed request', () => {
  it.each([
    ['MESSAGE_TOO_LARGE', 10],
    ['RECORD_LIST_TOO_LARGE', 18],
    ['INVALID_RECORD', 87],
  ])('is a refusal of its records when the broker says %s', (type, code) => {
    expect(isRefusal(anAnswer(type, code))).toBe(true);
    expect(isRefusal(new Error('wrapped', { cause: anAnswer(type, code) }))).toBe(true);
  });

  it.each([
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', 45],
    ['INVALID_PRODUCER_EPOCH', 47],
    ['UNKNOWN_PRODUCER_ID', 59],
    ['TOPIC_AUTHORIZATION_FAILED', 29],
    ['KAFKAJS_UNKNOWN_ERROR_CODE', 90],
  ])('is none when %s: another producer, or an operator, gets the same records through', (type, code) => {
    expect(isRefusal(anAnswer(type, code))).toBe(false);
  });

  it.each(['KafkaJSSASLAuthenticationError', 'KafkaJSNumberOfRetriesExceeded', 'Error'])(
    'is none when the broker could not be asked (%s)',
    (name) => {
      expect(isRefusal(Object.assign(new Error('failed'), { name }))).toBe(false);
    },
  );

  it('is a refusal when the client cannot even write the records', () => {
    expect(isRefusal(new TypeError('not a header'))).toBe(true);
  });
});
