import { once } from 'node:events';
import { createServer } from 'node:net';
import { check, must, type ConformanceCase } from '../../conformance-case.js';
import { documentOf, PROLOG } from '../../phone/message-text.js';
import { MARKER, post, survives, survivesStartUp, type Body } from './survives.js';

/** A start-up whose number is this entity. */
function withEntity(doctype: string, entity = '&x;'): Body {
  return (phone) => {
    const { text } = phone.initial('start-up');
    const list = text.list.replace(phone.traits.e164, entity);
    return documentOf({ ...text, prolog: `${PROLOG}${doctype}\n`, list });
  };
}

function laughs(levels: number): string {
  const entities = Array.from({ length: levels }, (_, n) =>
    n === 0 ? `<!ENTITY l0 "${MARKER}">` : `<!ENTITY l${n} "${`&l${n - 1};`.repeat(10)}">`,
  );
  return `<!DOCTYPE WorkpointMessage [${entities.join('')}]>`;
}

const BOMBS: readonly ConformanceCase[] = [
  survives(
    'doctype',
    'a document type',
    (phone) => {
      const { text } = phone.initial('start-up');
      return documentOf({ ...text, prolog: `${PROLOG}<!DOCTYPE WorkpointMessage>\n` });
    },
    '2.1',
  ),
  survives(
    'internal-entity',
    'an entity of its own',
    withEntity(`<!DOCTYPE WorkpointMessage [<!ENTITY x "${MARKER}">]>`),
    '2.1',
  ),
  survives('entity-bomb', 'an entity bomb', withEntity(laughs(10), '&l9;'), '2.1'),
  survives(
    'quadratic-bomb',
    'one large entity many times',
    withEntity(`<!DOCTYPE W [<!ENTITY x "${'y'.repeat(20_000)}">]>`, '&x;'.repeat(5_000)),
    '2.1',
  ),
  survives(
    'file-entity',
    'an entity that is a file',
    withEntity('<!DOCTYPE W [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
    '2.1',
  ),
  survives(
    'parameter-entity',
    'a parameter entity',
    withEntity('<!DOCTYPE W [<!ENTITY % p SYSTEM "file:///dev/zero"> %p;]>', ''),
    '2.1',
  ),
  survivesStartUp('processing-instruction', 'a processing instruction', ({ reason }) => ({
    reason: `<?php system("id"); ?>${reason}`,
  })),
  survivesStartUp('style-sheet', 'a style sheet', () => ({
    prolog: `${PROLOG}<?xml-stylesheet href="http://192.0.2.1/x.xsl"?>`,
  })),
  survivesStartUp('x-include', 'an XInclude', ({ list }) => ({
    list: list.replace(
      '</ItemList>',
      '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/></ItemList>',
    ),
  })),
  survivesStartUp('deep-nesting', '10,000 elements inside one another', () => ({
    list: '<ItemList>'.repeat(10_000) + '</ItemList>'.repeat(10_000),
  })),
  survivesStartUp('deeper-nesting', '100,000 elements that are never closed', () => ({
    list: '<a>'.repeat(100_000),
    messageEnd: '',
    rootEnd: '',
  })),
  survivesStartUp('many-attributes', '10,000 attributes', ({ list }) => ({
    list: list.replace('<Item ', `<Item ${Array.from({ length: 10_000 }, (_, n) => `a${n}="1"`).join(' ')} `),
  })),
  survivesStartUp('many-namespaces', '5,000 namespaces', () => ({
    rootStart: `<WorkpointMessage ${Array.from({ length: 5_000 }, (_, n) => `xmlns:n${n}="urn:${n}"`).join(' ')}>`,
  })),
  survivesStartUp('huge-attribute', 'an attribute of 900 kB', ({ list }) => ({
    list: list.replace('<Item ', `<Item x="${'y'.repeat(900_000)}" `),
  })),
  survivesStartUp('huge-name', 'an element name of 900 kB', ({ list }) => ({
    list: list.replace('<ItemList>', `<ItemList><${'n'.repeat(900_000)}/>`),
  })),
  survivesStartUp('huge-value', 'a value of 900 kB', ({ list }) => ({
    list: list.replace('OpenStage 60', 'z'.repeat(900_000)),
  })),
  survivesStartUp('many-items', '20,000 items', ({ list }) => ({
    list: list.replace('</ItemList>', `${'<Item name="reg-port">5060</Item>'.repeat(20_000)}</ItemList>`),
  })),
  survivesStartUp('many-comments', '50,000 comments', ({ reason }) => ({
    reason: `${'<!-- -->'.repeat(50_000)}${reason}`,
  })),
];

/** Nobody is called because a phone's document says so. */
const externalEntity = must(
  'hostile/external-entity',
  '2.1',
  'fetches nothing that a document refers to',
  async (t) => {
    let calls = 0;
    const listener = createServer((socket) => {
      calls += 1;
      socket.destroy();
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    try {
      const address = listener.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const doctype = `<!DOCTYPE W SYSTEM "http://127.0.0.1:${port}/w.dtd" [<!ENTITY x SYSTEM "http://127.0.0.1:${port}/x">]>`;
      const body = withEntity(doctype);
      await post(t, typeof body === 'function' ? body(t.phone()) : body);
      await t.stillServes();
      check(calls === 0, 'no connection', `${calls} connections`);
    } finally {
      listener.close();
    }
  },
);

/** Documents that cost more to read than to write, or that reach out. */
export const HOSTILE_BOMBS: readonly ConformanceCase[] = [...BOMBS, externalEntity];
