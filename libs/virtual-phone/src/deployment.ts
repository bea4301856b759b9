import type { Item } from '@opendls/dls-codec';
import type { StoredItem } from './phone-items.js';

/** One file a deployment message asks for (PROTOCOL 3.4). */
export interface FileJob {
  /** Absent: the message was about one file and did not number it. */
  readonly index?: number;
  readonly name: string;
  readonly type: string;
  readonly action: 'deploy' | 'delete';
  /** HTTPS: the complete URL of the file. Absent: FTP. */
  readonly url?: string;
  readonly priority: 'normal' | 'immediate';
  readonly softwareVersion?: string;
}

/** How a job ended. */
export interface FileResult {
  readonly job: FileJob;
  readonly isOk: boolean;
  /** Why it failed. */
  readonly reason?: string;
  /** The version the image names. */
  readonly imageVersion?: string;
}

/** The files of a deployment message; same index = same file, no index = the only file. */
export function fileJobs(items: readonly Item[]): FileJob[] {
  const byIndex = new Map<number | undefined, Map<string, string>>();
  for (const { name, index, value } of items) {
    const fields = byIndex.get(index) ?? new Map<string, string>();
    byIndex.set(index, fields.set(name, value));
  }
  return [...byIndex].map(([index, fields]) => fileJob(index, fields));
}

function fileJob(index: number | undefined, fields: ReadonlyMap<string, string>): FileJob {
  const url = fields.get('file-https-base-url');
  const softwareVersion = fields.get('file-sw-version');
  const priority = fields.get('file-priority');
  return {
    ...(index === undefined ? {} : { index }),
    name: fields.get('file-name') ?? url?.split(/[?#]/, 1)[0]?.split('/').at(-1) ?? '',
    type: fields.get('file-type') ?? '',
    action: fields.get('file-action') === 'delete' ? 'delete' : 'deploy',
    ...(url === undefined ? {} : { url }),
    priority: priority === 'normal' || priority === '0' ? 'normal' : 'immediate', // older servers write 0 and 1
    ...(softwareVersion === undefined ? {} : { softwareVersion }),
  };
}

/** What the phone tells about finished jobs: `file-deployment-*`, numbered as the jobs were. */
export function deploymentItems(results: readonly FileResult[], at: Date): StoredItem[] {
  return results.flatMap(({ job, isOk }) => numbered(job.index, job, isOk, at));
}

/** What it keeps: an entry per file, found again by name and type. */
export function rememberedFiles(known: readonly StoredItem[], results: readonly FileResult[], at: Date): StoredItem[] {
  const used = known.filter(({ name }) => name === 'file-deployment-name').map(({ index }) => index ?? 0);
  let free = Math.max(0, ...used) + 1;
  return results.flatMap(({ job, isOk }) => {
    const same = known.find(({ name, value }) => name === 'file-deployment-name' && value === job.name);
    return numbered(same?.index ?? free++, job, isOk, at);
  });
}

function numbered(index: number | undefined, job: FileJob, isOk: boolean, at: Date): StoredItem[] {
  const [date = '', time = ''] = at.toISOString().split(/[T.]/);
  const values: readonly (readonly [string, string])[] = [
    ['file-deployment-date', date.split('-').reverse().join(':')], // 10:06:2008, day first (PROTOCOL 3.4)
    ['file-deployment-time', time],
    ['file-deployment-name', job.name],
    ['file-deployment-type', job.type],
    ['file-deployment-status', isOk ? 'ok' : 'failed'],
  ];
  return values.map(([name, value]) => ({ name, ...(index === undefined ? {} : { index }), value }));
}

/** The version a phone reports after it loaded an image: `3.5.12.0` becomes `V3 R5.12.0`, other forms are kept. */
export function reportedVersion(deployed: string | undefined, current: string): string {
  if (deployed === undefined || deployed === '') return current;
  const dotted = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(deployed);
  return dotted ? `V${dotted[1]} R${dotted[2]}.${dotted[3]}.${dotted[4]}` : deployed;
}
