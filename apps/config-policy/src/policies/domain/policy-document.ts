import { z } from 'zod';

/** Layers in the order in which later ones override earlier ones. */
export const LAYERS = ['defaults', 'model', 'site', 'group', 'device'] as const;
export type Layer = (typeof LAYERS)[number];

/** What a policy can select phones by; a phone must satisfy every key that is given. */
export const SELECTOR_KEYS = [
  'deviceType',
  'softwareType',
  'softwareVersion',
  'macPrefix',
  'e164',
  'deviceId',
] as const;
export type SelectorKey = (typeof SELECTOR_KEYS)[number];

export const MAX_POLICY_ITEMS = 5_000;
const MAX_VALUE_LENGTH = 100_000;
const DEFAULT_PRIORITY = 100;

export const POLICY_NAME = /^[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?$/;
export const POLICY_NAME_RULE = 'lower-case letters, digits and . _ - inside, up to 100 characters';

/** `sip/{{e164}}`: segments of letters, digits and . _ @ + : -, and facts of the phone in double braces. */
export const SECRET_REF = /^[A-Za-z0-9._@+:{} -]+(?:\/[A-Za-z0-9._@+:{} -]+)*$/;

const pattern = z
  .union([z.string(), z.number()], { error: 'must be text' })
  .transform(String)
  .pipe(z.string().min(1, { error: 'must not be empty' }).max(255, { error: 'must have at most 255 characters' }));
const patterns = z
  .union([pattern, z.array(pattern).min(1, { error: 'must not be empty' }).max(2_000)])
  .meta({ description: 'A pattern or a list of patterns, one of which must match; `*` any text, `?` one character' });

const itemValue = z
  .union([z.string(), z.boolean(), z.number()], { error: 'must be text; write "" to clear the setting' })
  .transform(String)
  .pipe(z.string().max(MAX_VALUE_LENGTH, { error: `must have at most ${MAX_VALUE_LENGTH} characters` }));

export const policyItemSchema = z
  .strictObject({
    name: z.string().min(1).max(128).meta({ description: 'Item name, case-sensitive' }),
    index: z.int().min(0).max(65_535).optional().meta({ description: 'Instance of an indexed item' }),
    value: itemValue.optional().meta({ description: 'Value in clear; not for secret items' }),
    secretRef: z
      .string()
      .max(200, { error: 'must have at most 200 characters' })
      .regex(SECRET_REF, { error: 'must be segments of letters, digits and . _ @ + : - joined by /' })
      .optional()
      .meta({ description: 'Name of a stored secret; may contain {{e164}}, {{macAddress}}, {{deviceId}}' }),
  })
  .refine((item) => (item.value === undefined) !== (item.secretRef === undefined), {
    error: 'needs either value or secretRef',
  });
export type PolicyItem = z.output<typeof policyItemSchema>;

const selectSchema = z.strictObject({
  deviceType: patterns.optional(),
  softwareType: patterns.optional(),
  softwareVersion: patterns
    .optional()
    .meta({ description: 'Patterns, or ranges such as `>= V3 R3, < V3 R5.12.0` in any form of version' }),
  macPrefix: patterns.optional(),
  e164: patterns.optional(),
  deviceId: patterns.optional(),
});

/** The policy document of files, API and command line. A `status`, as the API shows it, may be sent back and is ignored. */
export const policyDocumentSchema = z.strictObject({
  apiVersion: z.literal('opendls/v1'),
  kind: z.literal('Policy'),
  metadata: z.strictObject({
    name: z.string().regex(POLICY_NAME, { error: `must be ${POLICY_NAME_RULE}` }),
    description: z.string().max(1_000).optional(),
  }),
  spec: z.strictObject({
    enabled: z.boolean().default(true).meta({ description: 'false: kept, but without effect' }),
    layer: z.enum(LAYERS).default('defaults'),
    priority: z
      .int()
      .min(-1_000_000)
      .max(1_000_000)
      .default(DEFAULT_PRIORITY)
      .meta({ description: 'Higher wins within a layer' }),
    select: selectSchema.default({}).meta({ description: 'Empty: all phones' }),
    items: z.array(policyItemSchema).max(MAX_POLICY_ITEMS).default([]),
  }),
});
export type PolicyDocument = z.output<typeof policyDocumentSchema>;
