import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import {
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import { FileLinks } from '@opendls/file-links';
import { OpenStream, problem } from '@opendls/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FILE_PROBLEMS } from './files.errors.js';
import { sendContent } from './files.http.js';
import { FilesService } from './files.service.js';

/** When it is. */
export abstract class FilesClock {
  abstract now(): Date;
}

/** Contents for gateways: the signed token they gave to a phone is the authorization. */
@ApiTags('config-policy: files')
@Controller('config-policy/v1/file-contents')
export class FileContentsController {
  constructor(
    @Inject(FilesService) private readonly files: FilesService,
    @Inject(FileLinks) private readonly links: FileLinks,
    @Inject(FilesClock) private readonly clock: FilesClock,
  ) {}

  // Not `:token`: a named parameter ends after 100 characters.
  @Get('*')
  @OpenStream()
  @ApiOperation({ summary: 'The bytes a signed link is for; no API key. For gateways', security: [] })
  @ApiParam({ name: 'path', description: 'The token of the link' })
  @ApiProduces('application/octet-stream')
  @ApiOkResponse({ content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } })
  @ApiNotFoundResponse({
    description: '`file-link-invalid`: unknown, changed or expired token, or a content that is gone',
  })
  @ApiServiceUnavailableResponse({ description: '`file-streams-busy`' })
  async get(@Param('*') token: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const text = Array.isArray(token) ? token.map(String).join('/') : String(token);
    const verified = this.links.verify(text, this.clock.now());
    if (!verified.ok) throw refused();
    const { sha256 } = verified.link;
    const contentType = 'application/octet-stream';
    await sendContent(request, reply, { sha256, contentType, open: () => this.files.download(sha256) }).catch(noDetail);
  }
}

/** A stranger learns nothing of what there is, and a link that is good for a content that is gone is not good. */
function refused(): Error {
  return problem(FILE_PROBLEMS, 'file-link-invalid');
}

function noDetail(error: unknown): never {
  const isGone = typeof error === 'object' && error !== null && 'code' in error && error.code === 'file-not-found';
  throw isGone ? refused() : error;
}
