import { DEFAULT_SETTINGS } from '../../decision-settings.js';
import { ORDER_KINDS } from './index.js';
import type { OrderContext, OrderSettings, RequestedOrder, StoredFile } from './order-kind.js';

const url = 'https://files.example.org/os60.img';

async function planned(
  kind: string,
  params: unknown,
  settings: Partial<OrderSettings> = {},
  stored?: Partial<StoredFile>,
): Promise<RequestedOrder> {
  const file = { name: 'os60.app', sha256: 'a'.repeat(64), sizeBytes: 9, type: 'APP', ...stored };
  // The cast: nothing else is asked of it for files and firmware.
  const context = {
    device: { deviceId: '001ae8000001', facts: { softwareVersion: 'V3 R5.12.0' } },
    settings: { ...DEFAULT_SETTINGS, ...settings },
    findFile: async () => file,
  } as unknown as OrderContext;
  const result = await ORDER_KINDS.find((one) => one.kind === kind)?.plan(params, context);
  if (result?.ok !== true) throw new Error(`not planned: ${JSON.stringify(result)}`);
  return result.order;
}

/** What the phone is told of the version. */
function toldVersions({ steps }: RequestedOrder): unknown[] {
  return steps
    .flatMap((step) => ('items' in step ? step.items : []))
    .flatMap((item) => (item.name === 'file-sw-version' ? [item] : []));
}

const told = (value: string): unknown[] => [{ name: 'file-sw-version', value }];

describe('file-sw-version of a firmware order', () => {
  it.each([
    ['V3 R6.1.0', '3.6.1.0', 'V3 R6.1.0'],
    ['3.6.1.0', '3.6.1.0', 'V3 R6.1.0'],
    ['v1.2r0.3.4', '1.2.0.3.4', 'V1.2 R0.3.4'],
  ])('of %s has the form that is set, and the start-up is checked for the same', async (version, dotted, release) => {
    const forms = { dotted: told(dotted), release: told(release), none: [] };
    expect(toldVersions(await planned('firmware', { url, version }))).toEqual(forms.dotted);
    for (const fileSwVersion of ['dotted', 'release', 'none'] as const) {
      const order = await planned('firmware', { url, version }, { fileSwVersion });
      expect(toldVersions(order)).toEqual(forms[fileSwVersion]);
      expect(order.verification).toMatchObject({ kind: 'firmware', version, previousVersion: 'V3 R5.12.0' });
      expect(order.parameters).toMatchObject({ version });
    }
  });

  it('is that of the stored image where the order names none', async () => {
    const stored = { softwareVersion: 'V3 R6.1.0' };
    const name = 'os60.app';
    const order = await planned('firmware', { name }, { fileSwVersion: 'dotted' }, stored);
    expect(toldVersions(order)).toEqual(told('3.6.1.0'));
    const silent = await planned('firmware', { name }, { fileSwVersion: 'none' }, stored);
    expect(toldVersions(silent)).toEqual([]);
    expect(silent.verification).toMatchObject({ version: 'V3 R6.1.0' });
  });

  it.each(['dotted', 'release', 'none'] as const)('is left out of form %s when nobody knows it', async (form) => {
    const order = await planned('firmware', { url }, { fileSwVersion: form });
    expect(toldVersions(order)).toEqual([]);
    expect(order.verification).toMatchObject({ version: null });
  });
});

describe('the time a file order waits', () => {
  const body = { files: [{ name: 'logo.png', type: 'LOGO' }] };
  const stored = { name: 'logo.png', type: 'LOGO' };

  it('is five minutes and an hour by default', async () => {
    const { verification } = await planned('file', body, {}, stored);
    expect(verification).toMatchObject({ readAllAfterMs: 300_000, timeoutMs: 3_600_000 });
  });

  it('is what is set', async () => {
    const { verification } = await planned('file', body, { fileReadAfterMs: 1_000, fileTimeoutMs: 7_000 }, stored);
    expect(verification).toMatchObject({ readAllAfterMs: 1_000, timeoutMs: 7_000 });
  });
});
