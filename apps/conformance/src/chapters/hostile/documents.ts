import { check, should, type ConformanceCase } from '../../conformance-case.js';
import { documentOf } from '../../phone/message-text.js';
import { requestHead } from '../../wire/request-text.js';
import { survives, survivesStartUp } from './survives.js';

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000a49444154', 'hex');
const NOISE = Buffer.from(Array.from({ length: 4_096 }, (_, n) => (n * 197 + (n >> 3) * 31) & 0xff));

const NOT_XML: readonly ConformanceCase[] = [
  survives('empty-body', 'an empty body', ''),
  survives('white-space', 'a body of blanks', ' \n\t '.repeat(100)),
  survives('noise', 'noise', NOISE),
  survives('zeros', '4 kB of zeros', Buffer.alloc(4_096)),
  survives('png', 'a picture', Buffer.concat([PNG, NOISE])),
  survives('html', 'a web page', '<!doctype html><html><body><p>Hello<br></body></html>'),
  survives('json', 'JSON', '{"WorkpointMessage":{"Message":{"nonce":"1"}}}', '1.2.3', {
    contentType: 'application/json',
  }),
  survives('form', 'a form', 'ContactMe=true', '1.2.3', { contentType: 'application/x-www-form-urlencoded' }),
  survives('one-megabyte-of-noise', '1 MB of noise', Buffer.concat(Array.from({ length: 256 }, () => NOISE)), '1.2.7'),
  survives('ten-megabytes', 'a body of 10 MB', Buffer.alloc(10_000_000, 'A'), '1.2.7; 5.1'),
  survives(
    'huge-document',
    'a well-formed document of 2 MB',
    (phone) => {
      const { text } = phone.initial('start-up');
      return documentOf({
        ...text,
        list: text.list.replace('</ItemList>', `<!--${'x'.repeat(2_000_000)}--></ItemList>`),
      });
    },
    '1.2.7; 5.1',
  ),
];

const BAD_FORM: readonly ConformanceCase[] = [
  survivesStartUp('truncated', 'a document that is cut off', () => ({ messageEnd: '', rootEnd: '' })),
  survivesStartUp('cut-in-tag', 'a document that is cut off inside a tag', () => ({
    messageEnd: '</Mess',
    rootEnd: '',
  })),
  survivesStartUp('cut-in-attribute', 'a document that is cut off inside an attribute', () => ({
    list: '<ItemList><Item name="mac',
    messageEnd: '',
    rootEnd: '',
  })),
  survivesStartUp('unclosed-item', 'an item that is not closed', ({ list }) => ({ list: list.replace('</Item>', '') })),
  survivesStartUp('crossed-tags', 'tags that cross', () => ({
    messageEnd: '</WorkpointMessage>',
    rootEnd: '</Message>',
  })),
  survivesStartUp('two-roots', 'two documents in one body', ({ rootEnd }) => ({
    rootEnd: `${rootEnd}<WorkpointMessage/>`,
  })),
  survivesStartUp('text-after-root', 'text after the root', ({ rootEnd }) => ({ rootEnd: `${rootEnd} and more` })),
  survivesStartUp('duplicate-attribute', 'an attribute twice', ({ messageStart }) => ({
    messageStart: messageStart.replace('<Message', '<Message nonce="B"'),
  })),
  survivesStartUp('bare-ampersand', 'a bare ampersand', ({ list }) => ({
    list: list.replace('OpenStage 60', 'Open & Stage'),
  })),
  survivesStartUp('unknown-entity', 'an entity that is not declared', ({ list }) => ({
    list: list.replace('OpenStage 60', '&openstage;'),
  })),
  survivesStartUp('nul-reference', 'a reference to NUL', ({ list }) => ({
    list: list.replace('OpenStage 60', 'A&#0;B'),
  })),
  survivesStartUp('surrogate-reference', 'a reference to half a character', ({ list }) => ({
    list: list.replace('OpenStage 60', 'A&#xD800;B'),
  })),
  survivesStartUp('huge-reference', 'a reference beyond Unicode', ({ list }) => ({
    list: list.replace('OpenStage 60', 'A&#x110000;&#99999999999;B'),
  })),
  survivesStartUp('control-characters', 'control characters', ({ list }) => ({
    list: list.replace('OpenStage 60', 'A\u0000\u0007\u001BB'),
  })),
  survivesStartUp('open-comment', 'a comment that does not end', ({ reason }) => ({ reason: `<!-- ${reason}` })),
  survivesStartUp('open-cdata', 'a CDATA section that does not end', ({ reason }) => ({
    reason: `<![CDATA[ ${reason}`,
  })),
  survives(
    'invalid-utf-8',
    'bytes that are no UTF-8',
    (phone) => {
      const [before = '', after = ''] = documentOf(phone.initial('start-up').text).split('OpenStage 60');
      return Buffer.concat([
        Buffer.from(before),
        Buffer.from([0xc3, 0x28, 0xff, 0xfe, 0xed, 0xa0, 0x80]),
        Buffer.from(after),
      ]);
    },
    '1.2.5; M p.30',
  ),
  survives(
    'utf-16',
    'a document in UTF-16',
    (phone) => {
      const text = documentOf(phone.initial('start-up').text).replace('utf-8', 'utf-16');
      return Buffer.from(`\uFEFF${text}`, 'utf16le');
    },
    '1.2.5; M p.30',
  ),
  survivesStartUp(
    'declared-utf-16',
    'a document that only says it is UTF-16',
    () => ({ prolog: '<?xml version="1.0" encoding="UTF-16"?>' }),
    '1.2.5',
  ),
  survives(
    'latin-1',
    'a document in ISO-8859-1',
    (phone) => {
      const text = documentOf(phone.initial('start-up', [{ name: 'display-id', value: 'Büro' }]).text);
      return Buffer.from(text.replace('utf-8', 'ISO-8859-1'), 'latin1');
    },
    '1.2.5',
  ),
  survivesStartUp(
    'unknown-encoding',
    'an encoding that does not exist',
    () => ({ prolog: '<?xml version="1.0" encoding="EBCDIC-XX"?>' }),
    '1.2.5',
  ),
];

const garbageIsAnswered = should(
  'hostile/garbage-is-answered',
  '1.2.6',
  'garbage gets an answer or is hung up on',
  async (t) => {
    const phone = t.phone();
    const connection = await t.open();
    await connection.write(requestHead(t.settings.target, NOISE.length));
    await connection.write(NOISE);
    const answered = phone.answerOn(connection).then(
      () => true,
      () => !connection.isOpen,
    );
    check(await answered, 'an answer, or the end of the connection', 'neither');
  },
);

export const HOSTILE_DOCUMENTS: readonly ConformanceCase[] = [...NOT_XML, ...BAD_FORM, garbageIsAnswered];
