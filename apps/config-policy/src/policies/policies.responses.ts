import { z } from 'zod';
import { policyDocumentSchema } from './domain/policy-document.js';
import type { PolicyFinding } from './domain/policy-problem.js';
import type { PolicyEntity, PolicyRevisionEntity } from './policy.entity.js';

export const findingSchema = z.object({
  path: z.string().describe('JSON path in the document'),
  line: z.int().optional().describe('Line of a YAML document, from 1'),
  column: z.int().optional(),
  item: z.object({ name: z.string(), index: z.int().optional() }).optional(),
  code: z.string().describe('Stable code for programs'),
  message: z.string(),
  allowed: z.string().optional().describe('What would be accepted, in words'),
});

const statusSchema = z
  .object({
    revision: z.int().describe('Grows with every change; also the ETag'),
    origin: z.enum(['api', 'file']).describe('`file`: from the policy directory, changed there only'),
    file: z.string().nullable(),
    updatedAt: z.iso.datetime(),
    updatedBy: z.string().describe('Id of the API key, or `file`'),
  })
  .describe('Where the document stands; ignored when a document is sent');

export const policySchema = policyDocumentSchema.extend({ status: statusSchema });
export const savedPolicySchema = policySchema.extend({
  warnings: z.array(findingSchema).describe('What is doubtful, such as an item that is not in the catalogue'),
});
export const policySummarySchema = z.object({
  name: z.string(),
  description: z.string().nullable(),
  enabled: z.boolean(),
  layer: z.string(),
  priority: z.int(),
  itemCount: z.int(),
  ...statusSchema.shape,
});
export const revisionSchema = z.object({
  revision: z.int(),
  origin: z.enum(['api', 'file']),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  isDeletion: z.boolean(),
  document: policyDocumentSchema.nullable().describe('null: the policy was deleted with this revision'),
});

export type PolicyResponse = z.output<typeof policySchema>;
export type SavedPolicyResponse = PolicyResponse & { readonly warnings: readonly PolicyFinding[] };
export type PolicySummary = z.output<typeof policySummarySchema>;
export type RevisionResponse = z.output<typeof revisionSchema>;

export function toPolicy(policy: PolicyEntity): PolicyResponse {
  return { ...policy.document, status: statusOf(policy) };
}

export function toSummary(policy: PolicyEntity): PolicySummary {
  const { metadata, spec } = policy.document;
  return {
    name: policy.name,
    description: metadata.description ?? null,
    enabled: spec.enabled,
    layer: spec.layer,
    priority: spec.priority,
    itemCount: spec.items.length,
    ...statusOf(policy),
  };
}

export function toRevision(row: PolicyRevisionEntity): RevisionResponse {
  const { revision, origin, createdBy, document } = row;
  return {
    revision,
    origin,
    createdAt: row.createdAt.toISOString(),
    createdBy,
    isDeletion: document === null,
    document,
  };
}

function statusOf({ revision, origin, sourceFile, updatedAt, updatedBy }: PolicyEntity): PolicyResponse['status'] {
  return { revision, origin, file: sourceFile, updatedAt: updatedAt.toISOString(), updatedBy };
}
