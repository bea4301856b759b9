import type { Chapter } from '../conformance-case.js';
import { HOSTILE_BOMBS } from './hostile/bombs.js';
import { HOSTILE_CONNECTIONS } from './hostile/connections.js';
import { HOSTILE_CONTENTS } from './hostile/contents.js';
import { HOSTILE_DOCUMENTS } from './hostile/documents.js';

/** What no phone would send. After each of these the server still serves a phone that does nothing wrong. */
export const HOSTILE: Chapter = {
  name: 'hostile',
  title: 'Hostile input',
  isLast: true,
  cases: [...HOSTILE_DOCUMENTS, ...HOSTILE_CONTENTS, ...HOSTILE_BOMBS, ...HOSTILE_CONNECTIONS],
};
