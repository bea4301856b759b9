import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataDirectory } from '@opendls/data-directory';
import type { ProcessSpec } from './supervised-process.js';

const WORKSPACE = fileURLToPath(new URL('../../../', import.meta.url));

/** What the services are told; secrets go by file. */
export interface SiteSettings {
  readonly data: DataDirectory;
  readonly brokers: readonly string[];
  readonly databaseUrls: { readonly inventory: string; readonly configPolicy: string };
  /** Where phones in Secure Mode call. */
  readonly securePort: number;
  /** Where gateways get the contents of files. */
  readonly filesUrl: string;
  readonly legacyPhones: boolean;
  readonly dcmp: boolean;
  /** Undefined: where the gateways look by default. */
  readonly phoneNetworks: readonly string[] | undefined;
  readonly simulatedPhones: boolean;
}

/** The compiled entry point of a service. */
export function mainOf(app: string): string {
  return path.join(WORKSPACE, 'apps', app, 'dist', 'main.js');
}

export function gatewayProcess(site: SiteSettings, number: number): ProcessSpec {
  return service(site, `gateway-${number}`, 'gateway', {
    OPENDLS_SEALING_KEYS_FILE: site.data.sealingKeysFile,
    OPENDLS_GATEWAY_INSTANCE_ID: `gateway-${number}-${process.pid}`,
    OPENDLS_GATEWAY_HOST: '127.0.0.1',
    OPENDLS_GATEWAY_PORT: '0',
    OPENDLS_GATEWAY_OPS_PORT: '0',
    OPENDLS_GATEWAY_TLS_KEY_FILE: site.data.tls.keyFile,
    OPENDLS_GATEWAY_TLS_CERT_FILE: site.data.tls.certificateFile,
    // Behind the balancer every phone comes from the same address.
    OPENDLS_GATEWAY_MAX_CONNECTIONS_PER_ADDRESS: '4000',
    OPENDLS_GATEWAY_SECURE_HOST: '127.0.0.1',
    OPENDLS_GATEWAY_SECURE_PORT: '0',
    OPENDLS_GATEWAY_SECURE_TLS_KEY_FILE: site.data.secureTls.keyFile,
    OPENDLS_GATEWAY_SECURE_TLS_CERT_FILE: site.data.secureTls.certificateFile,
    OPENDLS_GATEWAY_SECURE_CLIENT_CA_FILE: site.data.certificateAuthority.certificateFile,
    OPENDLS_GATEWAY_SECURE_MAX_CONNECTIONS_PER_ADDRESS: '4000',
    OPENDLS_GATEWAY_FILES_URL: site.filesUrl,
    OPENDLS_GATEWAY_FILE_CACHE_DIR: site.data.resolve('file-cache', `gateway-${number}`),
    OPENDLS_GATEWAY_MAX_DOWNLOADS_PER_ADDRESS: '512',
    OPENDLS_GATEWAY_CONTACT_SIMULATED_PHONES: String(site.simulatedPhones),
    ...(site.phoneNetworks === undefined ? {} : { OPENDLS_GATEWAY_PHONE_NETWORKS: site.phoneNetworks.join(',') }),
    ...(site.dcmp
      ? {
          OPENDLS_GATEWAY_DCMP_HOST: '127.0.0.1',
          OPENDLS_GATEWAY_DCMP_PORT: '0',
          OPENDLS_GATEWAY_DCMP_MAX_CONNECTIONS_PER_ADDRESS: '4000',
        }
      : {}),
    ...(site.legacyPhones
      ? {
          OPENDLS_GATEWAY_LEGACY_HOST: '127.0.0.1',
          OPENDLS_GATEWAY_LEGACY_PORT: '0',
          OPENDLS_GATEWAY_LEGACY_MAX_CONNECTIONS_PER_ADDRESS: '1000',
        }
      : {}),
  });
}

export function inventoryProcess(site: SiteSettings): ProcessSpec {
  return service(site, 'inventory', 'inventory', {
    OPENDLS_INVENTORY_DATABASE_URL: site.databaseUrls.inventory,
    OPENDLS_INVENTORY_HOST: '127.0.0.1',
    OPENDLS_INVENTORY_PORT: '0',
  });
}

export function configPolicyProcess(site: SiteSettings): ProcessSpec {
  return service(site, 'config-policy', 'config-policy', {
    OPENDLS_SEALING_KEYS_FILE: site.data.sealingKeysFile,
    OPENDLS_CONFIG_POLICY_DATABASE_URL: site.databaseUrls.configPolicy,
    OPENDLS_CONFIG_POLICY_HOST: '127.0.0.1',
    OPENDLS_CONFIG_POLICY_PORT: '0',
    OPENDLS_CONFIG_POLICY_POLICY_DIR: site.data.policyDirectory,
    OPENDLS_CONFIG_POLICY_CA_KEY_FILE: site.data.certificateAuthority.keyFile,
    OPENDLS_CONFIG_POLICY_CA_CERT_FILE: site.data.certificateAuthority.certificateFile,
    ...(site.data.serverCaFile === undefined ? {} : { OPENDLS_CONFIG_POLICY_SERVER_CA_FILE: site.data.serverCaFile }),
    OPENDLS_CONFIG_POLICY_SECURE_PHONE_PORT: String(site.securePort),
  });
}

function service(site: SiteSettings, name: string, app: string, env: Record<string, string>): ProcessSpec {
  return {
    name,
    args: [mainOf(app)],
    env: {
      ...passedOn('OPENDLS_LOG_LEVEL', 'OPENDLS_TOPIC_PREFIX'),
      OPENDLS_KAFKA_BROKERS: site.brokers.join(','),
      OPENDLS_API_KEYS_FILE: site.data.apiKeysFile,
      ...env,
      ...settingsOfUser(app),
    },
    logFile: path.join(site.data.logDirectory, `${name}.log`),
  };
}

/** What the user set for a service (`OPENDLS_GATEWAY_DEADLINE_MS=5000 npm run cluster`) wins over what is chosen here. */
function settingsOfUser(app: string): Record<string, string> {
  const prefix = `OPENDLS_${app.toUpperCase().replaceAll('-', '_')}_`;
  return passedOn(...Object.keys(process.env).filter((name) => name.startsWith(prefix)));
}

/** Settings of the user that hold for every service. */
function passedOn(...names: string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
