import type { PhoneClock } from './clock.js';
import type { PhoneObserver } from './contact-result.js';
import type { CookieHabits } from './cookie.js';
import type { FileJob } from './deployment.js';
import type { DownloadHabits } from './file-download.js';
import type { ConnectionHabits, DlsHttpsClient } from './https-client.js';
import type { Fault } from './misbehaviour.js';
import type { PhoneBehaviour, PhoneIdentity } from './new-phone.js';
import type { PhoneLimits } from './phone-limits.js';

export interface VirtualPhoneOptions extends PhoneIdentity, PhoneBehaviour {
  /** `https://host:port`, with or without the path. */
  readonly url: string;
  /** Where phones that speak TLS 1.0 only go instead. */
  readonly legacyUrl?: string;
  /** What differs from the TLS of its personality. */
  readonly connection?: ConnectionHabits;
  /** Shared by the phones of a fleet; made from `connection` otherwise. */
  readonly client?: DlsHttpsClient;
  readonly cookies?: Partial<CookieHabits>;
  readonly limits?: Partial<PhoneLimits>;
  /** Time a restart takes. */
  readonly restartMs?: number;
  /** Says how loading a file ends, in place of loading it; the only way to model FTP. */
  readonly download?: (job: FileJob) => Promise<boolean>;
  readonly downloads?: DownloadHabits;
  /** The version it boots with after new software; default: the one ordered, else the one in the image. */
  readonly installs?: (job: FileJob) => string;
  /** Bad manners from the beginning. */
  readonly faults?: readonly Fault[];
  readonly observer?: PhoneObserver;
  readonly clock?: PhoneClock;
}
