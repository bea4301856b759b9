import { byteSize, csv, durationMs, flag, integer, port } from '@opendls/config';
import { AUTO_TRAITS, DEFAULT_SETTINGS, type TraitSettings } from '@opendls/dls-interaction';
import { instanceId, sealingKeys, serviceEnvironment } from '@opendls/service-process/process';
import { hostname } from 'node:os';
import { z } from 'zod';
import {
  edgeConfig,
  edgeConfigFromEnvironment,
  edgeEnvironment,
  type EdgeConfig,
  type EdgeConfigInput,
} from './edge-config.js';
import {
  MIN_SIGNED_MESSAGE_BYTES,
  signingEnvironment,
  signingFromEnvironment,
  type SigningConfig,
} from './signing-config.js';

/** Certificate and private key as PEM. */
export interface TlsIdentity {
  readonly key: string;
  readonly cert: string;
}

/** One address phones connect to. */
export interface PhoneListenerConfig {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly tls: TlsIdentity;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

/** The listener for phones in Secure Mode: both sides show a certificate (PROTOCOL 7.1). */
export interface SecurePhoneListenerConfig extends PhoneListenerConfig {
  /** PEM of the authorities whose client certificates are believed. */
  readonly clientCa: string;
  /** OpenSSL cipher list; null: Node's own. */
  readonly ciphers: string | null;
  readonly minVersion: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
}

export interface LegacyPhoneListenerConfig extends PhoneListenerConfig {
  /** OpenSSL cipher list. */
  readonly ciphers: string;
}

/** Bounds of what a phone may do to the listeners. */
export interface PhoneRequestLimits {
  readonly maxBodyBytes: number;
  readonly maxHeaderBytes: number;
  readonly handshakeTimeoutMs: number;
  readonly headersTimeoutMs: number;
  /** From the first byte of a request to its last. */
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
}

export interface GatewayConfig extends EdgeConfig {
  readonly instanceId: string;
  readonly topicPrefix: string;
  readonly phones: PhoneListenerConfig;
  readonly securePhones: SecurePhoneListenerConfig | null;
  readonly legacyPhones: LegacyPhoneListenerConfig | null;
  /** How often the files of certificates are looked at. */
  readonly tlsReloadIntervalMs: number;
  readonly ops: { readonly host: string; readonly port: number } | null;
  /** URL paths phones post to. */
  readonly paths: readonly string[];
  readonly requests: PhoneRequestLimits;
  /** A phone is answered within this time, whatever is down. */
  readonly deadlineMs: number;
  /** Part of the deadline in which the bus has to acknowledge. */
  readonly publishDeadlineMs: number;
  readonly contactExpiryMs: number;
  readonly cookieMaxAgeMs: number;
  /** Messages being worked on; above it phones are told to come again. */
  readonly maxConcurrentMessages: number;
  readonly maxEventLoopDelayMs: number;
  readonly maxOpenContacts: number;
  /** Orders kept for open contacts; a contact whose order was dropped asks for it again. */
  readonly orderCacheBytes: number;
  readonly maxActions: number;
  /** Most bytes of one message to a phone, with its signature. The same on all gateways: lists are cut by it. */
  readonly maxMessageBytes: number;
  /** Null: answers are not signed. The same on all gateways. */
  readonly signing: SigningConfig | null;
  /** What is not left to the firmware of each phone. */
  readonly traits: TraitSettings;
  readonly shutdownTimeoutMs: number;
}

/** RSA and DHE key exchange with CBC: what firmware of 2007 to 2013 offers. `@SECLEVEL=0` admits SHA-1 and TLS 1.0. */
export const LEGACY_CIPHERS =
  'ECDHE-RSA-AES128-SHA:DHE-RSA-AES128-SHA:DHE-RSA-AES256-SHA:AES128-SHA:AES256-SHA:DES-CBC3-SHA:DES-CBC-SHA:@SECLEVEL=0';

const DEFAULTS = {
  topicPrefix: '',
  securePhones: null,
  legacyPhones: null,
  tlsReloadIntervalMs: 60_000,
  ops: null,
  paths: ['/DeploymentService/LoginService', '/provisioningService'],
  requests: {
    maxBodyBytes: 1_048_576,
    maxHeaderBytes: 16_384,
    handshakeTimeoutMs: 10_000,
    headersTimeoutMs: 10_000,
    requestTimeoutMs: 20_000,
    keepAliveTimeoutMs: 35_000,
  },
  deadlineMs: 2_000,
  publishDeadlineMs: 1_500,
  contactExpiryMs: 60_000,
  cookieMaxAgeMs: 600_000,
  maxConcurrentMessages: 500,
  maxEventLoopDelayMs: 500,
  maxOpenContacts: 20_000,
  orderCacheBytes: 67_108_864,
  maxActions: 50,
  maxMessageBytes: DEFAULT_SETTINGS.maxBytes,
  signing: null,
  traits: AUTO_TRAITS,
  shutdownTimeoutMs: 10_000,
} as const satisfies Partial<GatewayConfig>;

const LISTENER_DEFAULTS = { host: '0.0.0.0', maxConnections: 4_000, maxConnectionsPerAddress: 1_000 };
const LEGACY_LISTENER_DEFAULTS = { ...LISTENER_DEFAULTS, maxConnections: 1_000, maxConnectionsPerAddress: 250 };

/** What whoever embeds the gateway has to say; everything else has a default. */
export type GatewayConfigInput = Partial<
  Omit<GatewayConfig, 'phones' | 'securePhones' | 'legacyPhones' | 'requests' | 'traits' | keyof EdgeConfig>
> &
  EdgeConfigInput & {
    readonly phones: Partial<PhoneListenerConfig> & Pick<PhoneListenerConfig, 'port' | 'tls'>;
    readonly securePhones?:
      (Partial<SecurePhoneListenerConfig> & Pick<SecurePhoneListenerConfig, 'port' | 'tls' | 'clientCa'>) | null;
    readonly legacyPhones?:
      (Partial<LegacyPhoneListenerConfig> & Pick<LegacyPhoneListenerConfig, 'port' | 'tls'>) | null;
    readonly requests?: Partial<PhoneRequestLimits>;
    readonly traits?: Partial<TraitSettings>;
  };

/** A complete configuration, for processes that start the gateway as a part. */
export function gatewayConfig(input: GatewayConfigInput): GatewayConfig {
  const { phones, securePhones, legacyPhones, requests, traits, contactMe, dcmp, files, ...others } = input;
  return {
    ...DEFAULTS,
    instanceId: defaultInstanceId(),
    ...others,
    ...edgeConfig({ contactMe, dcmp, files }),
    phones: { ...LISTENER_DEFAULTS, ...phones },
    securePhones: securePhones ? { ...LISTENER_DEFAULTS, ciphers: null, minVersion: 'TLSv1.2', ...securePhones } : null,
    legacyPhones: legacyPhones ? { ...LEGACY_LISTENER_DEFAULTS, ciphers: LEGACY_CIPHERS, ...legacyPhones } : null,
    requests: { ...DEFAULTS.requests, ...requests },
    traits: { ...AUTO_TRAITS, ...traits },
  };
}

function defaultInstanceId(): string {
  const host = hostname()
    .replace(/[^A-Za-z0-9.-]/g, '-')
    .slice(0, 40);
  return `${host}-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
}

const pem = (kind: string): z.ZodType<string, string> =>
  z.string().refine((text) => text.includes(`-----BEGIN ${kind}`) || text.includes(kind), `must be PEM (${kind})`);

/** Whether a trait holds for every phone; `auto` asks the table of quirks. */
const trait = (): z.ZodType<boolean | 'auto', string> => z.union([z.literal('auto'), flag()]);

/** The environment of the gateway process. Every name may also be given as `<name>_FILE`. */
export const gatewayEnvironment = serviceEnvironment
  .extend({
    OPENDLS_SEALING_KEYS: sealingKeys(),
    OPENDLS_GATEWAY_INSTANCE_ID: instanceId().optional(),
    OPENDLS_GATEWAY_HOST: z.string().default(LISTENER_DEFAULTS.host),
    OPENDLS_GATEWAY_PORT: port().default(18_443),
    OPENDLS_GATEWAY_TLS_KEY: pem('PRIVATE KEY'),
    OPENDLS_GATEWAY_TLS_CERT: pem('CERTIFICATE'),
    OPENDLS_GATEWAY_MAX_CONNECTIONS: integer({ min: 1 }).default(LISTENER_DEFAULTS.maxConnections),
    OPENDLS_GATEWAY_MAX_CONNECTIONS_PER_ADDRESS: integer({ min: 1 }).default(
      LISTENER_DEFAULTS.maxConnectionsPerAddress,
    ),
    OPENDLS_GATEWAY_SECURE_PORT: port().optional(),
    OPENDLS_GATEWAY_SECURE_HOST: z.string().default(LISTENER_DEFAULTS.host),
    OPENDLS_GATEWAY_SECURE_TLS_KEY: pem('PRIVATE KEY').optional(),
    OPENDLS_GATEWAY_SECURE_TLS_CERT: pem('CERTIFICATE').optional(),
    OPENDLS_GATEWAY_SECURE_CLIENT_CA: pem('CERTIFICATE').optional(),
    OPENDLS_GATEWAY_SECURE_CIPHERS: z.string().optional(),
    OPENDLS_GATEWAY_SECURE_MIN_TLS: z.enum(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']).default('TLSv1.2'),
    OPENDLS_GATEWAY_SECURE_MAX_CONNECTIONS: integer({ min: 1 }).default(LISTENER_DEFAULTS.maxConnections),
    OPENDLS_GATEWAY_SECURE_MAX_CONNECTIONS_PER_ADDRESS: integer({ min: 1 }).default(
      LISTENER_DEFAULTS.maxConnectionsPerAddress,
    ),
    OPENDLS_GATEWAY_TLS_RELOAD_INTERVAL_MS: durationMs({ min: 1_000 }).default(DEFAULTS.tlsReloadIntervalMs),
    OPENDLS_GATEWAY_LEGACY_PORT: port().optional(),
    OPENDLS_GATEWAY_LEGACY_HOST: z.string().default(LEGACY_LISTENER_DEFAULTS.host),
    OPENDLS_GATEWAY_LEGACY_TLS_KEY: pem('PRIVATE KEY').optional(),
    OPENDLS_GATEWAY_LEGACY_TLS_CERT: pem('CERTIFICATE').optional(),
    OPENDLS_GATEWAY_LEGACY_CIPHERS: z.string().default(LEGACY_CIPHERS),
    OPENDLS_GATEWAY_LEGACY_MAX_CONNECTIONS: integer({ min: 1 }).default(LEGACY_LISTENER_DEFAULTS.maxConnections),
    OPENDLS_GATEWAY_LEGACY_MAX_CONNECTIONS_PER_ADDRESS: integer({ min: 1 }).default(
      LEGACY_LISTENER_DEFAULTS.maxConnectionsPerAddress,
    ),
    OPENDLS_GATEWAY_OPS_HOST: z.string().default('127.0.0.1'),
    OPENDLS_GATEWAY_OPS_PORT: port().default(8_090),
    OPENDLS_GATEWAY_PATHS: csv().default(DEFAULTS.paths),
    OPENDLS_GATEWAY_DEADLINE_MS: durationMs({ min: 100, max: 30_000 }).default(DEFAULTS.deadlineMs),
    OPENDLS_GATEWAY_PUBLISH_DEADLINE_MS: durationMs({ min: 50, max: 30_000 }).default(DEFAULTS.publishDeadlineMs),
    // Requests to Kafka cost most of what a contact costs; what comes within this time shares one each way.
    OPENDLS_GATEWAY_BATCH_MS: durationMs({ max: 500 }).default(40),
    OPENDLS_GATEWAY_CONTACT_EXPIRY_MS: durationMs({ min: 1_000 }).default(DEFAULTS.contactExpiryMs),
    OPENDLS_GATEWAY_COOKIE_MAX_AGE_MS: durationMs({ min: 1_000 }).default(DEFAULTS.cookieMaxAgeMs),
    OPENDLS_GATEWAY_MAX_CONCURRENT_MESSAGES: integer({ min: 1 }).default(DEFAULTS.maxConcurrentMessages),
    OPENDLS_GATEWAY_MAX_EVENT_LOOP_DELAY_MS: durationMs({ min: 10 }).default(DEFAULTS.maxEventLoopDelayMs),
    OPENDLS_GATEWAY_MAX_OPEN_CONTACTS: integer({ min: 1 }).default(DEFAULTS.maxOpenContacts),
    OPENDLS_GATEWAY_ORDER_CACHE_BYTES: byteSize().default(DEFAULTS.orderCacheBytes),
    OPENDLS_GATEWAY_MAX_ACTIONS: integer({ min: 1, max: 1_000 }).default(DEFAULTS.maxActions),
    OPENDLS_GATEWAY_MAX_MESSAGE_BYTES: byteSize({ min: 4_096, max: 51_200 }).default(DEFAULTS.maxMessageBytes),
    ...signingEnvironment,
    OPENDLS_GATEWAY_LEGACY_ENTITIES: trait().default('auto'),
    OPENDLS_GATEWAY_SEND_SOLICITED: trait().default('auto'),
    OPENDLS_GATEWAY_NUMERIC_FILE_PRIORITY: trait().default('auto'),
    OPENDLS_GATEWAY_MAX_BODY_BYTES: byteSize({ min: 1_024, max: 16_777_216 }).default(DEFAULTS.requests.maxBodyBytes),
    OPENDLS_GATEWAY_MAX_HEADER_BYTES: byteSize({ min: 1_024 }).default(DEFAULTS.requests.maxHeaderBytes),
    OPENDLS_GATEWAY_HANDSHAKE_TIMEOUT_MS: durationMs({ min: 100 }).default(DEFAULTS.requests.handshakeTimeoutMs),
    OPENDLS_GATEWAY_HEADERS_TIMEOUT_MS: durationMs({ min: 100 }).default(DEFAULTS.requests.headersTimeoutMs),
    OPENDLS_GATEWAY_REQUEST_TIMEOUT_MS: durationMs({ min: 100 }).default(DEFAULTS.requests.requestTimeoutMs),
    OPENDLS_GATEWAY_KEEP_ALIVE_TIMEOUT_MS: durationMs({ min: 1_000 }).default(DEFAULTS.requests.keepAliveTimeoutMs),
    OPENDLS_GATEWAY_SHUTDOWN_TIMEOUT_MS: durationMs({ min: 100 }).default(DEFAULTS.shutdownTimeoutMs),
    ...edgeEnvironment,
  })
  .check((context) => {
    const env = context.value;
    const fail = (name: keyof typeof env, message: string): void => {
      context.issues.push({ code: 'custom', input: undefined, path: [name], message });
    };
    if (env.OPENDLS_GATEWAY_PUBLISH_DEADLINE_MS > env.OPENDLS_GATEWAY_DEADLINE_MS)
      fail('OPENDLS_GATEWAY_PUBLISH_DEADLINE_MS', 'must not be longer than OPENDLS_GATEWAY_DEADLINE_MS');
    if (env.OPENDLS_GATEWAY_HEADERS_TIMEOUT_MS > env.OPENDLS_GATEWAY_REQUEST_TIMEOUT_MS)
      fail('OPENDLS_GATEWAY_HEADERS_TIMEOUT_MS', 'must not be longer than OPENDLS_GATEWAY_REQUEST_TIMEOUT_MS');
    if ((env.OPENDLS_GATEWAY_LEGACY_TLS_KEY === undefined) !== (env.OPENDLS_GATEWAY_LEGACY_TLS_CERT === undefined))
      fail('OPENDLS_GATEWAY_LEGACY_TLS_KEY', 'key and certificate of the legacy listener belong together');
    if (env.OPENDLS_GATEWAY_SECURE_PORT !== undefined) {
      const needed = [
        'OPENDLS_GATEWAY_SECURE_TLS_KEY',
        'OPENDLS_GATEWAY_SECURE_TLS_CERT',
        'OPENDLS_GATEWAY_SECURE_CLIENT_CA',
      ] as const;
      for (const name of needed) if (env[name] === undefined) fail(name, 'is required by OPENDLS_GATEWAY_SECURE_PORT');
    }
    if (env.OPENDLS_GATEWAY_SIGNING_KEY && env.OPENDLS_GATEWAY_MAX_MESSAGE_BYTES < MIN_SIGNED_MESSAGE_BYTES)
      fail('OPENDLS_GATEWAY_MAX_MESSAGE_BYTES', `must be at least ${MIN_SIGNED_MESSAGE_BYTES} when answers are signed`);
    if (env.OPENDLS_GATEWAY_PATHS.some((path) => !path.startsWith('/')))
      fail('OPENDLS_GATEWAY_PATHS', 'every path must begin with /');
  });

export type GatewayEnvironment = z.output<typeof gatewayEnvironment>;

/** The configuration that the environment describes. */
export function configFromEnvironment(env: GatewayEnvironment): GatewayConfig {
  const tls = { key: env.OPENDLS_GATEWAY_TLS_KEY, cert: env.OPENDLS_GATEWAY_TLS_CERT };
  const legacyTls = {
    key: env.OPENDLS_GATEWAY_LEGACY_TLS_KEY ?? tls.key,
    cert: env.OPENDLS_GATEWAY_LEGACY_TLS_CERT ?? tls.cert,
  };
  const legacyPort = env.OPENDLS_GATEWAY_LEGACY_PORT;
  return gatewayConfig({
    ...(env.OPENDLS_GATEWAY_INSTANCE_ID === undefined ? {} : { instanceId: env.OPENDLS_GATEWAY_INSTANCE_ID }),
    topicPrefix: env.OPENDLS_TOPIC_PREFIX,
    phones: {
      host: env.OPENDLS_GATEWAY_HOST,
      port: env.OPENDLS_GATEWAY_PORT,
      tls,
      maxConnections: env.OPENDLS_GATEWAY_MAX_CONNECTIONS,
      maxConnectionsPerAddress: env.OPENDLS_GATEWAY_MAX_CONNECTIONS_PER_ADDRESS,
    },
    securePhones: secureFromEnvironment(env),
    tlsReloadIntervalMs: env.OPENDLS_GATEWAY_TLS_RELOAD_INTERVAL_MS,
    legacyPhones:
      legacyPort === undefined
        ? null
        : {
            host: env.OPENDLS_GATEWAY_LEGACY_HOST,
            port: legacyPort,
            tls: legacyTls,
            ciphers: env.OPENDLS_GATEWAY_LEGACY_CIPHERS,
            maxConnections: env.OPENDLS_GATEWAY_LEGACY_MAX_CONNECTIONS,
            maxConnectionsPerAddress: env.OPENDLS_GATEWAY_LEGACY_MAX_CONNECTIONS_PER_ADDRESS,
          },
    ops: { host: env.OPENDLS_GATEWAY_OPS_HOST, port: env.OPENDLS_GATEWAY_OPS_PORT },
    paths: env.OPENDLS_GATEWAY_PATHS,
    requests: {
      maxBodyBytes: env.OPENDLS_GATEWAY_MAX_BODY_BYTES,
      maxHeaderBytes: env.OPENDLS_GATEWAY_MAX_HEADER_BYTES,
      handshakeTimeoutMs: env.OPENDLS_GATEWAY_HANDSHAKE_TIMEOUT_MS,
      headersTimeoutMs: env.OPENDLS_GATEWAY_HEADERS_TIMEOUT_MS,
      requestTimeoutMs: env.OPENDLS_GATEWAY_REQUEST_TIMEOUT_MS,
      keepAliveTimeoutMs: env.OPENDLS_GATEWAY_KEEP_ALIVE_TIMEOUT_MS,
    },
    deadlineMs: env.OPENDLS_GATEWAY_DEADLINE_MS,
    publishDeadlineMs: env.OPENDLS_GATEWAY_PUBLISH_DEADLINE_MS,
    contactExpiryMs: env.OPENDLS_GATEWAY_CONTACT_EXPIRY_MS,
    cookieMaxAgeMs: env.OPENDLS_GATEWAY_COOKIE_MAX_AGE_MS,
    maxConcurrentMessages: env.OPENDLS_GATEWAY_MAX_CONCURRENT_MESSAGES,
    maxEventLoopDelayMs: env.OPENDLS_GATEWAY_MAX_EVENT_LOOP_DELAY_MS,
    maxOpenContacts: env.OPENDLS_GATEWAY_MAX_OPEN_CONTACTS,
    orderCacheBytes: env.OPENDLS_GATEWAY_ORDER_CACHE_BYTES,
    maxActions: env.OPENDLS_GATEWAY_MAX_ACTIONS,
    maxMessageBytes: env.OPENDLS_GATEWAY_MAX_MESSAGE_BYTES,
    signing: signingFromEnvironment(env),
    traits: {
      legacyEntities: env.OPENDLS_GATEWAY_LEGACY_ENTITIES,
      canSolicit: env.OPENDLS_GATEWAY_SEND_SOLICITED,
      numericFilePriority: env.OPENDLS_GATEWAY_NUMERIC_FILE_PRIORITY,
    },
    shutdownTimeoutMs: env.OPENDLS_GATEWAY_SHUTDOWN_TIMEOUT_MS,
    ...edgeConfigFromEnvironment(env),
  });
}

function secureFromEnvironment(env: GatewayEnvironment): SecurePhoneListenerConfig | null {
  const port = env.OPENDLS_GATEWAY_SECURE_PORT;
  const key = env.OPENDLS_GATEWAY_SECURE_TLS_KEY;
  const cert = env.OPENDLS_GATEWAY_SECURE_TLS_CERT;
  const clientCa = env.OPENDLS_GATEWAY_SECURE_CLIENT_CA;
  // That they come together was checked.
  if (port === undefined || key === undefined || cert === undefined || clientCa === undefined) return null;
  return {
    host: env.OPENDLS_GATEWAY_SECURE_HOST,
    port,
    tls: { key, cert },
    clientCa,
    ciphers: env.OPENDLS_GATEWAY_SECURE_CIPHERS ?? null,
    minVersion: env.OPENDLS_GATEWAY_SECURE_MIN_TLS,
    maxConnections: env.OPENDLS_GATEWAY_SECURE_MAX_CONNECTIONS,
    maxConnectionsPerAddress: env.OPENDLS_GATEWAY_SECURE_MAX_CONNECTIONS_PER_ADDRESS,
  };
}
