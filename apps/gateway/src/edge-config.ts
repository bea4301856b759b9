import { byteSize, csv, durationMs, flag, integer, port } from '@opendls/config';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { PortRange } from './contact-me/contact-target.js';
import { DEFAULT_PHONE_NETWORKS, isNetwork } from './contact-me/phone-networks.js';

/** How phones are woken (PROTOCOL 8.1). */
export interface ContactMeConfig {
  readonly networks: readonly string[];
  readonly ports: readonly PortRange[];
  readonly simulatedPhones: boolean;
  /** `dls_ip_addr` and `dls_ip_port` of the form; null: not sent, the phone calls whom it is configured to call. */
  readonly callback: { readonly address: string; readonly port: number } | null;
  readonly timeoutMs: number;
  readonly minIntervalMs: number;
  readonly perSecond: number;
  readonly maxConcurrent: number;
}

/** The plain HTTP listener for DCMP polls (PROTOCOL 8.2). */
export interface DcmpListenerConfig {
  readonly host: string;
  readonly port: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

export interface FilesConfig {
  /** `https://host[:port]` phones reach the gateways at; null: the host the phone used itself. */
  readonly publicUrl: string | null;
  /** Where config-policy answers, for the contents of files; null: no files. */
  readonly sourceUrl: string | null;
  readonly cacheDir: string;
  readonly cacheBytes: number;
  readonly linkTtlMs: number;
  readonly maxDownloads: number;
  readonly maxDownloadsPerAddress: number;
  readonly maxDownloadsPerPhone: number;
  /** A phone that takes nothing for this long is cut off. */
  readonly stallTimeoutMs: number;
  /** A phone that is slower than this on the whole is cut off, too. */
  readonly minBytesPerSecond: number;
}

/** What gateways do at their edge besides the protocol's contacts. */
export interface EdgeConfig {
  readonly contactMe: ContactMeConfig;
  readonly dcmp: DcmpListenerConfig | null;
  readonly files: FilesConfig;
}

/** What whoever embeds the gateway may say. */
export interface EdgeConfigInput {
  readonly contactMe?: Partial<ContactMeConfig>;
  readonly dcmp?: (Partial<DcmpListenerConfig> & Pick<DcmpListenerConfig, 'port'>) | null;
  readonly files?: Partial<FilesConfig>;
}

const CONTACT_ME: ContactMeConfig = {
  networks: DEFAULT_PHONE_NETWORKS,
  ports: [{ first: 8_085, last: 8_085 }],
  simulatedPhones: false,
  callback: null,
  timeoutMs: 10_000,
  minIntervalMs: 60_000,
  perSecond: 50,
  maxConcurrent: 64,
};
const DCMP = { host: '0.0.0.0', maxConnections: 4_000, maxConnectionsPerAddress: 1_000 };
const FILES: Omit<FilesConfig, 'cacheDir'> = {
  publicUrl: null,
  sourceUrl: null,
  cacheBytes: 1_073_741_824,
  linkTtlMs: 3_600_000,
  maxDownloads: 512,
  maxDownloadsPerAddress: 128,
  maxDownloadsPerPhone: 4,
  stallTimeoutMs: 30_000,
  minBytesPerSecond: 4_096,
};

/** A complete configuration from what is given. */
export function edgeConfig({ contactMe, dcmp, files }: EdgeConfigInput): EdgeConfig {
  return {
    contactMe: { ...CONTACT_ME, ...contactMe },
    dcmp: dcmp ? { ...DCMP, ...dcmp } : null,
    files: { ...FILES, cacheDir: defaultCacheDir(), ...files },
  };
}

/** One directory per user: another user's would be somebody else's content. */
function defaultCacheDir(): string {
  return join(tmpdir(), `opendls-gateway-files-${process.getuid?.() ?? 'user'}`);
}

const networks = (): z.ZodType<readonly string[], string> =>
  csv().refine((list) => list.every(isNetwork), 'must be networks such as 10.0.0.0/8 or fd00::/8');

const portRanges = (): z.ZodType<readonly PortRange[], string> =>
  csv().transform((list, context) => {
    const ranges = list.map((text) => {
      const [, first = '', last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
      return { first: Number(first), last: Number(last) };
    });
    if (ranges.every(({ first, last }) => first >= 1 && first <= last && last <= 65_535)) return ranges;
    context.addIssue({ code: 'custom', message: 'must be ports and ranges such as 8085,8090-8099' });
    return z.NEVER;
  });

const baseUrl = (protocols: readonly string[]): z.ZodType<string, string> =>
  z
    .string()
    .refine(
      (text) => {
        if (!URL.canParse(text)) return false;
        const { protocol, username, search, hash } = new URL(text);
        return protocols.includes(protocol) && username === '' && search === '' && hash === '';
      },
      `must be a URL (${protocols.join(', ')}) without user, query and fragment`,
    )
    .transform((text) => text.replace(/\/+$/, ''));

/** The part of the gateway's environment that is about its edge. */
export const edgeEnvironment = {
  OPENDLS_GATEWAY_PHONE_NETWORKS: networks().default(CONTACT_ME.networks),
  OPENDLS_GATEWAY_CONTACT_PORTS: portRanges().default(CONTACT_ME.ports),
  OPENDLS_GATEWAY_CONTACT_SIMULATED_PHONES: flag().default(CONTACT_ME.simulatedPhones),
  OPENDLS_GATEWAY_CONTACT_CALLBACK_ADDRESS: z
    .string()
    .regex(/^[A-Za-z0-9.:-]{1,253}$/, 'must be an address or a host name')
    .optional(),
  OPENDLS_GATEWAY_CONTACT_CALLBACK_PORT: port().default(18_443),
  OPENDLS_GATEWAY_CONTACT_TIMEOUT_MS: durationMs({ min: 100, max: 60_000 }).default(CONTACT_ME.timeoutMs),
  OPENDLS_GATEWAY_CONTACTS_PER_SECOND: integer({ min: 1, max: 1_000 }).default(CONTACT_ME.perSecond),
  OPENDLS_GATEWAY_CONTACT_MAX_CONCURRENT: integer({ min: 1, max: 1_000 }).default(CONTACT_ME.maxConcurrent),
  OPENDLS_GATEWAY_DCMP_PORT: port().optional(),
  OPENDLS_GATEWAY_DCMP_HOST: z.string().default(DCMP.host),
  OPENDLS_GATEWAY_DCMP_MAX_CONNECTIONS: integer({ min: 1 }).default(DCMP.maxConnections),
  OPENDLS_GATEWAY_DCMP_MAX_CONNECTIONS_PER_ADDRESS: integer({ min: 1 }).default(DCMP.maxConnectionsPerAddress),
  OPENDLS_GATEWAY_PUBLIC_URL: baseUrl(['https:']).optional(),
  OPENDLS_GATEWAY_FILES_URL: baseUrl(['http:', 'https:']).optional(),
  OPENDLS_GATEWAY_FILE_CACHE_DIR: z.string().optional(),
  OPENDLS_GATEWAY_FILE_CACHE_BYTES: byteSize({ min: 1_048_576 }).default(FILES.cacheBytes),
  OPENDLS_GATEWAY_FILE_LINK_TTL_MS: durationMs({ min: 60_000, max: 86_400_000 }).default(FILES.linkTtlMs),
  OPENDLS_GATEWAY_MAX_DOWNLOADS: integer({ min: 1 }).default(FILES.maxDownloads),
  OPENDLS_GATEWAY_MAX_DOWNLOADS_PER_ADDRESS: integer({ min: 1 }).default(FILES.maxDownloadsPerAddress),
  OPENDLS_GATEWAY_DOWNLOAD_STALL_TIMEOUT_MS: durationMs({ min: 1_000 }).default(FILES.stallTimeoutMs),
} as const;

type EdgeEnvironment = z.output<z.ZodObject<typeof edgeEnvironment>>;

/** The configuration that the environment describes. */
export function edgeConfigFromEnvironment(env: EdgeEnvironment): EdgeConfigInput {
  const address = env.OPENDLS_GATEWAY_CONTACT_CALLBACK_ADDRESS;
  const dcmpPort = env.OPENDLS_GATEWAY_DCMP_PORT;
  const cacheDir = env.OPENDLS_GATEWAY_FILE_CACHE_DIR;
  return {
    contactMe: {
      networks: env.OPENDLS_GATEWAY_PHONE_NETWORKS,
      ports: env.OPENDLS_GATEWAY_CONTACT_PORTS,
      simulatedPhones: env.OPENDLS_GATEWAY_CONTACT_SIMULATED_PHONES,
      callback: address === undefined ? null : { address, port: env.OPENDLS_GATEWAY_CONTACT_CALLBACK_PORT },
      timeoutMs: env.OPENDLS_GATEWAY_CONTACT_TIMEOUT_MS,
      perSecond: env.OPENDLS_GATEWAY_CONTACTS_PER_SECOND,
      maxConcurrent: env.OPENDLS_GATEWAY_CONTACT_MAX_CONCURRENT,
    },
    dcmp:
      dcmpPort === undefined
        ? null
        : {
            host: env.OPENDLS_GATEWAY_DCMP_HOST,
            port: dcmpPort,
            maxConnections: env.OPENDLS_GATEWAY_DCMP_MAX_CONNECTIONS,
            maxConnectionsPerAddress: env.OPENDLS_GATEWAY_DCMP_MAX_CONNECTIONS_PER_ADDRESS,
          },
    files: {
      publicUrl: env.OPENDLS_GATEWAY_PUBLIC_URL ?? null,
      sourceUrl: env.OPENDLS_GATEWAY_FILES_URL ?? null,
      ...(cacheDir === undefined ? {} : { cacheDir }),
      cacheBytes: env.OPENDLS_GATEWAY_FILE_CACHE_BYTES,
      linkTtlMs: env.OPENDLS_GATEWAY_FILE_LINK_TTL_MS,
      maxDownloads: env.OPENDLS_GATEWAY_MAX_DOWNLOADS,
      maxDownloadsPerAddress: env.OPENDLS_GATEWAY_MAX_DOWNLOADS_PER_ADDRESS,
      stallTimeoutMs: env.OPENDLS_GATEWAY_DOWNLOAD_STALL_TIMEOUT_MS,
    },
  };
}
