import { runService } from '../src/index.js';
import { z } from 'zod';

const never = new Promise<never>(() => undefined);
const environment = z
  .object({ OPENDLS_TEST_DOES: z.enum(['work', 'wait', 'fail', 'end', 'hang']) })
  .transform(({ OPENDLS_TEST_DOES: does }) => ({ does, logLevel: 'info' as const, shutdownTimeoutMs: 100 }));

// A process lives as long as something is open.
setInterval(() => undefined, 60_000);
await runService(
  {
    name: 'program',
    prefix: 'OPENDLS_TEST_',
    environment,
    serve: async ({ does }) => {
      process.stderr.write('serving\n');
      if (does === 'wait') return never;
      if (does === 'fail') throw new Error('no way to begin');
      return {
        urls: { api: 'http://localhost' },
        stopped: does === 'end' ? Promise.reject(new Error('no way to go on')) : never,
        close: async () => {
          process.stderr.write('closing\n');
          if (does === 'hang') await never;
        },
      };
    },
    migration: {
      environment: z.object({}).transform(() => ({ logLevel: 'info' as const })),
      run: async () => void process.stderr.write('migrated\n'),
    },
  },
  process.env,
);
