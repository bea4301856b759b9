import { aBmp, aFirmwareImage, aJpg, aPng, aWav } from '../../../test/file-samples.js';
import { isStoreFileName, maxBytesOf, type FileType } from './file-type.js';
import { FIRMWARE_TAIL_BYTES } from './firmware-image.js';
import { formatProblemOf, inspectFile, type FileFacts, type FileToInspect } from './inspect-file.js';

function inspect(name: string, type: FileType, bytes: Buffer, more: Partial<FileToInspect> = {}): FileFacts {
  const tail = bytes.subarray(-FIRMWARE_TAIL_BYTES);
  return inspectFile({ name, type, head: bytes, tail, sizeBytes: bytes.length, ...more });
}

const codes = ({ warnings }: FileFacts): string[] => warnings.map(({ code }) => code);

describe('formatProblemOf', () => {
  it.each<[FileType, Buffer]>([
    ['PIC', aBmp()],
    ['SCREENSAVER', aWav()],
    ['RINGTONE', aPng()],
    ['MOH', Buffer.from('text')],
    ['LDAP', aPng()],
    ['LOGO', Buffer.from([1, 2, 3])],
  ])('says what a %s is when it is something else', (type, bytes) => {
    expect(formatProblemOf(type, bytes)).toMatch(new RegExp(`^A file of type ${type} is `));
  });

  it.each<[FileType, Buffer]>([
    ['PIC', aJpg()],
    ['SCREENSAVER', aPng()],
    ['RINGTONE', aWav()],
    ['LOGO', aBmp()],
    ['LDAP', Buffer.from('a=b\n')],
    ['APP', Buffer.from([0])],
    ['DONGLE', Buffer.from([0])],
  ])('takes a %s', (type, bytes) => {
    expect(formatProblemOf(type, bytes)).toBeUndefined();
  });
});

describe('inspectFile', () => {
  it('has nothing to say of a logo of an ideal size', () => {
    expect(inspect('a.png', 'LOGO', aPng(240, 70))).toMatchObject({
      ...{ format: 'png', contentType: 'image/png', picture: { width: 240, height: 70 }, warnings: [] },
    });
    expect(codes(inspect('a.jpeg', 'LOGO', aJpg(480, 148)))).toEqual([]);
    expect(codes(inspect('a.bmp', 'LOGO', aBmp()))).toEqual([]);
  });

  it('warns of logos that fit no model', () => {
    expect(codes(inspect('a.png', 'LOGO', aPng(144, 32)))).toEqual(['logo-size']);
    expect(codes(inspect('a.bmp', 'LOGO', aBmp(144, 32, 24)))).toEqual(['logo-colours']);
  });

  it('warns of names and sizes that some phones may not like', () => {
    expect(codes(inspect('a.jpg', 'RINGTONE', aWav(), { sizeBytes: 1_000_001 }))).toEqual([
      'size-doubtful',
      'extension-unusual',
    ]);
    expect(codes(inspect('a.wav', 'RINGTONE', aWav(), { sizeBytes: 1_000_000 }))).toEqual([]);
  });

  it('reads the version of firmware; what is stated counts first, with a warning', () => {
    expect(inspect('a.app', 'APP', aFirmwareImage())).toMatchObject({
      ...{ version: 'V3 R5.12.0', softwareType: 'Siemens SIP', warnings: [] },
      image: { family: 'OpenStage 60', deviceType: 'OpenStage 60' },
    });
    const stated = { statedVersion: '3.6.0.0', statedSoftwareType: 'Siemens HFA' };
    const facts = inspect('a.app', 'APP', aFirmwareImage(), stated);
    expect(facts).toMatchObject({ version: 'V3 R6.0.0', softwareType: 'Siemens HFA' });
    expect(codes(facts)).toEqual(['firmware-version-differs', 'firmware-type-differs']);
    expect(codes(inspect('a.app', 'APP', aFirmwareImage(), { statedVersion: '3.5.12.0' }))).toEqual([]);
  });

  it('keeps firmware of an unknown format, without a version unless one is stated', () => {
    const unknown = inspect('a.img', 'APP', Buffer.alloc(1_000, 7));
    expect(unknown).toMatchObject({ version: null, softwareType: null, image: null });
    expect(codes(unknown)).toEqual(['firmware-unknown']);
    expect(inspect('a.img', 'APP', Buffer.alloc(1_000, 7), { statedVersion: 'V1 R9.3.0' })).toMatchObject({
      version: 'V1 R9.3.0',
    });
  });
});

describe('limits', () => {
  it('are those of the type, and of the store where the type has none', () => {
    expect([maxBytesOf('PIC', 1e9), maxBytesOf('RINGTONE', 1e9), maxBytesOf('APP', 1e9)]).toEqual([
      307_200, 1_048_576, 1e9,
    ]);
    expect(maxBytesOf('PIC', 1_000)).toBe(1_000);
  });

  it.each(['a', 'logo-os60.png', 'A_1.2.app', `a${'b'.repeat(63)}`])('allow the name %s', (name) => {
    expect(isStoreFileName(name)).toBe(true);
  });

  it.each(['', '.', '..', '.htaccess', '-x', 'a b', 'a/b', 'a&b', 'ä.png', 'a%20', `a${'b'.repeat(64)}`, 'a\n'])(
    'do not allow the name %j',
    (name) => {
      expect(isStoreFileName(name)).toBe(false);
    },
  );
});
