import {
  CaseFailure,
  CaseNotRun,
  check,
  must,
  should,
  type Chapter,
  type ConformanceCase,
} from '../conformance-case.js';
import { deploymentStatus } from '../phone/contact.js';
import type { Understood } from '../phone/converse.js';
import { valueOf } from '../phone/converse.js';
import type { Phone } from '../phone/phone.js';
import type { ServiceMessage } from '../phone/service-message.js';
import type { Download } from '../wire/download.js';
import type { CaseRun } from '../run/case-run.js';

const URL_ITEM = 'file-https-base-url';
const LOGO = { name: 'conformance-logo.png', type: 'LOGO', url: 'https://files.example.net/conformance-logo.png' };
const TWO = [
  { ...LOGO, action: 'deploy' as const },
  { name: 'ring.mp3', type: 'RINGTONE', url: 'https://files.example.net/ring.mp3', action: 'deploy' as const },
];

interface Asked {
  readonly phone: Phone;
  readonly first: Understood;
}

async function askedForOne(t: CaseRun): Promise<Asked> {
  const phone = t.phone();
  await t.give(phone, 'wantFile', LOGO);
  return { phone, first: await t.workArrives(phone, 'FileDeployment') };
}

async function askedForTwo(t: CaseRun): Promise<Asked> {
  const phone = t.phone();
  await t.give(phone, 'wantFiles', { files: TWO });
  return { phone, first: await t.workArrives(phone, 'FileDeployment') };
}

/** One contact in which nothing is deployed any more. */
async function deploysNothing(t: CaseRun, phone: Phone): Promise<void> {
  const until = (message: ServiceMessage): boolean => message.action === 'FileDeployment';
  const { last } = await t.walk(phone, phone.initial('solicited'), { until });
  check(last.message.action !== 'FileDeployment', 'no second deployment of what was reported ok', 'FileDeployment');
}

/** The status of a file ends the step, whatever it says. */
function statusEnds(make: typeof must, id: string, title: string, status: string): ConformanceCase {
  return make(
    `files/${id}`,
    '4.8; 3.4; M p.52-54',
    title,
    async (t) => {
      const { phone, first } = await askedForOne(t);
      let deployments = 0;
      await t.walkOn(phone, first, {
        reactions: {
          FileDeployment: (message) => {
            deployments += 1;
            check(deployments <= 3, 'an end', `FileDeployment ${deployments} times in one contact`);
            return phone.initial('status', deploymentStatus(message, status));
          },
        },
      });
    },
    'wantFile',
  );
}

/** A single file has no indexes; where there are some, every item has one. */
function fileItems({ items }: ServiceMessage): void {
  const names = items.map(({ name }) => name);
  check(names.includes('file-type'), 'file-type', names.join(', '));
  const hasSource = names.includes(URL_ITEM) || (names.includes('file-server') && names.includes('file-name'));
  check(hasSource, `${URL_ITEM}, or file-server and file-name`, names.join(', '));
}

export const FILES: Chapter = {
  name: 'files',
  title: 'Files',
  cases: [
    must(
      'files/single-items',
      '3.4; 4.8; M p.53',
      'one file: type and where it is',
      async (t) => {
        const { first } = await askedForOne(t);
        fileItems(first.message);
        const url = valueOf(first.message, URL_ITEM);
        check(url === undefined || url.startsWith('https://'), 'an https address of the whole file', url ?? '');
      },
      'wantFile',
    ),
    should(
      'files/single-unindexed',
      '4.8; M p.53',
      'one file carries no index',
      async (t) => {
        const { first } = await askedForOne(t);
        const indexed = first.message.items.filter(({ index }) => index !== undefined);
        check(indexed.length === 0, 'no index', indexed.map(({ name }) => name).join(', '));
      },
      'wantFile',
    ),
    statusEnds(must, 'status-ok', 'status ok: the contact goes on to its end', 'ok'),
    statusEnds(must, 'status-failed', 'status failed: no endless repetition', 'failed'),
    statusEnds(should, 'status-other', 'a status that is in no list', 'partly'),
    must(
      'files/not-again',
      '4.8; 10.15; M p.54',
      'a file that was loaded is not deployed again',
      async (t) => {
        const { phone, first } = await askedForOne(t);
        await t.walkOn(phone, first);
        await deploysNothing(t, phone);
      },
      'wantFile',
    ),
    must(
      'files/status-without-cookie',
      '3.1; 4.8; M p.54',
      'a status that comes without the cookie is taken',
      async (t) => {
        const { phone, first } = await askedForOne(t);
        phone.disconnect();
        phone.cookie = undefined;
        await t.walk(phone, phone.initial('status', deploymentStatus(first.message)));
        await deploysNothing(t, phone);
      },
      'wantFile',
    ),
    must(
      'files/start-up-instead',
      '4.1; 4.8',
      'a phone that starts instead of telling the status is served',
      async (t) => {
        const { phone } = await askedForOne(t);
        phone.disconnect();
        phone.cookie = undefined;
        await t.contact(phone);
      },
      'wantFile',
    ),
    must(
      'files/busy',
      '4.6; 4.8; M p.72',
      'a phone that refuses a file as busy is sent away',
      async (t) => {
        const { phone } = await askedForOne(t);
        const { message } = await t.say(phone, phone.reply('FileDeployment', { status: 'busy' }));
        check(message.action === 'CleanUp', 'CleanUp', message.actionText);
      },
      'wantFile',
    ),
    must(
      'files/indexed-items',
      '4.9; M p.55',
      'several files: every item has the index of its file',
      async (t) => {
        const { message } = (await askedForTwo(t)).first;
        const without = message.items.filter(({ index }) => index === undefined);
        check(without.length === 0, 'an index on every item', without.map(({ name }) => name).join(', '));
        for (const index of new Set(message.items.map((item) => item.index)))
          fileItems({ ...message, items: message.items.filter((item) => item.index === index) });
      },
      'wantFiles',
    ),
    must(
      'files/indexed-together',
      '4.9; 5.3; M p.55, 71',
      'both files come in one message',
      async (t) => {
        const { message } = (await askedForTwo(t)).first;
        const types = message.items
          .filter(({ name }) => name === 'file-type')
          .map(({ value }) => value)
          .toSorted();
        check(types.join() === 'LOGO,RINGTONE', 'LOGO and RINGTONE', types.join() || 'none');
      },
      'wantFiles',
    ),
    must(
      'files/indexed-silence',
      '4.9; M p.55',
      'a phone that says nothing after several files is served later',
      async (t) => {
        const { phone } = await askedForTwo(t);
        phone.disconnect();
        phone.cookie = undefined;
        await t.contact(phone);
      },
      'wantFiles',
    ),
    must(
      'files/indexed-status',
      '4.9; 11.12; M p.55',
      'a phone that tells a status with indexes is understood',
      async (t) => {
        const { phone, first } = await askedForTwo(t);
        await t.walkOn(phone, first);
        await deploysNothing(t, phone);
      },
      'wantFiles',
    ),
    must(
      'files/delete',
      '3.4; 4.9; M p.55',
      'a deletion names the file and file-action delete',
      async (t) => {
        const phone = t.phone();
        await t.give(phone, 'wantFiles', { files: [{ name: LOGO.name, type: 'LOGO', action: 'delete' }] });
        const { message } = await t.workArrives(phone, 'FileDeployment');
        const action = valueOf(message, 'file-action') ?? 'no file-action';
        check(action === 'delete', 'file-action = delete', action);
        check(
          valueOf(message, 'file-name') === LOGO.name,
          `file-name = ${LOGO.name}`,
          valueOf(message, 'file-name') ?? 'none',
        );
        check(valueOf(message, 'file-type') === 'LOGO', 'file-type = LOGO', valueOf(message, 'file-type') ?? 'none');
      },
      'wantFiles',
    ),
    ...downloads(),
  ],
};

const CONTENT = Buffer.concat([Buffer.from('\u0089PNG\r\n\u001a\n', 'latin1'), Buffer.alloc(30_000, 0x5a)]);

/** What a phone does with the address it was given: the server itself is the file server. */
function downloads(): ConformanceCase[] {
  const download = (
    make: typeof must,
    id: string,
    title: string,
    judge: (get: (method: string, headers?: Readonly<Record<string, string>>) => Promise<Download>) => Promise<void>,
  ): ConformanceCase =>
    make(`files/${id}`, '1.1; 3.4; M p.53', title, async (t) => judge(await downloader(t)), 'wantStoredFile');
  return [
    download(must, 'download', 'the file can be had at its address, with its length', async (get) => {
      const got = await get('GET');
      check(got.status === 200, 'status 200', `status ${got.status}`);
      check(
        got.header('content-length') === String(CONTENT.length),
        `Content-Length ${CONTENT.length}`,
        got.header('content-length') ?? 'none',
      );
      check(CONTENT.equals(got.body), 'the file as it was stored', `${got.body.length} other bytes`);
    }),
    download(should, 'download-head', 'HEAD tells the length and sends nothing', async (get) => {
      const got = await get('HEAD');
      check(got.status === 200, 'status 200', `status ${got.status}`);
      check(
        got.header('content-length') === String(CONTENT.length),
        `Content-Length ${CONTENT.length}`,
        got.header('content-length') ?? 'none',
      );
    }),
    download(should, 'download-range', 'a part of the file can be had', async (get) => {
      const got = await get('GET', { Range: 'bytes=100-199' });
      check(got.status === 206, 'status 206', `status ${got.status}`);
      check(CONTENT.subarray(100, 200).equals(got.body), 'bytes 100 to 199', `${got.body.length} bytes`);
    }),
    download(should, 'download-range-outside', 'a part that is not there is refused', async (get) => {
      const { status } = await get('GET', { Range: `bytes=${CONTENT.length + 10}-` });
      check(status === 416, 'status 416', `status ${status}`);
    }),
    download(should, 'download-etag', 'a file that is known need not be sent again', async (get) => {
      const tag = (await get('GET')).header('etag');
      check(tag !== undefined, 'an ETag', 'none');
      const { status } = await get('GET', { 'If-None-Match': tag });
      check(status === 304, 'status 304', `status ${status}`);
    }),
  ];
}

async function downloader(
  t: CaseRun,
): Promise<(method: string, headers?: Readonly<Record<string, string>>) => Promise<Download>> {
  const phone = t.phone();
  await t.give(phone, 'wantStoredFile', { name: LOGO.name, type: LOGO.type, content: CONTENT });
  const { message } = await t.workArrives(phone, 'FileDeployment');
  const url = valueOf(message, URL_ITEM);
  if (url === undefined) throw new CaseNotRun('the server names an FTP server');
  if (!URL.canParse(url)) throw new CaseFailure('an address', url);
  return (method, headers) => t.download(url, method, headers);
}
