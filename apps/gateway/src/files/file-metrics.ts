import { Counter, Gauge, type Registry } from 'prom-client';

/** How a request for a file ended. */
export type FileOutcome =
  | 'sent'
  | 'not-modified'
  | 'range-not-satisfiable'
  | 'aborted'
  | 'stalled'
  | 'link-invalid'
  | 'link-expired'
  | 'file-gone'
  | 'file-unavailable'
  | 'too-many-downloads';

/** What is counted of files for phones. */
export class FileMetrics {
  readonly requests: Counter<'listener' | 'outcome'>;
  readonly bytes: Counter;
  readonly fetches: Counter<'outcome'>;

  constructor(private readonly registry: Registry) {
    const registers = [registry];
    this.requests = new Counter({
      name: 'opendls_gateway_file_requests_total',
      help: 'Requests of phones for files, by how they ended',
      labelNames: ['listener', 'outcome'],
      registers,
    });
    this.bytes = new Counter({ name: 'opendls_gateway_file_bytes_total', help: 'Bytes of files sent', registers });
    this.fetches = new Counter({
      name: 'opendls_gateway_file_fetches_total',
      help: 'Contents asked of config-policy, and requests that got none',
      labelNames: ['outcome'],
      registers,
    });
  }

  observe(downloads: () => number): void {
    new Gauge({
      name: 'opendls_gateway_downloads',
      help: 'Downloads in progress',
      registers: [this.registry],
      collect() {
        this.set(downloads());
      },
    });
  }
}
