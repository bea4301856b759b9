import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { parseBody, parseParams, RawBody, Roles, zodToOpenApi } from '@opendls/http';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { DEVICE_ID_PARAM, deviceIdOf } from '../devices/device-id-param.js';
import { SecureModeService } from './secure-mode.service.js';
import {
  certificateSchema,
  secureModeSchema,
  toCertificate,
  toSecureMode,
  type CertificateResponse,
  type SecureModeResponse,
} from './security.responses.js';

const requestSchema = z.strictObject({
  contact: z.boolean().default(false).describe('Wake the phone for it at once'),
});
const resetSchema = z.strictObject({
  revokeCertificates: z
    .boolean()
    .default(true)
    .describe('false: should the phone still have its certificate, it may come with it, and is in Secure Mode again'),
});
const revokeSchema = z.strictObject({
  reason: z.string().trim().min(1).max(200).default('unspecified').describe('For people; such as `phone stolen`'),
});
const serialSchema = z.object({
  serialNumber: z
    .string()
    .transform((text) => text.replaceAll(':', '').toLowerCase())
    .pipe(z.string().regex(/^[0-9a-f]{1,64}$/)),
});
const certificateListSchema = z.object({ items: z.array(certificateSchema), nextCursor: z.null() });
const SERIAL = {
  name: 'serialNumber',
  description: 'Serial number of the certificate, hex',
  example: '4f2a90c1d3e84b57a6',
};

/** Secure Mode of one phone. */
@ApiTags('config-policy: security')
@Controller('config-policy/v1/devices/:deviceId')
@Roles('viewer')
export class SecureModeController {
  constructor(@Inject(SecureModeService) private readonly secureMode: SecureModeService) {}

  @Get('secure-mode')
  @ApiOperation({ summary: 'Where the phone stands, and its certificates' })
  @ApiParam(DEVICE_ID_PARAM)
  @ApiOkResponse({ schema: zodToOpenApi(secureModeSchema) })
  @ApiNotFoundResponse({ description: '`device-not-found`' })
  async get(@Param('deviceId') deviceId: string): Promise<SecureModeResponse> {
    return toSecureMode(await this.secureMode.get(deviceIdOf(deviceId)));
  }

  @Post('secure-mode')
  @Roles('operator')
  @HttpCode(202)
  @ApiOperation({ summary: 'Ask the phone into Secure Mode; it gets its certificate at its next contact' })
  @ApiParam(DEVICE_ID_PARAM)
  @ApiBody({ required: false, schema: { ...zodToOpenApi(requestSchema, 'input'), example: { contact: true } } })
  @ApiAcceptedResponse({ schema: zodToOpenApi(secureModeSchema) })
  @ApiNotFoundResponse({ description: '`device-not-found`' })
  @ApiConflictResponse({
    description: '`secure-mode-not-configured`, `secure-mode-under-way`, `secure-mode-reached`',
  })
  async request(
    @Param('deviceId') deviceId: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<SecureModeResponse> {
    const { contact } = optionalBody(requestSchema, body);
    return toSecureMode(await this.secureMode.request(deviceIdOf(deviceId), keyOf(request), contact));
  }

  @Post('secure-mode/reset')
  @Roles('admin')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Take a phone that was reset to factory settings back to Default Mode: it is believed without certificate',
  })
  @ApiParam(DEVICE_ID_PARAM)
  @ApiBody({
    required: false,
    schema: { ...zodToOpenApi(resetSchema, 'input'), example: { revokeCertificates: true } },
  })
  @ApiOkResponse({ schema: zodToOpenApi(secureModeSchema) })
  @ApiNotFoundResponse({ description: '`device-not-found`' })
  async reset(
    @Param('deviceId') deviceId: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<SecureModeResponse> {
    const { revokeCertificates } = optionalBody(resetSchema, body);
    return toSecureMode(await this.secureMode.reset(deviceIdOf(deviceId), keyOf(request), revokeCertificates));
  }

  @Get('certificates')
  @ApiOperation({ summary: 'Client certificates of the phone, newest first, at most 100' })
  @ApiParam(DEVICE_ID_PARAM)
  @ApiOkResponse({ schema: zodToOpenApi(certificateListSchema) })
  @ApiNotFoundResponse({ description: '`device-not-found`' })
  async listCertificates(
    @Param('deviceId') deviceId: string,
  ): Promise<{ readonly items: readonly CertificateResponse[]; readonly nextCursor: null }> {
    const { certificates } = await this.secureMode.get(deviceIdOf(deviceId));
    return { items: certificates.map(toCertificate), nextCursor: null };
  }

  @Post('certificates/:serialNumber/revoke')
  @Roles('admin')
  @HttpCode(200)
  @ApiOperation({ summary: 'Take a certificate back: gateways refuse it within seconds' })
  @ApiParam(DEVICE_ID_PARAM)
  @ApiParam(SERIAL)
  @ApiBody({ required: false, schema: { ...zodToOpenApi(revokeSchema, 'input'), example: { reason: 'phone stolen' } } })
  @ApiOkResponse({ schema: zodToOpenApi(certificateSchema) })
  @ApiNotFoundResponse({ description: '`device-not-found`, `certificate-not-found`' })
  async revoke(
    @Param() params: unknown,
    @Param('deviceId') deviceId: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<CertificateResponse> {
    const { reason } = optionalBody(revokeSchema, body);
    const { serialNumber } = parseParams(serialSchema, params);
    return toCertificate(await this.secureMode.revoke(deviceIdOf(deviceId), serialNumber, keyOf(request), reason));
  }
}

/** A body that may be missing: then everything is as its schema says by default. */
function optionalBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const isGiven = body instanceof RawBody ? body.text.trim() !== '' : body !== undefined && body !== null;
  return isGiven ? parseBody(schema, body) : schema.parse({});
}

function keyOf(request: FastifyRequest): string {
  return request.apiKey?.id ?? 'unknown';
}
