import type { DecodeWarning, DecodeWarningCode } from './protocol-error.js';

const MAX_WARNINGS = 50;
const MAX_SUBJECT_LENGTH = 64;

/** The oddities of one message, in order, bounded in number and size whatever the message holds. */
export class WarningList {
  private readonly list: DecodeWarning[] = [];

  add(code: DecodeWarningCode, subject?: string): void {
    if (this.list.length > MAX_WARNINGS) return;
    if (this.list.length === MAX_WARNINGS) this.list.push({ code: 'more-warnings' });
    else this.list.push(subject === undefined ? { code } : { code, subject: subject.slice(0, MAX_SUBJECT_LENGTH) });
  }

  get warnings(): readonly DecodeWarning[] {
    return this.list;
  }
}
