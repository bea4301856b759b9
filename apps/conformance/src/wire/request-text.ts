import { hostHeader, type Target } from './target.js';

export type Header = readonly [name: string, value: string];

/** What differs from an ordinary request. */
export interface RequestOptions {
  readonly method?: string;
  readonly path?: string;
  readonly version?: string;
  /** Instead of `Content-Type: text/xml`; null for none. */
  readonly contentType?: string | null;
  /** Instead of the length of the body; null for none. */
  readonly contentLength?: string | null;
  readonly host?: string;
  readonly cookie?: string | undefined;
  /** Instead of nothing. */
  readonly connection?: string;
  readonly extraHeaders?: readonly Header[];
}

/** A phone's request, with the headers of a traced one and no others (PROTOCOL 1.2.3). */
export function requestHead(target: Target, bodyBytes: number, options: RequestOptions = {}): string {
  const { method = 'POST', path = target.path, version = 'HTTP/1.1', host = hostHeader(target) } = options;
  const headers: (Header | undefined)[] = [
    ['Host', host],
    options.cookie === undefined ? undefined : ['Cookie', options.cookie],
    options.contentType === null ? undefined : ['Content-Type', options.contentType ?? 'text/xml'],
    options.contentLength === null ? undefined : ['Content-Length', options.contentLength ?? String(bodyBytes)],
    options.connection === undefined ? undefined : ['Connection', options.connection],
    ...(options.extraHeaders ?? []),
  ];
  const lines = headers.filter((header) => header !== undefined).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} ${version}\r\n${lines.join('')}\r\n`;
}
