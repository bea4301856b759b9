import { z } from 'zod';

const DURATION_UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);
const SIZE_UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['kib', 1024],
  ['mib', 1024 ** 2],
  ['gib', 1024 ** 3],
  ['kb', 1_000],
  ['mb', 1_000_000],
  ['gb', 1_000_000_000],
]);

/** Bounds of a number, both inclusive. */
export interface Range {
  readonly min?: number;
  readonly max?: number;
}

/** A whole number of milliseconds, written as `2000`, `2s`, `5m`, `12h` or `90d`. */
export function durationMs(range: Range = {}): z.ZodType<number, string> {
  return quantity(DURATION_UNITS, 'must be a duration such as 500, 2s, 5m, 12h or 90d', range);
}

/** A whole number of bytes, written as `65536`, `64KiB`, `1MiB` or `10MB`. */
export function byteSize(range: Range = {}): z.ZodType<number, string> {
  return quantity(SIZE_UNITS, 'must be a size in bytes such as 65536, 64KiB or 1MiB', range);
}

/** A whole number. */
export function integer(range: Range = {}): z.ZodType<number, string> {
  return quantity(new Map([['', 1]]), 'must be a whole number', range);
}

/** A TCP port; 0 means any free port. */
export function port(): z.ZodType<number, string> {
  return quantity(new Map([['', 1]]), 'must be a port number (0 = any free port)', { min: 0, max: 65_535 });
}

/** `true` or `false` (also `1`/`0`, `yes`/`no`, `on`/`off`). */
export function flag(): z.ZodType<boolean, string> {
  return z.string().transform((text, context) => {
    const word = text.trim().toLowerCase();
    if (['true', '1', 'yes', 'on'].includes(word)) return true;
    if (['false', '0', 'no', 'off'].includes(word)) return false;
    context.addIssue({ code: 'custom', message: 'must be true or false' });
    return z.NEVER;
  });
}

/** A comma separated list; blanks around the entries and empty entries do not count, one entry is required. */
export function csv(): z.ZodType<readonly string[], string> {
  return z.string().transform((text, context) => {
    const entries = text.split(',').map((entry) => entry.trim());
    const filled = entries.filter((entry) => entry !== '');
    if (filled.length > 0) return filled;
    context.addIssue({ code: 'custom', message: 'must be a comma separated list' });
    return z.NEVER;
  });
}

/** A level of the process log. */
export function logLevel(): z.ZodType<'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent', string> {
  return z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']);
}

function quantity(units: ReadonlyMap<string, number>, hint: string, range: Range): z.ZodType<number, string> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = range;
  return z.string().transform((text, context) => {
    const match = /^(-?\d{1,15})\s*([a-z]*)$/i.exec(text.trim());
    const factor = units.get((match?.[2] ?? '').toLowerCase());
    const value = match === null || factor === undefined ? Number.NaN : Number(match[1]) * factor;
    if (Number.isNaN(value)) context.addIssue({ code: 'custom', message: hint });
    else if (value < min) context.addIssue({ code: 'custom', message: `must be at least ${min}` });
    else if (value > max) context.addIssue({ code: 'custom', message: `must be at most ${max}` });
    else return value;
    return z.NEVER;
  });
}
