import type { ReportedItem } from '@opendls/event-contracts';
import { isSameFirmwareVersion } from '@opendls/firmware';
import { parseItemKey } from '@opendls/item-catalog';
import type { DeployedFile, Verification, WorkOrder } from '../../work-orders/domain/work-order.js';
import type { ItemReport } from './difference.js';

/** What has become of an order that was sent; `again`: it had no effect, and may be sent once more. */
export type Verdict = { readonly state: 'done' } | { readonly state: 'failed' | 'again'; readonly code: string };

const DEPLOYMENT_ITEM = /^file-deployment-(?:status|name|type|date|time)$/;
const OK = 'ok';

/** Firmware is not offered again within this time, whatever the phone says: the loop guard of the field (PROTOCOL 4.10). */
export const FIRMWARE_GUARD_MS = 15 * 60_000;

/** The phone booted. */
export function startUpVerdict(verification: Verification, softwareVersion: string | null): Verdict | undefined {
  switch (verification.kind) {
    case 'start-up':
      return { state: 'done' };
    case 'firmware': {
      const { version, previousVersion } = verification;
      if (version !== null) return isRunning(softwareVersion, version) ? { state: 'done' } : again('other-version');
      if (!isRunning(softwareVersion, previousVersion)) return { state: 'done' };
      // Nobody said which version the image has; it may well be the same.
      return { state: 'failed', code: 'version-unchanged' };
    }
    case 'deployment-status':
      return undefined;
  }
}

/** Whether a phone runs a version, in whatever form both are written. */
export function isRunning(softwareVersion: string | null, version: string | null): boolean {
  if (softwareVersion === null || version === null) return softwareVersion === version;
  return softwareVersion === version || isSameFirmwareVersion(softwareVersion, version);
}

/** Version an order brings to the phone, where it is known. */
export function firmwareVersionOf({ verification }: WorkOrder): string | null {
  return verification?.kind === 'firmware' ? verification.version : null;
}

/** Files of an order, with the index their results are kept under. */
export function filesOf({ verification }: WorkOrder): readonly DeployedFile[] {
  return verification?.kind === 'deployment-status' ? verification.files : [];
}

/**
 * The results of deployments among items, as those of the order's files. A result names its file and type; one without a
 * name is about the file with its index, or the only file.
 */
export function deploymentResults(
  files: readonly DeployedFile[],
  items: readonly Pick<ReportedItem, 'name' | 'index' | 'value'>[],
): ReportedItem[] {
  const reports = new Map<number | undefined, Map<string, string>>();
  for (const { name, index, value } of items) {
    if (!DEPLOYMENT_ITEM.test(name) || value === undefined) continue;
    const fields = reports.get(index) ?? new Map<string, string>();
    reports.set(index, fields.set(name, value.slice(0, 255)));
  }
  return [...reports].flatMap(([index, fields]) => {
    if (!fields.has('file-deployment-status')) return [];
    const file = files.find((one) => isAbout(one, index, fields, files.length));
    if (file === undefined) return [];
    return [...fields].map(([name, value]) => ({
      name,
      ...(file.index === undefined ? {} : { index: file.index }),
      value,
    }));
  });
}

/** What the results so far say of all files together; undefined while one is missing. */
export function deploymentVerdict(order: WorkOrder): Verdict | undefined {
  const files = filesOf(order);
  const statuses = files.map(({ index }) => statusOf(order, index));
  if (files.length === 0 || statuses.some((status) => status === undefined)) return undefined;
  return statuses.every((status) => status?.toLowerCase() === OK)
    ? { state: 'done' }
    : { state: 'failed', code: 'deployment-failed' };
}

/** Names of the files that a report lists. */
export function filesInReport(report: ItemReport): ReadonlySet<string> {
  const files = [...report].filter(([key]) => parseItemKey(key).name === 'file-deployment-name');
  return new Set(files.map(([, { value = '' }]) => value));
}

/**
 * Results of a full report: files to be deleted that it does not have any more are deleted; of files to be deployed it tells
 * where `isNew` says that it can only mean the new one.
 */
export function resultsOfReport(
  order: WorkOrder,
  items: readonly ReportedItem[],
  isNew: (name: string) => boolean,
): ReportedItem[] {
  const names = new Set(items.filter(({ name }) => name === 'file-deployment-name').map(({ value }) => value));
  const files = filesOf(order);
  const deployed = files.filter(({ action, name }) => action === 'deploy' && isNew(name));
  const gone = files.filter(({ action, name }) => action === 'delete' && !names.has(name));
  return [
    ...deploymentResults(deployed, items),
    ...gone.map(({ index }) => ({
      name: 'file-deployment-status',
      ...(index === undefined ? {} : { index }),
      value: OK,
    })),
  ];
}

/** The time of a verification is over. */
export function overdueVerdict(order: WorkOrder): Verdict {
  const hasFailure = filesOf(order).some(
    ({ index }) => ![undefined, OK].includes(statusOf(order, index)?.toLowerCase()),
  );
  return { state: 'failed', code: hasFailure ? 'deployment-failed' : 'not-verified' };
}

/** Firmware was refused by a `status` (PROTOCOL 3.1, 11.11). */
export function firmwareRefusal(items: readonly ReportedItem[]): boolean {
  const valueOf = (item: string): string | undefined => items.find(({ name }) => name === item)?.value;
  const status = valueOf('file-deployment-status')?.toLowerCase();
  return status !== undefined && status !== OK && [undefined, 'APP'].includes(valueOf('file-deployment-type'));
}

function isAbout(
  file: DeployedFile,
  index: number | undefined,
  fields: ReadonlyMap<string, string>,
  count: number,
): boolean {
  const name = fields.get('file-deployment-name');
  const type = fields.get('file-deployment-type');
  if (name === undefined || name === '') return index === file.index || (index === undefined && count === 1);
  return name === file.name && (type === undefined || type === '' || type === file.type);
}

function statusOf({ answers }: WorkOrder, index: number | undefined): string | undefined {
  return answers.find((one) => one.name === 'file-deployment-status' && one.index === index)?.value;
}

function again(code: string): Verdict {
  return { state: 'again', code };
}
