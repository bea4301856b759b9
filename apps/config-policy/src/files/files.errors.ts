import type { ProblemTable } from '@opendls/http';
import { AppError } from '@opendls/logging';

export type FileErrorCode =
  | 'file-name-invalid'
  | 'file-version-invalid'
  | 'file-digest-invalid'
  | 'file-digest-mismatch'
  | 'file-empty'
  | 'file-incomplete'
  | 'file-format-wrong'
  | 'file-too-large'
  | 'file-not-found'
  | 'file-in-use'
  | 'file-changed-meanwhile'
  | 'file-link-invalid'
  | 'file-streams-busy';

/** A file could not be stored, found, removed or read. */
export class FileError extends AppError<FileErrorCode> {
  constructor(code: FileErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(code, message, { logLevel: 'info', ...options });
  }
}

export const FILE_PROBLEMS: ProblemTable<FileErrorCode> = {
  'file-name-invalid': { status: 400, title: 'This cannot be the name of a file' },
  'file-version-invalid': { status: 400, title: 'This is no version of firmware' },
  'file-digest-invalid': { status: 400, title: 'The digest cannot be read' },
  'file-digest-mismatch': { status: 400, title: 'The bytes that arrived are not those of the digest' },
  'file-empty': { status: 400, title: 'The file is empty' },
  'file-incomplete': { status: 400, title: 'The upload ended before all of it was there' },
  'file-format-wrong': { status: 400, title: 'The file has not the format of its type' },
  'file-too-large': { status: 413, title: 'The file is larger than its type may be' },
  'file-not-found': { status: 404, title: 'There is no such file' },
  'file-in-use': { status: 409, title: 'An open order needs the file' },
  'file-changed-meanwhile': { status: 412, title: 'The file is not the one that If-Match names' },
  'file-link-invalid': { status: 404, title: 'There is nothing here' },
  'file-streams-busy': { status: 503, title: 'Too many files are being transferred' },
};
