import { runService } from '@opendls/service-process';
import { gatewaySettings, serveGateway } from './serve.js';

await runService(
  { name: 'gateway', environment: gatewaySettings, prefix: 'OPENDLS_GATEWAY_', serve: serveGateway },
  process.env,
);
