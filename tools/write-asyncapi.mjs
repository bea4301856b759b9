// Writes libs/event-contracts/asyncapi.json from the event definitions: `npm run asyncapi`.
import { readFile, writeFile } from 'node:fs/promises';
import { asyncApiDocument } from '@opendls/event-contracts';

const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
const target = new URL('../libs/event-contracts/asyncapi.json', import.meta.url);
await writeFile(target, `${JSON.stringify(asyncApiDocument(version), null, 2)}\n`);
console.log('wrote libs/event-contracts/asyncapi.json');
