import { FIRMWARE_TAIL_BYTES } from '../src/files/domain/firmware-image.js';

/** A PNG as far as its header goes. */
export function aPng(width = 240, height = 70, sizeBytes = 200): Buffer {
  const bytes = Buffer.alloc(Math.max(sizeBytes, 33));
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').copy(bytes);
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes;
}

export function aBmp(width = 144, height = 32, bitsPerPixel = 1): Buffer {
  const bytes = Buffer.alloc(200);
  bytes.write('BM', 0, 'latin1');
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  bytes.writeUInt16LE(bitsPerPixel, 28);
  return bytes;
}

/** A JPEG with a comment before its frame, as cameras write it. */
export function aJpg(width = 480, height = 148): Buffer {
  const comment = Buffer.concat([Buffer.from('fffe0102', 'hex'), Buffer.alloc(0x100, 'c')]);
  const frame = Buffer.from('ffc20011080000000003012200021101031101', 'hex');
  frame.writeUInt16BE(height, 5);
  frame.writeUInt16BE(width, 7);
  return Buffer.concat([Buffer.from('ffd8', 'hex'), comment, frame, Buffer.alloc(50)]);
}

export function aWav(): Buffer {
  return Buffer.concat([Buffer.from('RIFF\x24\x00\x00\x00WAVEfmt ', 'latin1'), Buffer.alloc(40)]);
}

export interface FirmwareSample {
  readonly family?: string;
  readonly version?: string;
  readonly deviceType?: string;
  readonly softwareType?: string;
  readonly sizeBytes?: number;
}

/** A firmware image by the layout of PROTOCOL 4.10: synthetic, every byte of it is ours. */
export function aFirmwareImage(sample: FirmwareSample = {}): Buffer {
  const { family = 'OpenStage 60', version = 'V3 R5.12.0', sizeBytes = 20_000 } = sample;
  const { deviceType = 'OpenStage 60', softwareType = 'Siemens SIP' } = sample;
  const image = Buffer.alloc(sizeBytes, 0xa5);
  image.write(`${family}\0\0\0\0${version}\0`, 0x20, 'latin1');
  image.write(`${deviceType}\0\0\0${softwareType}\0`, sizeBytes - FIRMWARE_TAIL_BYTES, 'latin1');
  return image;
}
