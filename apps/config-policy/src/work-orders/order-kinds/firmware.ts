import type { ItemToWrite } from '@opendls/event-contracts';
import { formatDottedVersion, formatFirmwareVersion, parseFirmwareVersion } from '@opendls/firmware';
import { z } from 'zod';
import { hasOneSource, ONE_SOURCE, resolveSource, sourceFields } from './file-source.js';
import type { FileSwVersionForm, OrderKind } from './order-kind.js';

/** Load, flash and boot over a slow line. */
const TIMEOUT_MS = 2 * 3_600_000;

const schema = z
  .strictObject({
    ...sourceFields,
    softwareType: z.string().min(1).max(64).optional().describe('Such as `Siemens SIP`; by default that of the image'),
    version: z
      .string()
      .min(1)
      .max(64)
      .refine((text) => parseFirmwareVersion(text) !== undefined, { error: 'is not a version like V3 R5.12.0' })
      .optional()
      .describe('Version of the image; needed where it cannot be read from it'),
    priority: z
      .enum(['normal', 'immediate'])
      .default('normal')
      .describe('`normal`: only while the phone is idle; `immediate`: ends calls'),
  })
  .refine(hasOneSource, ONE_SOURCE);

/** Loads firmware (PROTOCOL 4.10); done when the phone starts with the version. */
export const firmware: OrderKind<z.output<typeof schema>> = {
  kind: 'firmware',
  schema,
  plan: async (params, context) => {
    const source = await resolveSource(params, undefined, '', context);
    if (!source.ok) return { ok: false, problems: [source.problem] };
    const { stored, items, shown } = source.value;
    if (stored !== undefined && stored.type !== 'APP') {
      const message = 'is no firmware; order it with kind file';
      return { ok: false, problems: [{ path: 'name', code: 'not-firmware', message }] };
    }
    const version = params.version ?? stored?.softwareVersion;
    const softwareType = params.softwareType ?? stored?.softwareType;
    const all: ItemToWrite[] = [
      ...items,
      { name: 'file-type', value: 'APP' },
      { name: 'file-priority', value: params.priority },
    ];
    if (softwareType !== undefined) all.push({ name: 'file-sw-type', value: softwareType });
    const told = version === undefined ? undefined : versionText(version, context.settings.fileSwVersion);
    if (told !== undefined) all.push({ name: 'file-sw-version', value: told });
    return {
      ok: true,
      order: {
        steps: [{ kind: 'software-deployment', items: all }],
        verification: {
          kind: 'firmware',
          version: version ?? null,
          previousVersion: context.device.facts.softwareVersion,
          timeoutMs: TIMEOUT_MS,
        },
        parameters: { ...shown, softwareType, version, priority: params.priority },
      },
    };
  },
};

/** The manual's example has the dotted form, another service the form of releases, a third leaves it out (PROTOCOL 11.15). */
function versionText(version: string, form: FileSwVersionForm): string | undefined {
  if (form === 'none') return undefined;
  const parsed = parseFirmwareVersion(version);
  if (parsed === undefined) return version;
  return form === 'dotted' ? formatDottedVersion(parsed) : formatFirmwareVersion(parsed);
}
