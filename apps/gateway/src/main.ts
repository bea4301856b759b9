import { runService } from '@opendls/service-process/process';
import { tlsFilesOf } from './phones/tls-files.js';
import { gatewaySettings, serveGateway } from './serve.js';

await runService(
  {
    name: 'gateway',
    environment: gatewaySettings,
    prefix: 'OPENDLS_GATEWAY_',
    serve: (settings, logger) => serveGateway(settings, logger, tlsFilesOf(process.env)),
  },
  process.env,
);
