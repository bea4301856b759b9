export { FileLinks, isFileName, MAX_FILE_NAME_LENGTH } from './file-links.js';
export type { FileLink, FileLinkErrorCode, VerifiedFileLink } from './file-links.js';
