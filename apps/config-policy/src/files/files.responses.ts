import { pageQuerySchema } from '@opendls/http';
import { z } from 'zod';
import { FILE_TYPES, type FileType } from './domain/file-type.js';
import type { FileEntity } from './file.entity.js';

const typeSchema = z.enum(FILE_TYPES).describe('Item `file-type`; `APP` is firmware');

export const listQuerySchema = pageQuerySchema.extend({ type: typeSchema.optional() });

export const putQuerySchema = z.strictObject({
  type: typeSchema,
  sha256: z.string().max(64).optional().describe('The SHA-256 the bytes must have, in hex'),
  version: z.string().max(32).optional().describe('Of firmware: counts before what the image says'),
  softwareType: z
    .enum(['Siemens SIP', 'Siemens HFA'])
    .optional()
    .describe('Of firmware: counts before what the image says'),
});

const warningSchema = z.object({ code: z.string(), message: z.string() });

export const fileSchema = z.object({
  name: z.string(),
  type: typeSchema,
  sha256: z.string().describe('Also the ETag, of the metadata and of the content'),
  sizeBytes: z.int(),
  contentType: z.string(),
  format: z.string().nullable().describe('Recognised by the first bytes'),
  version: z.string().nullable().describe('Of firmware: as stated, or read from the image; null: not known'),
  softwareType: z.string().nullable().describe('Of firmware: `Siemens SIP` or `Siemens HFA`'),
  image: z
    .object({ family: z.string(), deviceType: z.string().nullable() })
    .nullable()
    .describe('What the header of a firmware image says, where its format is known'),
  picture: z.object({ width: z.int(), height: z.int() }).nullable(),
  warnings: z.array(warningSchema).describe('What some phones may not like'),
  uploadedAt: z.iso.datetime(),
  uploadedBy: z.string().describe('Id of the API key'),
});
export type FileResponse = z.output<typeof fileSchema>;

export const FILE_EXAMPLE = {
  name: 'logo-os60.png',
  type: 'LOGO' satisfies FileType,
  sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  sizeBytes: 4_711,
  contentType: 'image/png',
  format: 'png',
  version: null,
  softwareType: null,
  image: null,
  picture: { width: 240, height: 70 },
  warnings: [],
  uploadedAt: '2026-01-15T08:00:00.000Z',
  uploadedBy: '4f1c0a9be2d7',
};

export function toFile({ facts, uploadedAt, warnings, ...file }: FileEntity): FileResponse {
  return { ...file, ...facts, warnings: [...warnings], uploadedAt: uploadedAt.toISOString() };
}
