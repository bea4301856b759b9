import { readFile, writeFile } from 'node:fs/promises';
import { flag, integer, parseCommandLine, text, UsageError } from '@opendls/command-line';
import { DEFAULT_MAC_PREFIX } from '../run/phone-numbers.js';
import { parseTarget, type Target } from '../wire/target.js';
import { recordContact } from './record-contact.js';
import { startRecordingProxy } from './record-proxy.js';
import { formatRecording, parseRecording, RecordingError, type Recording } from './recording.js';
import { replay, type Difference } from './replay.js';

export const RECORD_HELP = `Records one contact, without secrets and cookies.

npm run conformance -- record --url https://host:port --out FILE [options]

  --url URL          the server
  --out FILE         where the contact goes, as JSON (format in the README)
  --listen PORT      stand between phones and the server and record the first whole contact of a phone; without this a
                     virtual phone makes the contact
  --host ADDRESS     where to listen (default 0.0.0.0)
  --reason REASON    what the virtual phone comes with (default start-up)
  --fragments N      in how many parts it reports (default 1)
  --busy             it is in a call when it is to write
  --mac MAC          its address (default: one that exists nowhere)
  --note TEXT        what is to be seen in it
  --timeout SECONDS  how long an answer may take (default 10)
`;

export const REPLAY_HELP = `Plays the phone's side of a recorded contact and compares the server's answers.

npm run conformance -- replay FILE --url https://host:port [options]

  --url URL          the server
  --mac MAC          another phone than the recorded one
  --values           values of items must be the same, too (masked ones are never compared)
  --timeout SECONDS  how long an answer may take (default 10)

Exit status: 0 the answers are the same, 1 they differ, 2 the command line is wrong.
`;

const EXIT_DIFFERENT = 1;

/** `conformance record ...` */
export async function runRecord(args: readonly string[]): Promise<number> {
  const given = parseCommandLine(
    {
      ...{
        url: text(undefined),
        out: text(undefined),
        host: text('0.0.0.0'),
        reason: text('start-up'),
        mac: text(undefined),
      },
      ...{ note: text(''), busy: flag(), help: flag(), listen: text(undefined) },
      fragments: integer({ min: 1, max: 50, default: 1 }),
      timeout: integer({ min: 1, max: 600, default: 10 }),
    },
    args,
  );
  if (given.help) return said(RECORD_HELP);
  const { out } = given;
  if (out === undefined) throw new UsageError('--out is missing: the file for the contact');
  const common = { target: targetOf(given.url), timeoutMs: given.timeout * 1_000, note: given.note };
  const recording =
    given.listen === undefined
      ? await recordContact({
          ...common,
          ...{ reason: given.reason, fragments: given.fragments, isBusy: given.busy },
          ...{ mac: given.mac, macPrefix: DEFAULT_MAC_PREFIX },
        })
      : await throughProxy({ ...common, host: given.host, port: portOf(given.listen) });
  await writeFile(out, formatRecording(recording));
  return said(`${recording.exchanges.length} exchanges in ${out}\n`);
}

/** `conformance replay FILE ...` */
export async function runReplay(args: readonly string[]): Promise<number> {
  const [file, ...options] = args;
  if (file === undefined || file === '--help') return said(REPLAY_HELP);
  const given = parseCommandLine(
    {
      url: text(undefined),
      mac: text(undefined),
      values: flag(),
      help: flag(),
      timeout: integer({ min: 1, max: 600, default: 10 }),
    },
    options,
  );
  if (given.help) return said(REPLAY_HELP);
  const recording = await readRecording(file);
  const target = targetOf(given.url);
  const differences = await replay(recording, {
    ...{ target, mac: given.mac, comparesValues: given.values, timeoutMs: given.timeout * 1_000 },
  });
  said(
    `${recording.exchanges.length} exchanges: ${differences.length === 0 ? 'the answers are the same' : 'DIFFERENT'}\n`,
  );
  for (const difference of differences) said(formatDifference(difference));
  return differences.length === 0 ? 0 : EXIT_DIFFERENT;
}

async function readRecording(file: string): Promise<Recording> {
  try {
    return parseRecording(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof RecordingError) throw new UsageError(`${file}: ${error.message}`);
    throw new UsageError(`${file} cannot be read`);
  }
}

async function throughProxy(options: Parameters<typeof startRecordingProxy>[0]): Promise<Recording> {
  const proxy = await startRecordingProxy(options);
  process.stderr.write(`Phones may come to port ${proxy.port}; the first whole contact is recorded.\n`);
  try {
    return await proxy.recorded;
  } finally {
    await proxy.close();
  }
}

function formatDifference({ exchange, what, recorded, got }: Difference): string {
  return `  exchange ${exchange}: ${what}\n      recorded  ${recorded}\n      got       ${got}\n`;
}

function targetOf(url: string | undefined): Target {
  if (url === undefined) throw new UsageError('--url is missing: the address of the server, https://host:port');
  const target = parseTarget(url);
  if (target === undefined) throw new UsageError(`--url takes an address like https://host:port, not '${url}'`);
  return target;
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new UsageError(`--listen takes a port, not '${text}'`);
  return port;
}

function said(words: string): number {
  process.stdout.write(words);
  return 0;
}
