/** Facts of a phone that may stand in the name of a secret. */
export const TEMPLATE_FACTS = ['deviceId', 'macAddress', 'e164'] as const;
export type TemplateFact = (typeof TEMPLATE_FACTS)[number];

/** The name of a secret as policies give it: text, and facts of the phone. */
export type SecretRefTemplate = readonly (string | { readonly fact: TemplateFact })[];

/** Facts of the phone that a template may use; null where the phone has not stated it. */
export type TemplateFacts = Readonly<Record<TemplateFact, string | null>>;

export type ParsedSecretRef =
  | { readonly ok: true; readonly template: SecretRefTemplate }
  | { readonly ok: false; readonly message: string; readonly allowed: string };

/** The name of one stored secret: segments joined by `/`. */
export const SECRET_NAME = /^[A-Za-z0-9._@+:-]{1,100}(?:\/[A-Za-z0-9._@+:-]{1,100}){0,7}$/;
export const MAX_SECRET_NAME_LENGTH = 200;

/**
 * Facts come from phones, which are not trusted: a fact fills one segment of a name and cannot lead to another one. What
 * does not fit counts as not stated.
 */
const SAFE_FACT = /^(?!\.{1,2}$)[A-Za-z0-9._+:-]{1,100}$/;
const PLACEHOLDER = /\{\{ *([A-Za-z0-9]+) *\}\}/g;

/** Reads `sip/{{e164}}`. */
export function parseSecretRef(text: string): ParsedSecretRef {
  const parts: (string | { fact: TemplateFact })[] = [];
  let end = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    const fact = TEMPLATE_FACTS.find((known) => known === match[1]);
    if (fact === undefined) {
      return { ok: false, message: 'names an unknown fact in {{ }}', allowed: TEMPLATE_FACTS.join(', ') };
    }
    if (match.index > end) parts.push(text.slice(end, match.index));
    parts.push({ fact });
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push(text.slice(end));
  const skeleton = parts.map((part) => (typeof part === 'string' ? part : 'x')).join('');
  if (SECRET_NAME.test(skeleton) && text.length <= MAX_SECRET_NAME_LENGTH) return { ok: true, template: parts };
  return {
    ok: false,
    message: 'is not the name of a secret',
    allowed: 'segments of letters, digits and . _ @ + : - joined by /, facts of the phone as {{e164}}',
  };
}

/** The name for one phone; undefined when the phone has not stated a fact that is needed. */
export function resolveSecretRef(template: SecretRefTemplate, facts: TemplateFacts): string | undefined {
  let name = '';
  for (const part of template) {
    if (typeof part === 'string') {
      name += part;
      continue;
    }
    const fact = facts[part.fact];
    if (fact === null || !SAFE_FACT.test(fact)) return undefined;
    name += fact;
  }
  return name.length <= MAX_SECRET_NAME_LENGTH ? name : undefined;
}
