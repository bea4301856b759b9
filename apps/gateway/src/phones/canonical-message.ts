/** Text, then one tag as the codec writes it: attributes with one blank before each, in double quotes. */
const PART = /([^<]*)<(\/?)([A-Za-z]+)((?: [A-Za-z:]+="[^"<]*")*)(\/?)>/gy;
const ATTRIBUTE = / ([A-Za-z:]+)="([^"<]*)"/g;
const REFERENCE = /&[^;]*;?/g;
const DECLARATION = /^<\?xml[^?]*\?>/;

/** How the codec writes references, and how Canonical XML 1.0 does (section 2.3: text nodes, attribute nodes). */
const TEXT_REFERENCES: Readonly<Record<string, string>> = {
  '&amp;': '&amp;',
  '&lt;': '&lt;',
  '&gt;': '&gt;',
  '&#13;': '&#xD;',
};
const ATTRIBUTE_REFERENCES: Readonly<Record<string, string>> = {
  '&amp;': '&amp;',
  '&lt;': '&lt;',
  '&gt;': '>',
  '&quot;': '&quot;',
  '&#9;': '&#x9;',
  '&#10;': '&#xA;',
  '&#13;': '&#xD;',
};

/**
 * A document of the codec in the form of Canonical XML 1.0 without comments, as an element inside another one whose
 * namespace is not its own. Only for what the codec writes: no comments, instructions, CDATA; namespaces on the root only.
 * Throws for anything else, so that nothing is signed that was not understood.
 */
export function canonicalMessage(document: string): string {
  const body = document.replace(DECLARATION, '');
  let canonical = '';
  let end = 0;
  for (const [part, text = '', slash = '', name = '', attributes = '', isEmpty] of body.matchAll(PART)) {
    if (attributes.includes(' xmlns') && end > 0) throw new Error('a namespace is declared inside of the message');
    canonical += canonicalText(text) + `<${slash}${name}${canonicalAttributes(attributes)}>`;
    if (isEmpty) canonical += `</${name}>`;
    end += part.length;
  }
  if (end === 0 || end !== body.length) throw new Error(`not a message of the codec, at character ${end}`);
  return canonical;
}

function canonicalText(text: string): string {
  return text.includes('&') ? replaceReferences(text, TEXT_REFERENCES) : text;
}

function canonicalAttributes(attributes: string): string {
  if (attributes === '') return '';
  return [...attributes.matchAll(ATTRIBUTE)]
    .map(([, name = '', value = '']) => ({ name, value, rank: rankOf(name) }))
    .sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1))
    .map(({ name, value }) => ` ${name}="${replaceReferences(value, ATTRIBUTE_REFERENCES)}"`)
    .join('');
}

/** The default namespace, other namespaces, attributes of no namespace, attributes of the one namespace with a prefix. */
function rankOf(name: string): number {
  if (name === 'xmlns') return 0;
  if (name.startsWith('xmlns:')) return 1;
  return name.includes(':') ? 3 : 2;
}

function replaceReferences(text: string, known: Readonly<Record<string, string>>): string {
  return text.replace(REFERENCE, (reference) => {
    const canonical = known[reference];
    if (canonical === undefined) throw new Error('a reference that the codec does not write');
    return canonical;
  });
}
