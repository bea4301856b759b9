import type { Chapter } from '../conformance-case.js';
import { BUSY } from './busy.js';
import { CONCURRENCY } from './concurrency.js';
import { DCMP } from './dcmp.js';
import { COOKIES } from './cookies.js';
import { FILES } from './files.js';
import { FIRMWARE_CHAPTER } from './firmware.js';
import { FRAGMENTS } from './fragments.js';
import { HOSTILE } from './hostile.js';
import { HTTP } from './http.js';
import { JOBS } from './jobs.js';
import { LEGACY } from './legacy.js';
import { MOBILITY } from './mobility.js';
import { NONCES } from './nonces.js';
import { REASONS } from './reasons.js';
import { REPEATS } from './repeats.js';
import { REPLIES } from './replies.js';
import { SECURE } from './secure.js';
import { SERVICE_MESSAGES } from './service-messages.js';
import { TLS } from './tls.js';
import { WAKING } from './waking.js';
import { WRITES } from './writes.js';
import { XML } from './xml.js';

/** Every case, in the order in which they are played: what is hostile comes last. */
export const CHAPTERS: readonly Chapter[] = [
  TLS,
  HTTP,
  COOKIES,
  XML,
  SERVICE_MESSAGES,
  NONCES,
  REASONS,
  REPLIES,
  FRAGMENTS,
  WRITES,
  BUSY,
  JOBS,
  FILES,
  FIRMWARE_CHAPTER,
  MOBILITY,
  WAKING,
  DCMP,
  LEGACY,
  SECURE,
  REPEATS,
  CONCURRENCY,
  HOSTILE,
];
