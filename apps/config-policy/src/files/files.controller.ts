import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Put, Query, Req, Res } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiConflictResponse,
  ApiConsumes,
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiPayloadTooLargeResponse,
  ApiPreconditionFailedResponse,
  ApiProduces,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import {
  apiQueries,
  decodeCursor,
  pageOf,
  pageSchema,
  parseQuery,
  Roles,
  streamedBody,
  Streams,
  zodToOpenApi,
  type Page,
} from '@opendls/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { etagOf, expectedSha256, preconditionOf } from './digests.js';
import {
  FILE_EXAMPLE,
  fileSchema,
  listQuerySchema,
  putQuerySchema,
  toFile,
  type FileResponse,
} from './files.responses.js';
import { FilesService } from './files.service.js';
import { sendContent, translated } from './files.http.js';
import { StoreFile } from './store-file.use-case.js';

const ETAG = { ETag: { schema: { type: 'string' as const } } };
const BYTES = { schema: { type: 'string' as const, format: 'binary' } };

/** Files for phones: logos, ringtones, pictures, firmware. */
@ApiTags('config-policy: files')
@Controller('config-policy/v1/files')
export class FilesController {
  constructor(
    @Inject(StoreFile) private readonly storeFile: StoreFile,
    @Inject(FilesService) private readonly files: FilesService,
  ) {}

  @Get()
  @Roles('viewer')
  @ApiOperation({ summary: 'List files by name' })
  @apiQueries(listQuerySchema)
  @ApiOkResponse({ schema: zodToOpenApi(pageSchema(fileSchema)) })
  async list(@Query() query: unknown): Promise<Page<FileResponse>> {
    const { limit, cursor, type } = parseQuery(listQuerySchema, query);
    const rows = await this.files.list(decodeCursor(z.string(), cursor), limit + 1, type);
    const page = pageOf(rows, limit, ({ name }) => name);
    return { ...page, items: page.items.map(toFile) };
  }

  @Get(':name')
  @Roles('viewer')
  @ApiOperation({ summary: 'What is known of a file' })
  @ApiOkResponse({ schema: { ...zodToOpenApi(fileSchema), example: FILE_EXAMPLE }, headers: ETAG })
  @ApiNotFoundResponse({ description: '`file-not-found`' })
  async get(@Param('name') name: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<FileResponse> {
    const file = await translated(() => this.files.get(name));
    reply.header('etag', etagOf(file.sha256));
    return toFile(file);
  }

  @Get(':name/content')
  @Roles('viewer')
  @Streams()
  @ApiOperation({ summary: 'The bytes of a file; also HEAD' })
  @ApiProduces('application/octet-stream')
  @ApiOkResponse({ content: { 'application/octet-stream': BYTES }, headers: ETAG })
  @ApiNotFoundResponse({ description: '`file-not-found`' })
  @ApiServiceUnavailableResponse({ description: '`file-streams-busy`' })
  async content(
    @Param('name') name: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { sha256, contentType } = await translated(() => this.files.get(name));
    await sendContent(request, reply, { sha256, contentType, open: () => this.files.download(sha256) });
  }

  @Put(':name')
  @Roles('operator')
  @Streams()
  @ApiOperation({
    summary: 'Store a file under a name',
    description:
      'The body is the bytes, of any content type but JSON and YAML. The format is checked by the first bytes, the size by type (PIC and ' +
      'SCREENSAVER 300 kB, RINGTONE and LOGO 1 MB, MOH and DONGLE 8 MB, LDAP 64 kB, APP as the server is configured). What is doubtful ' +
      'is stored with warnings. Of firmware, the version is read from the image where its format is known. A file of the same name is replaced; ' +
      'orders that were made before still send the old one.',
  })
  @ApiConsumes('application/octet-stream')
  @ApiBody({ schema: BYTES.schema })
  @apiQueries(putQuerySchema)
  @ApiHeader({ name: 'Content-Digest', required: false, description: '`sha-256=:base64:`, checked (RFC 9530)' })
  @ApiHeader({ name: 'If-Match', required: false, description: 'ETag of the file that is to be replaced' })
  @ApiHeader({ name: 'If-None-Match', required: false, description: '`*`: only if there is none' })
  @ApiOkResponse({ schema: zodToOpenApi(fileSchema), description: 'Replaced', headers: ETAG })
  @ApiCreatedResponse({ schema: zodToOpenApi(fileSchema), description: 'Created', headers: ETAG })
  @ApiBadRequestResponse({
    description:
      '`file-name-invalid`, `file-format-wrong`, `file-empty`, `file-digest-mismatch`, `file-digest-invalid`, `file-version-invalid`',
  })
  @ApiPreconditionFailedResponse({ description: '`file-changed-meanwhile`' })
  @ApiPayloadTooLargeResponse({ description: '`file-too-large`' })
  @ApiServiceUnavailableResponse({ description: '`file-streams-busy`' })
  async put(
    @Param('name') name: string,
    @Query() query: unknown,
    @Body() body: unknown,
    @Headers() headers: Record<string, string | undefined>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<FileResponse> {
    const { type, sha256, version, softwareType } = parseQuery(putQuerySchema, query);
    const { declaredBytes, bytes } = bytesOf(body);
    const { file, created } = await translated(() =>
      this.storeFile.execute({
        ...{ name, type, version, softwareType, declaredBytes, bytes },
        sha256: expectedSha256(sha256, headers['content-digest']),
        precondition: preconditionOf(headers),
        by: request.apiKey?.id ?? 'unknown',
      }),
    );
    reply.status(created ? 201 : 200).header('etag', etagOf(file.sha256));
    return toFile(file);
  }

  @Delete(':name')
  @Roles('operator')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a file from the store; phones keep what they have' })
  @ApiHeader({ name: 'If-Match', required: false, description: 'ETag of the file that is to be removed' })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: '`file-not-found`' })
  @ApiConflictResponse({ description: '`file-in-use`' })
  @ApiPreconditionFailedResponse({ description: '`file-changed-meanwhile`' })
  async remove(@Param('name') name: string, @Headers() headers: Record<string, string | undefined>): Promise<void> {
    await translated(() => this.files.remove(name, preconditionOf(headers)));
  }
}

function bytesOf(body: unknown): { declaredBytes: number | undefined; bytes: AsyncIterable<Buffer> } {
  const streamed = streamedBody(body);
  return { declaredBytes: streamed.declaredBytes, bytes: streamed.chunks() };
}
