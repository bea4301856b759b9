import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Put, Query, Req, Res } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import {
  apiQueries,
  decodeCursor,
  pageOf,
  pageQuerySchema,
  pageSchema,
  parseBody,
  parseQuery,
  Roles,
  zodToOpenApi,
  type Page,
} from '@opendls/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { SecretsService, type SecretSummary } from './secrets.service.js';

const MAX_SECRET_LENGTH = 65_536;
/** What no XML message can carry would be left out on the way: the phone would get another secret. */
const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/u;
const putSecretSchema = z.strictObject({
  value: z
    .string()
    .min(1)
    .max(MAX_SECRET_LENGTH)
    .refine((value) => !NOT_IN_XML.test(value), { error: 'has characters that no message to a phone can carry' })
    .describe('Kept sealed; never given out again'),
});
const secretSchema = z.object({
  ref: z.string().describe('What policies name in `secretRef`'),
  updatedAt: z.iso.datetime(),
  updatedBy: z.string().describe('Id of the API key'),
});
type SecretResponse = z.output<typeof secretSchema>;

const REF = { name: 'path', description: 'Name of the secret, with slashes', example: 'sip/4989100231' };

/** Secrets: values that policies name but do not hold. */
@ApiTags('config-policy: secrets')
@Controller('config-policy/v1/secrets')
export class SecretsController {
  constructor(@Inject(SecretsService) private readonly secrets: SecretsService) {}

  @Get()
  @Roles('viewer')
  @ApiOperation({ summary: 'List the names of secrets' })
  @apiQueries(pageQuerySchema)
  @ApiOkResponse({ schema: zodToOpenApi(pageSchema(secretSchema)) })
  async list(@Query() query: unknown): Promise<Page<SecretResponse>> {
    const { limit, cursor } = parseQuery(pageQuerySchema, query);
    const rows = await this.secrets.list(decodeCursor(z.string(), cursor), limit + 1);
    const page = pageOf(rows, limit, ({ name }) => name);
    return { ...page, items: page.items.map(toResponse) };
  }

  @Put('*')
  @Roles('operator')
  @ApiOperation({ summary: 'Store a secret; phones that use it get it at their next contact' })
  @ApiParam(REF)
  @ApiBody({ schema: { ...zodToOpenApi(putSecretSchema, 'input'), example: { value: 'the password' } } })
  @ApiOkResponse({ schema: zodToOpenApi(secretSchema), description: 'Changed' })
  @ApiCreatedResponse({ schema: zodToOpenApi(secretSchema), description: 'Created' })
  @ApiBadRequestResponse({ description: '`secret-name-invalid`, `validation-failed`' })
  async put(
    @Param('*') ref: unknown,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SecretResponse> {
    const { value } = parseBody(putSecretSchema, body);
    const name = refText(ref);
    const updatedBy = request.apiKey?.id ?? 'unknown';
    const { created, updatedAt } = await this.secrets.put(name, value, updatedBy);
    reply.status(created ? 201 : 200);
    return toResponse({ name, updatedAt, updatedBy });
  }

  @Delete('*')
  @Roles('operator')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a secret; phones keep what was written' })
  @ApiParam(REF)
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: '`secret-not-found`' })
  async remove(@Param('*') ref: unknown): Promise<void> {
    await this.secrets.remove(refText(ref));
  }
}

/** A parameter over several path segments arrives as a list or as one text. */
function refText(ref: unknown): string {
  return Array.isArray(ref) ? ref.map(String).join('/') : String(ref);
}

function toResponse({ name, updatedAt, updatedBy }: SecretSummary): SecretResponse {
  return { ref: name, updatedAt: updatedAt.toISOString(), updatedBy };
}
