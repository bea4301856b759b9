import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Logger } from '@opendls/logging';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpProblem, ProblemTable } from './http-problem.js';
import { sendProblem } from './send-problem.js';
import { toProblem } from './to-problem.js';

/** The one place where errors of controllers become HTTP answers. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly tables: ProblemTable,
    /** Tells "no such path" from "no such method on this path". */
    private readonly unmatched: (request: FastifyRequest) => HttpProblem,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const isUnmatched = request.is404 && toProblem(error).status === 404;
    sendProblem(request, reply, isUnmatched ? this.unmatched(request) : toProblem(error, this.tables), this.logger);
  }
}
