interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** What the tests read of an inventory device. */
export interface Device {
  readonly deviceId: string;
  readonly deviceType: string;
  readonly softwareVersion: string;
  readonly startUpCount: number;
  readonly lastReason: string;
}

/** What the tests read of a device in config-policy. */
export interface DevicePolicy {
  readonly state: string;
  readonly desiredItems: readonly {
    readonly name: string;
    readonly index?: number;
    readonly value?: string;
    readonly policy: string;
  }[];
  readonly differences: readonly { readonly name: string; readonly index?: number }[];
}

/** The HTTP APIs as a script uses them. */
export class ApiClient {
  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {}

  async get<T>(path: string): Promise<T> {
    const answer = await this.request('GET', path);
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  request(method: string, path: string, body?: string, contentType = 'application/json'): Promise<Response> {
    const headers = {
      authorization: `Bearer ${this.key}`,
      ...(body === undefined ? {} : { 'content-type': contentType }),
    };
    return fetch(`${this.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
  }

  upload(path: string, bytes: Buffer): Promise<Response> {
    const headers = { authorization: `Bearer ${this.key}`, 'content-type': 'application/octet-stream' };
    return fetch(`${this.url}${path}`, { method: 'PUT', headers, body: new Uint8Array(bytes) });
  }

  async putPolicy(name: string, yaml: string): Promise<void> {
    const answer = await this.request('PUT', `/config-policy/v1/policies/${name}`, yaml, 'application/yaml');
    if (!answer.ok) throw new Error(`PUT policy ${name}: ${answer.status} ${await answer.text()}`);
  }

  /** Every entry of a list, page by page. */
  async all<T>(path: string): Promise<T[]> {
    const items: T[] = [];
    const separator = path.includes('?') ? '&' : '?';
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Page<T> = await this.get(
        `${path}${separator}limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    return items;
  }

  devices(): Promise<Device[]> {
    return this.all<Device>('/inventory/v1/devices');
  }

  policyOf(deviceId: string): Promise<DevicePolicy> {
    return this.get(`/config-policy/v1/devices/${deviceId}`);
  }
}
