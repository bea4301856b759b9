import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { ApiRole } from '@opendls/crypto/sealing';
import type { FastifyRequest } from 'fastify';
import { defaultRole, requireRole } from './role-rules.js';

/** The role a controller or handler needs. Without it: viewer to read, operator to write. */
export const Roles = Reflector.createDecorator<ApiRole>();

/** Checks the role of the key that the authentication hook found. */
@Injectable()
export class RolesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (request.routeOptions.config.public === true) return true;
    const needed = this.reflector.getAllAndOverride(Roles, [context.getHandler(), context.getClass()]);
    requireRole(request.apiKey, needed ?? defaultRole(request.method));
    return true;
  }
}
