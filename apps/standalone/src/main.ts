import 'reflect-metadata';
import { runInstallation } from '@opendls/demo-phones';
import { readOptions, USAGE } from './command-line.js';
import { startStandalone } from './standalone.js';

await runInstallation({ usage: USAGE, readOptions, start: startStandalone });
