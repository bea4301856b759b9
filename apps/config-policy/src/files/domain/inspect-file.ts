import { formatFirmwareVersion, isSameFirmwareVersion, parseFirmwareVersion } from '@opendls/firmware';
import { contentTypeOf, formatOf, hasExtensionOf, pictureFactsOf, type FileFormat } from './file-format.js';
import { FILE_TYPE_RULES, type FileType } from './file-type.js';
import { readFirmwareImage, type FirmwareImage } from './firmware-image.js';

/** What is doubtful about a file; it is stored nevertheless. */
export type FileWarningCode =
  | 'size-doubtful'
  | 'extension-unusual'
  | 'logo-size'
  | 'logo-colours'
  | 'format-model-dependent'
  | 'firmware-unknown'
  | 'firmware-version-differs'
  | 'firmware-type-differs';

export interface FileWarning {
  readonly code: FileWarningCode;
  readonly message: string;
}

/** A file as far as it has to be looked at. */
export interface FileToInspect {
  readonly name: string;
  readonly type: FileType;
  /** Its beginning; all of it where a type has a limit below that. */
  readonly head: Uint8Array;
  /** Its last 0x128 bytes. */
  readonly tail: Uint8Array;
  readonly sizeBytes: number;
  /** What the uploader says of a firmware image. */
  readonly statedVersion?: string | undefined;
  readonly statedSoftwareType?: string | undefined;
}

/** What the store keeps of a file besides its bytes. */
export interface FileFacts {
  readonly format: FileFormat | null;
  readonly contentType: string;
  readonly version: string | null;
  readonly softwareType: string | null;
  readonly image: Pick<FirmwareImage, 'family' | 'deviceType'> | null;
  readonly picture: { readonly width: number; readonly height: number } | null;
  readonly warnings: readonly FileWarning[];
}

/** The ideal sizes of logos (PROTOCOL 3.4), and the models they are for. */
const LOGO_SIZES = [
  { model: 'OpenStage 40', formats: ['bmp'], width: 144, height: 32 },
  { model: 'OpenStage 60', formats: ['jpg', 'png'], width: 240, height: 70 },
  { model: 'OpenStage 80', formats: ['jpg', 'png'], width: 480, height: 148 },
] as const;

/** Whether a beginning is one of a file of the type; if not, what it should be. */
export function formatProblemOf(type: FileType, head: Uint8Array): string | undefined {
  const { formats } = FILE_TYPE_RULES[type];
  const format = formatOf(head);
  if (formats === undefined || (format !== undefined && formats.includes(format))) return undefined;
  return `A file of type ${type} is ${formats.join(', ')}; this is ${format ?? 'none of them'}, by its first bytes.`;
}

/** Everything that can be said of a file whose format is right. */
export function inspectFile(file: FileToInspect): FileFacts {
  if (file.type === 'APP') return inspectFirmware(file);
  const format = FILE_TYPE_RULES[file.type].formats === undefined ? undefined : formatOf(file.head);
  const picture = pictureFactsOf(file.head, format);
  return {
    format: format ?? null,
    contentType: contentTypeOf(format),
    ...{ version: null, softwareType: null, image: null },
    picture: picture === undefined ? null : { width: picture.width, height: picture.height },
    warnings: [
      ...sizeWarnings(file),
      ...(format === undefined ? [] : formatWarnings(file, format)),
      ...(file.type === 'LOGO' ? logoWarnings(format, picture) : []),
    ],
  };
}

function sizeWarnings({ type, sizeBytes }: FileToInspect): FileWarning[] {
  const { doubtfulBytes } = FILE_TYPE_RULES[type];
  if (doubtfulBytes === undefined || sizeBytes <= doubtfulBytes) return [];
  return [warning('size-doubtful', `Phones that count 1000 to a kilobyte take at most ${doubtfulBytes} bytes.`)];
}

function formatWarnings({ name, type }: FileToInspect, format: FileFormat): FileWarning[] {
  const found: FileWarning[] = [];
  if (!hasExtensionOf(name, format)) {
    found.push(
      warning('extension-unusual', `The name does not end as ${format} files do; some phones go by the name.`),
    );
  }
  if (type === 'MOH' && format === 'mp3') {
    found.push(warning('format-model-dependent', 'As music on hold, OpenStage 60 and 80 play MP3, others do not.'));
  }
  if (type === 'PIC' || type === 'SCREENSAVER') {
    found.push(warning('format-model-dependent', 'OpenStage 60 and 80 take pictures, smaller models do not.'));
  }
  return found;
}

function logoWarnings(format: FileFormat | undefined, picture: ReturnType<typeof pictureFactsOf>): FileWarning[] {
  const found: FileWarning[] = [];
  const fits = LOGO_SIZES.some(
    ({ formats, width, height }) =>
      formats.some((one) => one === format) && picture?.width === width && picture.height === height,
  );
  if (!fits) {
    const ideal = LOGO_SIZES.map(
      ({ model, formats, width, height }) => `${model}: ${formats.join('/')} ${width}x${height}`,
    );
    const size = picture === undefined ? 'of unknown size' : `${picture.width}x${picture.height}`;
    found.push(warning('logo-size', `This is ${size}; ideal are ${ideal.join(', ')}.`));
  }
  if (picture?.bitsPerPixel !== undefined && picture.bitsPerPixel !== 1) {
    found.push(
      warning('logo-colours', `OpenStage 40 takes black and white (1 bit); this has ${picture.bitsPerPixel} bits.`),
    );
  }
  return found;
}

function inspectFirmware({ head, tail, statedVersion, statedSoftwareType }: FileToInspect): FileFacts {
  const image = readFirmwareImage(head, tail);
  const stated = statedVersion === undefined ? undefined : parseFirmwareVersion(statedVersion);
  const version = stated === undefined ? (image?.version ?? null) : formatFirmwareVersion(stated);
  const softwareType = statedSoftwareType ?? image?.softwareType ?? null;
  return {
    format: null,
    contentType: contentTypeOf(undefined),
    version,
    softwareType,
    image: image === undefined ? null : { family: image.family, deviceType: image.deviceType },
    picture: null,
    warnings: firmwareWarnings(image, version, softwareType),
  };
}

function firmwareWarnings(
  image: FirmwareImage | undefined,
  version: string | null,
  softwareType: string | null,
): FileWarning[] {
  if (image === undefined) {
    const advice =
      version === null ? 'Give the version with ?version=; without it, no order can check the result.' : '';
    return [warning('firmware-unknown', `The header is not of a format that is known. ${advice}`.trim())];
  }
  const found: FileWarning[] = [];
  if (version !== null && !isSameFirmwareVersion(version, image.version)) {
    found.push(warning('firmware-version-differs', `The image says ${image.version}; what was stated holds.`));
  }
  if (image.softwareType !== null && softwareType !== image.softwareType) {
    found.push(warning('firmware-type-differs', `The image says ${image.softwareType}; what was stated holds.`));
  }
  return found;
}

function warning(code: FileWarningCode, message: string): FileWarning {
  return { code, message };
}
