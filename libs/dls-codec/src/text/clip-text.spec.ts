import { clipText } from './clip-text.js';

describe('clipText', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'abc'],
    ['ab😀', 4, 'ab😀'],
    ['ab😀', 3, 'ab'],
    ['ab😀c', 4, 'ab😀'],
    ['', 3, ''],
  ])('of %j, %i units, is %j', (text, maxLength, clipped) => {
    expect(clipText(text, maxLength)).toBe(clipped);
  });
});
