import { aBmp, aJpg, aPng, aWav } from '../../../test/file-samples.js';
import { formatOf, pictureFactsOf } from './file-format.js';

describe('formatOf', () => {
  it.each([
    ['jpg', aJpg()],
    ['png', aPng()],
    ['bmp', aBmp()],
    ['wav', aWav()],
    ['midi', Buffer.from('MThd\0\0\0\x06', 'latin1')],
    ['mp3', Buffer.from('ID3\x03\0', 'latin1')],
    ['mp3', Buffer.from('fffb9064', 'hex')],
    ['txt', Buffer.from('[LDAP]\r\nMücke\t=1\n', 'utf8')],
    ['txt', Buffer.from('BM is no picture here, but a text of some length', 'utf8')],
    [undefined, Buffer.from([1, 2, 3, 4])],
    [undefined, Buffer.from('RIFF....AVI ', 'latin1').fill(0, 4, 8)],
    [undefined, Buffer.from('fff80000', 'hex')],
    [undefined, Buffer.alloc(0)],
  ])('recognises %s by the first bytes', (format, bytes) => {
    expect(formatOf(bytes)).toBe(format);
  });

  it.each(['<?php', '%PDF-1.4\0', 'MZ\0\0'])('takes %j for no sound and no picture', (text) => {
    expect(['txt', undefined]).toContain(formatOf(Buffer.from(text, 'latin1')));
  });
});

describe('pictureFactsOf', () => {
  it('reads size and depth', () => {
    expect(pictureFactsOf(aPng(240, 70), 'png')).toEqual({ width: 240, height: 70 });
    expect(pictureFactsOf(aJpg(480, 148), 'jpg')).toEqual({ width: 480, height: 148 });
    expect(pictureFactsOf(aBmp(144, -32, 24), 'bmp')).toEqual({ width: 144, height: 32, bitsPerPixel: 24 });
  });

  it('gives up on what is cut off, and does not run in circles', () => {
    expect(pictureFactsOf(aPng().subarray(0, 20), 'png')).toBeUndefined();
    expect(pictureFactsOf(aJpg().subarray(0, 200), 'jpg')).toBeUndefined();
    expect(pictureFactsOf(Buffer.from('ffd8ffe00000ffe00000ffe00000', 'hex'), 'jpg')).toBeUndefined();
    expect(pictureFactsOf(Buffer.alloc(5_000, 0xff), 'jpg')).toBeUndefined();
  });
});
