import { expectedRevision, revisionEtag } from './revision-preconditions.js';

describe('the revision a client expects', () => {
  it.each([
    [{}, undefined],
    [{ 'if-match': '*' }, undefined],
    [{ 'if-match': revisionEtag(7) }, 7],
    [{ 'if-match': ` W/${revisionEtag(7)} ` }, 7],
    [{ 'if-match': '"somebody else\'s"' }, -1],
    [{ 'if-match': '7' }, -1],
    [{ 'if-none-match': '*' }, 0],
    [{ 'if-none-match': '*', 'if-match': revisionEtag(7) }, 0],
  ])('of %j is %s', (headers, revision) => {
    expect(expectedRevision(headers)).toBe(revision);
  });
});
