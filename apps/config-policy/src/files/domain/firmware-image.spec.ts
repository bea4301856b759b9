import fc from 'fast-check';
import { aFirmwareImage, type FirmwareSample } from '../../../test/file-samples.js';
import { FIRMWARE_TAIL_BYTES, readFirmwareImage } from './firmware-image.js';

const read = (image: Buffer): ReturnType<typeof readFirmwareImage> =>
  readFirmwareImage(image.subarray(0, 4_096), image.subarray(-FIRMWARE_TAIL_BYTES));

describe('readFirmwareImage', () => {
  it('reads family, version, device type and firmware type', () => {
    expect(read(aFirmwareImage())).toEqual({
      family: 'OpenStage 60',
      version: 'V3 R5.12.0',
      deviceType: 'OpenStage 60',
      softwareType: 'Siemens SIP',
    });
  });

  it.each([
    ['V1.2 R0.3.4', 'V1.2 R0.3.4'],
    ['3.5.12.0', 'V3 R5.12.0'],
    ['v2 r2.30.0', 'V2 R2.30.0'],
  ])('understands the version %s', (version, expected) => {
    expect(read(aFirmwareImage({ version }))).toMatchObject({ version: expected });
  });

  it.each<FirmwareSample>([{ family: '' }, { version: 'latest' }, { family: 'x'.repeat(65) }, { family: 'Öff' }])(
    'does not know the format of %j',
    (sample) => {
      expect(read(aFirmwareImage(sample))).toBeUndefined();
    },
  );

  it('believes no types at the end that do not belong together', () => {
    for (const sample of [{ softwareType: 'Siemens XYZ' }, { deviceType: '' }]) {
      expect(read(aFirmwareImage(sample))).toMatchObject({
        version: 'V3 R5.12.0',
        deviceType: null,
        softwareType: null,
      });
    }
  });

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const image = readFirmwareImage(bytes, bytes.subarray(-FIRMWARE_TAIL_BYTES));
        expect(image === undefined || image.version.startsWith('V')).toBe(true);
      }),
    );
  });
});
