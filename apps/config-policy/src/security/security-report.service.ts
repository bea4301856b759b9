import type { SecurityReportStore, ReportedPhone, SecurityCounts } from './security-report.store.js';

export type { ReportedPhone };

const DAY_MS = 86_400_000;
const CSV_BATCH = 500;

/** How far the fleet is. */
export class SecurityReportService {
  constructor(
    private readonly reports: SecurityReportStore,
    private readonly clock: () => Date,
    private readonly renewBeforeDays: number,
    /** PEM and end of the certificate authority; undefined: there is none. */
    readonly authority: { readonly certificate: string; readonly notAfter: Date } | undefined,
  ) {}

  async counts(): Promise<SecurityCounts> {
    const now = this.clock();
    return this.reports.count(now, new Date(now.getTime() + this.renewBeforeDays * DAY_MS));
  }

  /** One more than `limit` shows that there are more. */
  async insecure(after: string | undefined, limit: number): Promise<readonly ReportedPhone[]> {
    return this.reports.listInsecure(after, limit + 1);
  }

  /** All of them, however many. */
  async *allInsecure(): AsyncGenerator<ReportedPhone> {
    let after: string | undefined;
    for (;;) {
      const rows = await this.reports.listInsecure(after, CSV_BATCH);
      yield* rows;
      after = rows.at(-1)?.deviceId;
      if (rows.length < CSV_BATCH) return;
    }
  }
}
