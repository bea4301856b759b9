export { decodeMessage } from './decode-message.js';
export type { DecodedMessage, DecodeOptions, DecodeResult } from './decode-message.js';
export { encodeDlsMessage, encodeWorkpointMessage } from './encode-message.js';
export type { EncodeOptions } from './encode-message.js';
export type { Item } from './items/item.js';
export type { DlsMessage } from './messages/dls-message.js';
export type { UnknownMessage } from './messages/unknown-message.js';
export type { WorkpointMessage } from './messages/workpoint-message.js';
export { DECODE_ERROR_CODES, DECODE_WARNING_CODES } from './protocol-error.js';
export type { DecodeError, DecodeErrorCode, DecodeWarning, DecodeWarningCode } from './protocol-error.js';
export {
  ACTIONS,
  findAction,
  findItemStatus,
  findReason,
  findReplyStatus,
  ITEM_STATUSES,
  REASONS,
  REPLY_STATUSES,
} from './protocol-names.js';
export type { DlsAction, Fragment, ItemStatus, ReasonForContact, ReplyStatus } from './protocol-names.js';
export { redactItems, redactMessage } from './redact-message.js';
export { clipText } from './text/clip-text.js';
export { DEFAULT_LIMITS, MAX_MESSAGE_BYTES } from './xml/limits.js';
export type { CodecLimits } from './xml/limits.js';
