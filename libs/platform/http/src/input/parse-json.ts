/** Deeper documents than this are not ours, and recursion over them could exhaust the stack. */
const MAX_DEPTH = 64;

/** A JSON document, or why it was refused. */
export type JsonResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: 'syntax' | 'depth' | 'forbidden-key' };

/**
 * Parses JSON from outside. Refuses what only makes sense as an attack on prototypes (`__proto__` keys, `constructor`
 * with `prototype` inside) and documents nested too deeply. Says nothing about the content.
 */
export function parseJson(text: string): JsonResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'syntax' };
  }
  const queue: { readonly node: unknown; readonly depth: number }[] = [{ node: value, depth: 0 }];
  for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
    const { node, depth } = entry;
    if (typeof node !== 'object' || node === null) continue;
    if (depth > MAX_DEPTH) return { ok: false, reason: 'depth' };
    if (pollutes(node)) return { ok: false, reason: 'forbidden-key' };
    for (const child of Object.values(node)) queue.push({ node: child, depth: depth + 1 });
  }
  return { ok: true, value };
}

function pollutes(node: object): boolean {
  if (Object.hasOwn(node, '__proto__')) return true;
  const inner: unknown = Object.hasOwn(node, 'constructor') ? node.constructor : undefined;
  return typeof inner === 'object' && inner !== null && Object.hasOwn(inner, 'prototype');
}
