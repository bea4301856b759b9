import { flag, parseCommandLine, text, UsageError } from '@opendls/command-line';
import { openDataDirectory } from './data-directory.js';
import { DataDirectoryError } from './errors.js';
import { ensureFirstApiKey } from './first-api-key.js';

const USAGE = `Makes what an installation needs once: sealing keys, a certificate for the phone listener, the certificate authority
and the certificate for Secure Mode, the first admin key. What is there already stays as it is.

  node libs/platform/data-directory/dist/setup-cli.js --data-dir DIR
`;

try {
  const options = parseCommandLine({ 'data-dir': text('./data'), help: flag() }, process.argv.slice(2));
  if (options.help) {
    console.log(USAGE);
  } else {
    const data = await openDataDirectory(options['data-dir']);
    const key = await ensureFirstApiKey(data);
    console.log(key ? `First admin key (also in ${data.firstApiKeyFile}): ${key}` : `${data.path} is set up already.`);
    for (const warning of data.warnings) console.warn(warning);
    await data.release();
  }
} catch (error) {
  if (!(error instanceof UsageError || error instanceof DataDirectoryError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
