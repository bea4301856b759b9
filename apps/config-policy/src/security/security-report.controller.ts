import { Readable } from 'node:stream';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBadRequestResponse,
  ApiBody,
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';
import {
  apiQueries,
  decodeCursor,
  pageOf,
  pageQuerySchema,
  parseBody,
  parseParams,
  parseQuery,
  problem,
  Roles,
  Streams,
  zodToOpenApi,
} from '@opendls/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { deviceIdOf } from '../devices/device-id-param.js';
import { SecureModeService } from './secure-mode.service.js';
import { SecurityReportService, type ReportedPhone } from './security-report.service.js';
import { SECURITY_PROBLEMS } from './security.errors.js';
import {
  CSV_HEADER,
  rollOutSchema,
  securityReportSchema,
  toCounts,
  toCsvRow,
  toInsecurePhone,
  toRollOut,
  type RollOutResponse,
} from './security.responses.js';

const MAX_ROLL_OUT = 1_000;
const glob = z.string().min(1).max(128);
const rollOutRequestSchema = z
  .strictObject({
    deviceIds: z.array(z.string().max(70)).min(1).max(MAX_ROLL_OUT).optional().describe('Only these phones'),
    deviceType: glob.optional().describe('Glob, such as `OpenStage *`'),
    softwareVersion: glob.optional().describe('Glob, such as `V3 R5*`'),
    limit: z.int().min(1).max(MAX_ROLL_OUT).default(100).describe('Ask at most so many; those seen last come first'),
  })
  .refine(({ deviceIds, deviceType, softwareVersion }) => deviceIds ?? deviceType ?? softwareVersion, {
    error: 'needs deviceIds, deviceType or softwareVersion; "*" for all',
  });
const rollOutIdSchema = z.object({ rollOutId: z.uuid() });

/** Secure Mode of the whole fleet. */
@ApiTags('config-policy: security')
@Controller('config-policy/v1/security')
@Roles('viewer')
export class SecurityReportController {
  constructor(
    @Inject(SecureModeService) private readonly secureMode: SecureModeService,
    @Inject(SecurityReportService) private readonly reports: SecurityReportService,
  ) {}

  @Post('roll-outs')
  @Roles('operator')
  @HttpCode(202)
  @ApiOperation({ summary: 'Ask many phones into Secure Mode; each gets its certificate at its next contact' })
  @ApiBody({
    schema: { ...zodToOpenApi(rollOutRequestSchema, 'input'), example: { deviceType: 'OpenStage *', limit: 20 } },
  })
  @ApiAcceptedResponse({ schema: zodToOpenApi(rollOutSchema) })
  @ApiBadRequestResponse({ description: '`validation-failed`, `device-id-invalid`' })
  @ApiConflictResponse({ description: '`secure-mode-not-configured`' })
  async startRollOut(@Body() body: unknown, @Req() request: FastifyRequest): Promise<RollOutResponse> {
    const { deviceIds, ...wanted } = parseBody(rollOutRequestSchema, body);
    const selection = { ...wanted, ...(deviceIds === undefined ? {} : { deviceIds: deviceIds.map(deviceIdOf) }) };
    return toRollOut(await this.secureMode.rollOut(selection, request.apiKey?.id ?? 'unknown'));
  }

  @Get('roll-outs/:rollOutId')
  @ApiOperation({ summary: 'How far a roll-out is' })
  @ApiParam({ name: 'rollOutId', example: '5b8f4a52-6a1f-4a0e-8f7b-0d5a4c1b9e33' })
  @ApiOkResponse({ schema: zodToOpenApi(rollOutSchema) })
  @ApiNotFoundResponse({ description: '`roll-out-not-found`' })
  async getRollOut(@Param() params: unknown): Promise<RollOutResponse> {
    return toRollOut(await this.secureMode.getRollOut(parseParams(rollOutIdSchema, params).rollOutId));
  }

  @Get('report')
  @Streams()
  @ApiOperation({
    summary:
      'Phones by security state and listener, and those that are not in Secure Mode; all of these as CSV on request',
  })
  @apiQueries(pageQuerySchema)
  @ApiProduces('application/json', 'text/csv')
  @ApiOkResponse({ schema: zodToOpenApi(securityReportSchema) })
  async report(@Query() query: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { limit, cursor } = parseQuery(pageQuerySchema, query);
    if (/(^|[\s,])text\/csv\b/i.test(request.headers.accept ?? '')) {
      const lines = Readable.from(csvOf(this.reports.allInsecure()));
      await reply.type('text/csv; charset=utf-8').send(lines);
      return;
    }
    const rows = await this.reports.insecure(decodeCursor(z.string(), cursor), limit);
    const page = pageOf(rows, limit, ({ deviceId }) => deviceId);
    await reply.send({
      ...toCounts(await this.reports.counts()),
      certificateAuthorityNotAfter: this.reports.authority?.notAfter.toISOString() ?? null,
      items: page.items.map(toInsecurePhone),
      nextCursor: page.nextCursor,
    });
  }

  @Get('ca.pem')
  @ApiOperation({ summary: 'Certificate of the authority that signs the certificates of phones' })
  @ApiProduces('application/x-pem-file')
  @ApiOkResponse({ schema: { type: 'string' } })
  @ApiConflictResponse({ description: '`secure-mode-not-configured`' })
  async authority(@Res() reply: FastifyReply): Promise<void> {
    const { authority } = this.reports;
    if (authority === undefined) throw problem(SECURITY_PROBLEMS, 'secure-mode-not-configured');
    await reply.type('application/x-pem-file').send(authority.certificate);
  }
}

async function* csvOf(phones: AsyncIterable<ReportedPhone>): AsyncGenerator<string> {
  yield CSV_HEADER;
  for await (const phone of phones) yield toCsvRow(toInsecurePhone(phone));
}
