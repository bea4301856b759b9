import { findXmlProblem } from './check-xml.js';
import { DEFAULT_LIMITS } from './limits.js';
import { readXml, type XmlElement } from './read-xml.js';

function read(text: string): XmlElement {
  expect(findXmlProblem(text, DEFAULT_LIMITS)).toBeUndefined();
  return readXml(text);
}

describe("the parser's unsafe defaults are off", () => {
  it.each(['0123', '1e3', '0x1F', '1.50', '-0', 'true', 'false', 'null', 'NaN', 'Infinity', '9007199254740993', '+49'])(
    'keeps %s a string',
    (text) => {
      const element = read(`<a b="${text}">${text}</a>`);
      expect(element.text).toBe(text);
      expect(element.attributes.get('b')).toBe(text);
    },
  );

  it('keeps white space round text and attribute values', () => {
    const element = read('<a b="  x ">\n  y\t\n</a>');
    expect(element.text).toBe('\n  y\t\n');
    expect(element.attributes.get('b')).toBe('  x ');
  });

  it('keeps attributes', () => {
    expect([...read('<a b="1" c:d="2"/>').attributes]).toEqual([
      ['b', '1'],
      ['c:d', '2'],
    ]);
  });

  it('keeps order and duplicates of elements', () => {
    const names = read('<a><c/><b/><c/><b/></a>').children.map((child) => child.name);
    expect(names).toEqual(['c', 'b', 'c', 'b']);
  });

  it('does not tell an element from a list by its number of children', () => {
    expect(read('<a><b/></a>').children).toHaveLength(1);
    expect(read('<a><b/><b/></a>').children).toHaveLength(2);
  });

  it.each(['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', 'valueOf'])(
    'reads the names %s without throwing',
    (name) => {
      const element = read(`<r><${name} ${name}="1">x</${name}><${name}/></r>`);
      expect(element.children.map((child) => child.text)).toEqual(['x', '']);
      expect(element.children[0]?.attributes.get(name)).toBe('1');
      expect(({} as Record<string, unknown>)['1']).toBeUndefined();
    },
  );

  it('takes element names that are special elsewhere as they are', () => {
    const names = ['br', 'script', 'xmlns', 'text', '_', 'a.b', 'a-b'];
    const element = read(`<r>${names.map((name) => `<${name}>x</${name}>`).join('')}</r>`);
    expect(element.children.map((child) => `${child.name}=${child.text}`)).toEqual(names.map((name) => `${name}=x`));
  });
});

describe('references', () => {
  it('resolves each exactly once', () => {
    const element = read('<a b="&amp;lt;&quot;">&amp;lt; &#38;amp; &lt;&gt;&apos;&#x41;&#65;&#x1F4DE;</a>');
    expect(element.text).toBe("&lt; &amp; <>'AA\u{1f4de}");
    expect(element.attributes.get('b')).toBe('&lt;"');
  });

  it('resolves none in a CDATA section', () => {
    expect(read('<a>1<![CDATA[&amp;<b>]]>2<!-- c -->3</a>').text).toBe('1&amp;<b>23');
  });

  it('leaves suspicious looking text alone', () => {
    const text = '&lt;script&gt;alert(1)&lt;/script&gt; ${x} javascript:';
    expect(read(`<a>${text}</a>`).text).toBe('<script>alert(1)</script> ${x} javascript:');
  });
});

describe('white space', () => {
  it('reads line ends as line feeds', () => {
    expect(read('<a>1\r\n2\r3&#13;4</a>').text).toBe('1\n2\n3\r4');
  });

  it('reads written line feeds and tabs in attributes as blanks, references as what they are', () => {
    expect(read('<a b="1\n2\t3\r\n4&#10;5&#9;6"/>').attributes.get('b')).toBe('1 2 3 4\n5\t6');
  });
});

describe('tags that are easily misread', () => {
  it.each([
    ['<a b="x>y"/>', 'x>y'],
    ["<a b='x>y'>t</a>", 'x>y'],
    ['<a b="/"/>', '/'],
    ['<a b="x/"></a>', 'x/'],
    ["<a b='\"'/>", '"'],
    ['<a b="\'"/>', "'"],
    ['<a\n\tb\n=\n"x"\n/>', 'x'],
    ['<a b=""/>', ''],
    ['<a c="1" b="c=2"/>', 'c=2'],
    ['<a b="--&gt;]]&gt;?&gt;"/>', '-->]]>?>'],
    ['<a b="?>"/>', '?>'],
  ])('%j', (text, value) => {
    expect(read(text).attributes.get('b')).toBe(value);
  });

  it('finds the root behind a declaration and comments', () => {
    expect(read('<?xml version="1.1"?>\n<!-- <x> -->\n<a>t</a>\n<!-- y -->').name).toBe('a');
  });

  it('numbers elements in document order', () => {
    const root = read('<a><b><c/></b><d/></a>');
    expect([root, root.children[0], root.children[0]?.children[0], root.children[1]].map((e) => e?.ordinal)).toEqual([
      1, 2, 3, 4,
    ]);
  });
});
