import { searchWords } from './search-text.js';
import { softwareVersionSortKey } from './software-version.js';
import { likeGlob, likePrefixOrGlob } from './text-pattern.js';

describe('a search', () => {
  it('is its words in lower case, each once', () => {
    expect(searchWords('  OpenStage  60 openstage ')).toEqual(['openstage', '60']);
  });
});

describe('a pattern', () => {
  it('takes SQL wildcards literally', () => {
    expect(likeGlob('50%_\\*?')).toBe('50\\%\\_\\\\%_');
  });

  it('is a prefix without a wildcard', () => {
    expect(likePrefixOrGlob('4989')).toBe('4989%');
    expect(likePrefixOrGlob('*31')).toBe('%31');
  });
});

describe('the sort key of a software version', () => {
  it('sorts as versions do', () => {
    const versions = ['V3 R4.11.0', null, 'V10 R1.0.0', 'V3 R4.9.0', 'V3 R4.9.10', 'V1 R5.6.53'];
    const sorted = versions.sort((a, b) => (softwareVersionSortKey(a) < softwareVersionSortKey(b) ? -1 : 1));
    expect(sorted).toEqual([null, 'V1 R5.6.53', 'V3 R4.9.0', 'V3 R4.9.10', 'V3 R4.11.0', 'V10 R1.0.0']);
  });

  it('never ends with half a character', () => {
    expect(softwareVersionSortKey(`${'x'.repeat(127)}😀`)).toBe('x'.repeat(127));
  });
});
