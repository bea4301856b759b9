import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesBelow, readText } from './workspace.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PAGES = [
  'README.md',
  'ARCHITECTURE.md',
  ...filesBelow(['docs', 'apps', 'libs', 'tools'], (file) => file.endsWith('.md')),
];
// npm's own package.json of this workspace: its shape is known.
const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> };

describe.each(PAGES)('%s', (page) => {
  const text = readText(page);

  it('links to what is there', () => {
    const targets = [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, target = '']) => target);
    const broken = targets.filter((target) => {
      const [file = '', anchor] = target.split('#');
      const linked = file === '' ? page : path.posix.join(path.posix.dirname(page), file);
      if (!existsSync(path.join(ROOT, linked))) return true;
      return anchor !== undefined && !anchorsOf(readText(linked)).has(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('names scripts that are there', () => {
    const named = [...text.matchAll(/npm run ([a-z][a-z:-]*)/g)].map(([, script = '']) => script);
    expect(named.filter((script) => !(script in scripts))).toEqual([]);
  });
});

/** The anchors of headings, as GitHub makes them. */
function anchorsOf(markdown: string): Set<string> {
  const headings = markdown.matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}
