import { findXmlProblem } from './check-xml.js';
import { DEFAULT_LIMITS } from './limits.js';

function codeOf(text: string): string {
  return findXmlProblem(text, DEFAULT_LIMITS)?.code ?? 'accepted';
}

describe('well-formed text is accepted', () => {
  it.each([
    '<a/>',
    '<a></a>',
    '<a ></a\n>',
    '<?xml version="1.0"?><a/>',
    "<?xml version='1.1' encoding='UTF-8' standalone='yes' ?>\n<a/>\n",
    '\n<a/>',
    '<!-- before --><a/><!-- after -->',
    '<a><!-- --><b/><!----></a>',
    '<a b="1" c=\'2\'/>',
    '<a b = "x>y" c="\'"\n\td=\'"\'/>',
    '<a><![CDATA[<not & markup> ]] ]]></a>',
    '<a>&lt;&gt;&amp;&apos;&quot;&#65;&#x41;&#x10FFFF;</a>',
    '<p:a xmlns:p="urn:x"><p:b/></p:a>',
    '<größe ä="1"/>',
    '<a>]]</a>',
    '<a>1 > 0 "quoted"</a>',
    '<a\u00b7/>',
    `<a>\u{1f4de}\ufffd</a>`,
  ])('%j', (text) => {
    expect(findXmlProblem(text, DEFAULT_LIMITS)).toBeUndefined();
  });
});

describe('malformed text is refused with the place of the fault', () => {
  it.each([
    ['<a><b></a>', 6],
    ['<a></b>', 3],
    ['<a></ab>', 3],
    ['<a/></a>', 4],
    ['</a>', 0],
    ['<a/>x', 4],
    ['<!-- -->x<a/>', 8],
    ['<a/><b/>', 4],
    ['<a/><![CDATA[x]]>', 4],
    ['<a b></a>', 3],
    ['<a b=c></a>', 3],
    ['<a b="1"c="2"/>', 8],
    ['<a b="1" b="2"/>', 9],
    ['<a b="<"/>', 6],
    ['<a b="1/><c/>"', 9],
    ['<a & />', 3],
    ['<a / >', 3],
    ['<1a/>', 1],
    ['<-a/>', 1],
    ['< a/>', 1],
    ['<a×/>', 1],
    ['<>', 1],
    ['<a>]]></a>', 3],
    ['<a>b & c</a>', 5],
    ['<a>&;</a>', 3],
    ['<a>&#;</a>', 3],
    ['<a>&#x;</a>', 3],
    ['<a>&#0;</a>', 3],
    ['<a>&#x1F;</a>', 3],
    ['<a>&#xD800;</a>', 3],
    ['<a>&#xFFFE;</a>', 3],
    ['<a>&#x110000;</a>', 3],
    ['<a b="&#0;"/>', 6],
    ['<a>&lt</a>', 3],
    ['<a>\u0000</a>', 3],
    ['<a>\u001b</a>', 3],
    ['<a>\uffff</a>', 3],
    ['<!-- a -- b --><a/>', 7],
    ['<!-- a ---><a/>', 7],
    ['<!ELEMENT a ANY><a/>', 0],
    ['<![CDATA[x]]><a/>', 0],
    ['<a/><?xml version="1.0"?>', 4],
    ['\n<?xml version="1.0"?><a/>', 1],
    ['<?xml version="2.0"?><a/>', 0],
    ['<?xml encoding="UTF-8"?><a/>', 0],
    ['<?xml version="1.0" encoding=""?><a/>', 0],
  ])('%j at %i', (text, position) => {
    expect(findXmlProblem(text, DEFAULT_LIMITS)).toMatchObject({ code: 'malformed-xml', position });
  });
});

describe('what is refused before any parser sees it', () => {
  it.each([
    ['<!DOCTYPE a><a/>', 'doctype-forbidden', 0],
    ['<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 'doctype-forbidden', 22],
    ['<!doctype html><a/>', 'doctype-forbidden', 0],
    ['<a><!ENTITY b "c"></a>', 'entity-forbidden', 3],
    ['<a>&nbsp;</a>', 'entity-forbidden', 3],
    ['<a>&größe;</a>', 'entity-forbidden', 3],
    ['<a>x&constructor;</a>', 'entity-forbidden', 4],
    ['<a b="&xxe;"/>', 'entity-forbidden', 6],
    ['<?php echo 1 ?><a/>', 'processing-instruction-forbidden', 0],
    ['<a><?x?></a>', 'processing-instruction-forbidden', 3],
    ['<?xml-stylesheet href="x"?><a/>', 'processing-instruction-forbidden', 0],
    ['', 'empty', 0],
    [' \r\n\t', 'empty', 0],
    ['hello', 'not-xml', 0],
    ['  {"a":1}', 'not-xml', 2],
  ])('%j', (text, code, position) => {
    expect(findXmlProblem(text, DEFAULT_LIMITS)).toMatchObject({ code, position });
  });
});

describe('a document that is cut off', () => {
  const document =
    '<?xml version="1.0" encoding="UTF-8"?>\n<!-- c --><a b="1" c=\'&amp;\'>t &#65; <![CDATA[x]]><d /><e f = "g"></e ></a>';

  it('is accepted whole', () => {
    expect(codeOf(document)).toBe('accepted');
  });

  it('is refused wherever it is cut, almost always as truncated', () => {
    const others: string[] = [];
    for (let length = 0; length < document.length; length++) {
      const problem = findXmlProblem(document.slice(0, length), DEFAULT_LIMITS);
      if (problem?.code === 'truncated') expect(problem.position).toBe(length);
      else others.push(`${length} ${problem?.code}`);
    }
    // Nothing at all, and a declaration that is not one yet: `<?`, `<?x`, `<?xm`, `<?xml`.
    expect(others).toEqual(['0 empty', ...[2, 3, 4, 5].map((length) => `${length} processing-instruction-forbidden`)]);
  });
});

describe('limits: the limit is accepted, one more is refused', () => {
  const limits = { ...DEFAULT_LIMITS };

  function nested(depth: number): string {
    return '<a>'.repeat(depth) + '</a>'.repeat(depth);
  }

  function withAttributes(count: number): string {
    return `<a ${Array.from({ length: count }, (_, index) => `b${index}="1"`).join(' ')}/>`;
  }

  it.each([
    ['maxDepth', 4, nested, 'too-deep', 12],
    ['maxElements', 4, (count: number) => `<a>${'<b/>'.repeat(count - 1)}</a>`, 'too-many-elements', 15],
    ['maxAttributes', 4, withAttributes, 'too-many-attributes', 31],
    ['maxNameLength', 4, (length: number) => `<${'a'.repeat(length)}/>`, 'name-too-long', 1],
    ['maxNameLength', 4, (length: number) => `<a ${'b'.repeat(length)}="1"/>`, 'name-too-long', 3],
    ['maxValueLength', 4, (length: number) => `<a>${'x'.repeat(length)}</a>`, 'value-too-long', 7],
    ['maxValueLength', 4, (length: number) => `<a b="${'x'.repeat(length)}"/>`, 'value-too-long', 10],
    ['maxValueLength', 4, (length: number) => `<a><![CDATA[${'x'.repeat(length)}]]></a>`, 'value-too-long', 16],
    ['maxValueLength', 4, (length: number) => `<a>xx<!-- c -->${'x'.repeat(length - 2)}</a>`, 'value-too-long', 17],
  ] as const)('%s', (limit, value, make, code, position) => {
    expect(findXmlProblem(make(value), { ...limits, [limit]: value })).toBeUndefined();
    expect(findXmlProblem(make(value + 1), { ...limits, [limit]: value })).toMatchObject({ code, position });
  });

  it('counts text anew behind every tag', () => {
    expect(findXmlProblem('<a>xxxx<b>xxxx</b>xxxx</a>', { ...limits, maxValueLength: 4 })).toBeUndefined();
  });
});
