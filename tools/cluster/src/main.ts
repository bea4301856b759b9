import { runInstallation } from '@opendls/demo-phones';
import { startCluster } from './cluster.js';
import { readOptions, USAGE } from './command-line.js';

await runInstallation({
  usage: USAGE,
  readOptions,
  start: (options, say) => {
    const named = {
      kafkaBrokers: process.env['KAFKA_BROKERS'] || undefined,
      databaseUrl: process.env['OPENDLS_DATABASE_URL'] || undefined,
    };
    return startCluster(options, named, say);
  },
});
