import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBadRequestResponse,
  ApiBody,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiPreconditionFailedResponse,
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
  parseBody,
  parseParams,
  parseQuery,
  problem,
  revisionEtag,
  Roles,
  zodToOpenApi,
} from '@opendls/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { MOBILE_USER_PROBLEMS, MobileUserError } from './mobile-users.errors.js';
import { mobileUserSchema, toMobileUser, type MobileUserResponse } from './mobile-users.responses.js';
import { MobileUsersService } from './mobile-users.service.js';

/** What phones can display and send; letters for numbers of private plans. */
const numberSchema = z.object({ e164: z.string().regex(/^\+?[A-Za-z0-9*#._-]{1,32}$/) });
/** What no XML message can carry would be left out on the way. */
const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/u;
const text = (max: number): z.ZodString =>
  z
    .string()
    .max(max)
    .refine((value) => !NOT_IN_XML.test(value), { error: 'has characters no phone can be sent' });
const itemSchema = z.strictObject({
  name: z.string().min(1).max(128),
  index: z.int().min(0).max(65_535).optional(),
  value: text(65_536).optional().describe('Secret items: kept sealed, never given out again'),
  secretRef: z
    .string()
    .max(200)
    .optional()
    .describe('Name of a stored secret; may contain {{e164}}, the number of the user'),
  secret: z.literal(true).optional().describe('Without `value`: the stored value stays'),
});
const putSchema = z.strictObject({
  displayName: text(128).nullable().default(null),
  enabled: z.boolean().default(true).describe('false: cannot log on, and is logged off'),
  password: text(128).min(4).optional().describe('Needed for a new user; absent: the one there is stays'),
  items: z
    .array(itemSchema)
    .max(500)
    .default([])
    .describe('The profile: what the phone is set to while the user is on it'),
});
const EXAMPLE = {
  displayName: 'Gast 777',
  password: '735912',
  items: [
    { name: 'sip-user-id', value: '4989100777' },
    { name: 'sip-pwd', secretRef: 'sip/{{e164}}' },
    { name: 'display-id-unicode', value: 'Gast 777' },
  ],
};
const listQuerySchema = pageQuerySchema.extend({
  loggedOn: z.enum(['true', 'false']).optional().describe('Only users that are, or are not, logged on at a phone'),
});
const logOffSchema = z.object({ deviceId: z.string() });
const NUMBER = { name: 'e164', description: 'Number of the user, as it is typed at the phone', example: '4989100777' };
const IF_MATCH = { name: 'If-Match', required: false, description: 'ETag of the revision that is to be changed' };

/** Mobile users: who can log on at any phone. */
@ApiTags('config-policy: mobile users')
@Controller('config-policy/v1/mobile-users')
@Roles('viewer')
export class MobileUsersController {
  constructor(@Inject(MobileUsersService) private readonly users: MobileUsersService) {}

  @Get()
  @ApiOperation({ summary: 'List mobile users by number' })
  @apiQueries(listQuerySchema)
  @ApiOkResponse({ schema: zodToOpenApi(pageSchema(mobileUserSchema)) })
  async list(@Query() query: unknown): Promise<Page<MobileUserResponse>> {
    const { limit, cursor, loggedOn } = parseQuery(listQuerySchema, query);
    const isLoggedOn = loggedOn === undefined ? undefined : loggedOn === 'true';
    const rows = await this.users.list(isLoggedOn, decodeCursor(z.string(), cursor), limit);
    const page = pageOf(rows, limit, ({ user }) => user.e164);
    return { ...page, items: page.items.map(toMobileUser) };
  }

  @Get(':e164')
  @ApiOperation({ summary: 'One mobile user: profile, phone, and what is stored of the user data' })
  @ApiParam(NUMBER)
  @ApiOkResponse({ schema: zodToOpenApi(mobileUserSchema), headers: { ETag: { schema: { type: 'string' } } } })
  @ApiNotFoundResponse({ description: '`mobile-user-not-found`' })
  async get(@Param() params: unknown, @Res({ passthrough: true }) reply: FastifyReply): Promise<MobileUserResponse> {
    const view = await translated(() => this.users.get(numberOf(params)));
    reply.header('etag', revisionEtag(view.user.revision));
    return toMobileUser(view);
  }

  @Put(':e164')
  @Roles('operator')
  @ApiOperation({
    summary: 'Create or change a mobile user',
    description: 'A phone the user is on follows at its next contact. A new password is for the next logon.',
  })
  @ApiParam(NUMBER)
  @ApiBody({ schema: { ...zodToOpenApi(putSchema, 'input'), example: EXAMPLE } })
  @ApiHeader(IF_MATCH)
  @ApiHeader({ name: 'If-None-Match', required: false, description: '`*`: only if it does not exist' })
  @ApiOkResponse({ schema: zodToOpenApi(mobileUserSchema), description: 'Changed' })
  @ApiCreatedResponse({ schema: zodToOpenApi(mobileUserSchema), description: 'Created' })
  @ApiBadRequestResponse({ description: '`mobile-user-invalid` with every problem, `mobile-user-password-missing`' })
  @ApiPreconditionFailedResponse({ description: '`mobile-user-changed-meanwhile`' })
  async put(
    @Param() params: unknown,
    @Body() body: unknown,
    @Headers() headers: Record<string, string | undefined>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MobileUserResponse> {
    const { displayName, enabled: isEnabled, password, items } = parseBody(putSchema, body);
    const by = request.apiKey?.id ?? 'unknown';
    const command = { e164: numberOf(params), displayName, isEnabled, password, items, by };
    const saved = await translated(() => this.users.save({ ...command, expectedRevision: expectedRevision(headers) }));
    reply.status(saved.isNew ? 201 : 200).header('etag', revisionEtag(saved.user.revision));
    return toMobileUser(saved);
  }

  @Delete(':e164')
  @Roles('operator')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a mobile user with the user data; a phone the user is on is told to log off' })
  @ApiParam(NUMBER)
  @ApiHeader(IF_MATCH)
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: '`mobile-user-not-found`' })
  async remove(@Param() params: unknown, @Headers() headers: Record<string, string | undefined>): Promise<void> {
    await translated(() => this.users.remove(numberOf(params), expectedRevision(headers)));
  }

  @Delete(':e164/user-data')
  @Roles('operator')
  @HttpCode(204)
  @ApiOperation({ summary: 'Forget the user data (phonebook, call log ...)' })
  @ApiParam(NUMBER)
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: '`mobile-user-not-found`' })
  async removeUserData(@Param() params: unknown): Promise<void> {
    await translated(() => this.users.removeUserData(numberOf(params)));
  }

  @Post(':e164/log-off')
  @Roles('operator')
  @HttpCode(202)
  @ApiOperation({ summary: 'Log the user off: the phone is woken and told to' })
  @ApiParam(NUMBER)
  @ApiAcceptedResponse({ schema: zodToOpenApi(logOffSchema) })
  @ApiNotFoundResponse({ description: '`mobile-user-not-found`' })
  @ApiConflictResponse({ description: '`mobile-user-not-logged-on`' })
  async logOff(@Param() params: unknown): Promise<z.output<typeof logOffSchema>> {
    return { deviceId: await translated(() => this.users.logOff(numberOf(params))) };
  }
}

function numberOf(params: unknown): string {
  return parseParams(numberSchema, params).e164;
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MobileUserError)) throw error;
    const { code, problems } = error;
    throw problem(MOBILE_USER_PROBLEMS, code, { cause: error, ...(problems.length > 0 ? { errors: problems } : {}) });
  }
}
