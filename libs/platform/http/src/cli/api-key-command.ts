import { join } from 'node:path';
import { flag, parseCommandLine, text, UsageError } from '@opendls/command-line';
import { API_ROLES, type ApiRole } from '@opendls/crypto/sealing';
import { AppError } from '@opendls/logging';
import { createApiKey, listApiKeys, revokeApiKey } from '../auth/manage-api-keys.js';
import type { ApiKeyRecord } from '../auth/api-key-record.js';

const USAGE = `Manages the API keys of an installation. Running servers notice changes within a second.

  npm run api-key -- create --name NAME --role viewer|operator|admin [--expires 90d]
  npm run api-key -- list
  npm run api-key -- revoke ID

Options
  --data-dir DIR   data directory of the installation (default ./data)
  --file FILE      the key file itself, instead of --data-dir
  --expires TIME   when the key ends: 12h, 90d, or a date such as 2030-01-31 (default: never)
  --help           this text
`;
const FILE_OPTIONS = { 'data-dir': text(undefined), file: text(undefined), help: flag() };
const CREATE_OPTIONS = { ...FILE_OPTIONS, name: text(undefined), role: text(undefined), expires: text(undefined) };
const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** Where a command writes: `out` is for programs, `err` for people. */
export interface CommandOutput {
  out(text: string): void;
  err(text: string): void;
}

/** Runs one `api-key` command. @returns the exit code */
export async function runApiKeyCommand(args: readonly string[], output: CommandOutput): Promise<number> {
  try {
    const [command, ...rest] = args;
    if (command === undefined || args.includes('--help')) output.out(USAGE);
    else if (command === 'create') await create(rest, output);
    else if (command === 'list') list(rest, output);
    else if (command === 'revoke') await revoke(rest, output);
    else throw new UsageError(`there is no command '${command}'; create, list and revoke are possible`);
    return command === undefined ? 2 : 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof AppError)) throw error;
    output.err(`${error.message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function create(args: readonly string[], output: CommandOutput): Promise<void> {
  const options = parseCommandLine(CREATE_OPTIONS, args);
  const { name, expires } = options;
  if (name === undefined || name.length > 64) throw new UsageError('--name takes a name of up to 64 characters');
  const expiresAt = expires === undefined ? null : parseExpiry(expires, new Date());
  const made = await createApiKey(keyFile(options), { name, role: parseRole(options.role), expiresAt });
  output.err(`Key ${made.record.id} (${made.record.role}), expires: ${made.record.expiresAt ?? 'never'}.\n`);
  output.err('The key is shown only now:\n');
  output.out(`${made.text}\n`);
}

function list(args: readonly string[], output: CommandOutput): void {
  const options = parseCommandLine(FILE_OPTIONS, args);
  const rows = listApiKeys(keyFile(options)).map((key) => [key.id, key.role, stateOf(key), key.createdAt, key.name]);
  const table = [['id', 'role', 'state', 'created', 'name'], ...rows];
  const widths = [12, 8, 32, 24, 0];
  for (const row of table)
    output.out(
      `${row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
}

async function revoke(args: readonly string[], output: CommandOutput): Promise<void> {
  const [id = '', ...rest] = args;
  if (!/^[0-9a-f]{12}$/.test(id)) throw new UsageError("revoke takes the id of a key first, as 'list' shows it");
  const record = await revokeApiKey(keyFile(parseCommandLine(FILE_OPTIONS, rest)), id);
  output.err(`Key ${record.id} (${record.name}) is revoked.\n`);
}

function keyFile(options: { readonly 'data-dir': string | undefined; readonly file: string | undefined }): string {
  if (options.file !== undefined && options['data-dir'] !== undefined) {
    throw new UsageError('--file and --data-dir exclude each other');
  }
  return options.file ?? join(options['data-dir'] ?? 'data', 'api-keys.json');
}

function parseRole(role: string | undefined): ApiRole {
  const known = API_ROLES.find((each) => each === role);
  if (known === undefined) throw new UsageError(`--role takes one of ${API_ROLES.join(', ')}`);
  return known;
}

function parseExpiry(expires: string, now: Date): Date {
  const [, count = '', unit = ''] = /^([1-9]\d{0,4})([mhd])$/.exec(expires) ?? [];
  const factor = UNIT_MS.get(unit);
  const isDate = /^\d{4}-\d\d-\d\d(T[\d:.]+Z)?$/.test(expires);
  const at = factor !== undefined ? now.getTime() + Number(count) * factor : isDate ? Date.parse(expires) : Number.NaN;
  if (!(at > now.getTime())) throw new UsageError('--expires takes a time ahead such as 12h, 90d or 2030-01-31');
  return new Date(at);
}

function stateOf({ revokedAt, expiresAt }: ApiKeyRecord): string {
  if (revokedAt !== undefined) return 'revoked';
  if (expiresAt === null) return 'valid';
  return Date.parse(expiresAt) <= Date.now() ? 'expired' : `until ${expiresAt}`;
}
