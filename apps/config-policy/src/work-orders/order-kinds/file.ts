import type { ItemToWrite } from '@opendls/event-contracts';
import { z } from 'zod';
import type { DeployedFile } from '../domain/work-order.js';
import { hasOneSource, ONE_SOURCE, resolveSource, sourceFields } from './file-source.js';
import type { OrderKind, OrderProblem } from './order-kind.js';

const FILE_TYPES = ['RINGTONE', 'MOH', 'LOGO', 'SCREENSAVER', 'PIC', 'LDAP', 'DONGLE'] as const;

const fileSchema = z
  .strictObject({
    ...sourceFields,
    type: z.enum(FILE_TYPES).optional().describe('Known for files of the store'),
    action: z.enum(['deploy', 'delete']).default('deploy'),
    index: z.int().min(1).max(1_000).optional().describe('By default the position, from 1, where there are several'),
  })
  .refine((file) => (file.action === 'delete' ? file.name !== undefined : hasOneSource(file)), {
    ...ONE_SOURCE,
  });
const schema = z.strictObject({ files: z.array(fileSchema).min(1).max(50) });
type FileInput = z.output<typeof fileSchema>;

/**
 * Deploys and deletes files (PROTOCOL 4.8, 4.9). One file without an index gets a `status` from the phone; several, or a
 * deletion, are indexed, and may stay without.
 */
export const file: OrderKind<z.output<typeof schema>> = {
  kind: 'file',
  schema,
  plan: async ({ files }, context) => {
    const isIndexed = files.length > 1 || files.some(({ index, action }) => index !== undefined || action === 'delete');
    const problems: OrderProblem[] = [];
    const items: ItemToWrite[] = [];
    const deployed: DeployedFile[] = [];
    const shown: unknown[] = [];
    const used = new Set<number>();
    for (const [position, input] of files.entries()) {
      const path = `files[${position}].`;
      const index = isIndexed ? (input.index ?? position + 1) : undefined;
      if (index !== undefined && used.has(index)) {
        problems.push({ path: `${path}index`, code: 'duplicate-index', message: 'is given to two files' });
      }
      if (index !== undefined) used.add(index);
      const result = await planFile(input, index, path, context);
      if ('problem' in result) problems.push(result.problem);
      else {
        items.push(...result.items);
        deployed.push(result.deployed);
        shown.push(result.shown);
      }
    }
    if (problems.length > 0) return { ok: false, problems };
    return {
      ok: true,
      order: {
        steps: [{ kind: 'file-deployment', items }],
        verification: {
          kind: 'deployment-status',
          files: deployed,
          readAllAfterMs: context.settings.fileReadAfterMs,
          timeoutMs: context.settings.fileTimeoutMs,
        },
        parameters: { files: shown },
      },
    };
  },
};

interface PlannedFile {
  readonly items: readonly ItemToWrite[];
  readonly deployed: DeployedFile;
  readonly shown: unknown;
}

async function planFile(
  input: FileInput,
  index: number | undefined,
  path: string,
  context: Parameters<typeof file.plan>[1],
): Promise<PlannedFile | { readonly problem: OrderProblem }> {
  const { action } = input;
  const at = index === undefined ? {} : { index };
  if (action === 'delete') {
    // A file on a phone is identified by name and type (PROTOCOL 4.9); it need not be in the store any more.
    const name = input.name ?? '';
    const type = input.type ?? (await context.findFile(name))?.type;
    if (type === undefined) return { problem: typeMissing(path) };
    const items = [
      { name: 'file-name', ...at, value: name },
      { name: 'file-type', ...at, value: type },
      { name: 'file-action', ...at, value: 'delete' },
    ];
    return { items, deployed: { name, type, action, ...at }, shown: { name, type, action, ...at } };
  }
  const source = await resolveSource(input, index, path, context);
  if (!source.ok) return { problem: source.problem };
  const type = input.type ?? source.value.stored?.type;
  if (type === undefined) return { problem: typeMissing(path) };
  if (type === 'APP') {
    return {
      problem: { path: `${path}name`, code: 'is-firmware', message: 'is firmware; order it with kind firmware' },
    };
  }
  const items: ItemToWrite[] = [...source.value.items, { name: 'file-type', ...at, value: type }];
  if (index !== undefined) items.push({ name: 'file-action', index, value: 'deploy' });
  const deployed = { name: source.value.fileName, type, action, ...at };
  return { items, deployed, shown: { ...source.value.shown, type, action, ...at } };
}

function typeMissing(path: string): OrderProblem {
  return { path: `${path}type`, code: 'type-missing', message: 'is needed', allowed: FILE_TYPES.join(', ') };
}
