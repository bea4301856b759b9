import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Put, Query, Req, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiConflictResponse,
  ApiConsumes,
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiPreconditionFailedResponse,
  ApiBadRequestResponse,
  ApiTags,
} from '@nestjs/swagger';
import {
  apiQueries,
  decodeCursor,
  expectedRevision,
  type Page,
  pageOf,
  pageQuerySchema,
  pageSchema,
  parseQuery,
  problem,
  rawBody,
  revisionEtag,
  Roles,
  zodToOpenApi,
} from '@opendls/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ChangePolicies } from './change-policies.use-case.js';
import { policyDocumentSchema } from './domain/policy-document.js';
import { POLICY_PROBLEMS, PolicyError } from './policies.errors.js';
import { POLICY_EXAMPLE, POLICY_EXAMPLE_YAML } from './policies.examples.js';
import {
  findingSchema,
  policySchema,
  policySummarySchema,
  revisionSchema,
  savedPolicySchema,
  toPolicy,
  toRevision,
  toSummary,
  type PolicyResponse,
  type PolicySummary,
  type RevisionResponse,
  type SavedPolicyResponse,
} from './policies.responses.js';
import { PoliciesService } from './policies.service.js';

const policyFileSchema = z.object({
  file: z.string(),
  policy: z.string().nullable(),
  problems: z.array(findingSchema),
  warnings: z.array(findingSchema),
});

/** Policies: what phones shall be configured to. */
@ApiTags('config-policy: policies')
@Controller('config-policy/v1')
export class PoliciesController {
  constructor(
    @Inject(ChangePolicies) private readonly changePolicies: ChangePolicies,
    @Inject(PoliciesService) private readonly policies: PoliciesService,
  ) {}

  @Get('policies')
  @Roles('viewer')
  @ApiOperation({ summary: 'List policies by name' })
  @apiQueries(pageQuerySchema)
  @ApiOkResponse({ schema: zodToOpenApi(pageSchema(policySummarySchema)) })
  async list(@Query() query: unknown): Promise<Page<PolicySummary>> {
    const { limit, cursor } = parseQuery(pageQuerySchema, query);
    const rows = await this.policies.list(decodeCursor(z.string(), cursor), limit);
    const page = pageOf(rows, limit, ({ name }) => name);
    return { ...page, items: page.items.map(toSummary) };
  }

  @Get('policies/:name')
  @Roles('viewer')
  @ApiOperation({ summary: 'Read a policy; the answer can be changed and sent back' })
  @ApiOkResponse({ schema: zodToOpenApi(policySchema), headers: { ETag: { schema: { type: 'string' } } } })
  @ApiNotFoundResponse({ description: '`policy-not-found`' })
  async get(@Param('name') name: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<PolicyResponse> {
    const policy = await translated(() => this.policies.get(name));
    reply.header('etag', revisionEtag(policy.revision));
    return toPolicy(policy);
  }

  @Put('policies/:name')
  @Roles('operator')
  @ApiOperation({
    summary: 'Create or change a policy',
    description:
      'A changed document becomes a new revision; phones follow at their next contact. A document with problems is refused with all of them.',
  })
  @ApiConsumes('application/json', 'application/yaml')
  @ApiBody({
    schema: { ...zodToOpenApi(policyDocumentSchema, 'input'), example: POLICY_EXAMPLE },
    description: `As YAML:\n\n\`\`\`yaml\n${POLICY_EXAMPLE_YAML}\`\`\``,
  })
  @ApiHeader({ name: 'If-Match', required: false, description: 'ETag of the revision that is to be changed' })
  @ApiHeader({ name: 'If-None-Match', required: false, description: '`*`: only if it does not exist' })
  @ApiOkResponse({ schema: zodToOpenApi(savedPolicySchema), description: 'Changed, or unchanged' })
  @ApiCreatedResponse({ schema: zodToOpenApi(savedPolicySchema), description: 'Created' })
  @ApiBadRequestResponse({ description: '`policy-invalid` with every problem, `policy-name-mismatch`' })
  @ApiConflictResponse({ description: '`policy-from-file`' })
  @ApiPreconditionFailedResponse({ description: '`policy-changed-meanwhile`' })
  async put(
    @Param('name') name: string,
    @Body() body: unknown,
    @Headers() headers: Record<string, string | undefined>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SavedPolicyResponse> {
    const { mediaType: format, text } = rawBody(body);
    const by = request.apiKey?.id ?? 'unknown';
    const { policy, outcome, warnings } = await translated(() =>
      this.changePolicies.save({ name, text, format, by, expectedRevision: expectedRevision(headers) }),
    );
    reply.status(outcome === 'created' ? 201 : 200).header('etag', revisionEtag(policy.revision));
    return { ...toPolicy(policy), warnings };
  }

  @Delete('policies/:name')
  @Roles('operator')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a policy; its revisions stay' })
  @ApiHeader({ name: 'If-Match', required: false, description: 'ETag of the revision that is to be deleted' })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: '`policy-not-found`' })
  @ApiConflictResponse({ description: '`policy-from-file`' })
  async remove(
    @Param('name') name: string,
    @Headers() headers: Record<string, string | undefined>,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    const by = request.apiKey?.id ?? 'unknown';
    await translated(() => this.changePolicies.remove(name, by, expectedRevision(headers)));
  }

  @Get('policies/:name/revisions')
  @Roles('viewer')
  @ApiOperation({ summary: 'What a policy was: its revisions, newest first' })
  @apiQueries(pageQuerySchema)
  @ApiOkResponse({ schema: zodToOpenApi(pageSchema(revisionSchema)) })
  @ApiNotFoundResponse({ description: '`policy-not-found`' })
  async listRevisions(@Param('name') name: string, @Query() query: unknown): Promise<Page<RevisionResponse>> {
    const { limit, cursor } = parseQuery(pageQuerySchema, query);
    const before = decodeCursor(z.int(), cursor);
    const rows = await translated(() => this.policies.listRevisions(name, before, limit));
    const page = pageOf(rows, limit, ({ revision }) => revision);
    return { ...page, items: page.items.map(toRevision) };
  }

  @Get('policy-files')
  @Roles('viewer')
  @ApiOperation({ summary: 'Files of the policy directory and what is wrong in them, as this replica read them' })
  @ApiOkResponse({ schema: zodToOpenApi(z.object({ items: z.array(policyFileSchema), nextCursor: z.null() })) })
  listFiles(): { items: readonly unknown[]; nextCursor: null } {
    return { items: this.policies.files(), nextCursor: null };
  }
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const { problems, warnings } = error.findings;
    const detail = problems.length > 0 ? `${problems.length} problem(s), see errors` : `${error.message}.`;
    throw problem(POLICY_PROBLEMS, error.code, {
      detail,
      cause: error,
      ...(problems.length > 0 ? { errors: problems, extra: { warnings } } : {}),
    });
  }
}
