import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { API_ROLES, type ApiRole } from '@opendls/crypto';
import type { FastifyRequest } from 'fastify';
import { problem } from '../problem/http-problem.js';
import { HTTP_PROBLEMS } from '../problem/http-problems.js';
import type { AuthenticatedKey } from './api-key-source.js';

/** The role a controller or handler needs. Without it: viewer to read, operator to write. */
export const Roles = Reflector.createDecorator<ApiRole>();

/** Whether a role includes another one. */
export function hasRole(actual: ApiRole, needed: ApiRole): boolean {
  return API_ROLES.indexOf(actual) >= API_ROLES.indexOf(needed);
}

/** The role a request needs when nothing else is said. */
export function defaultRole(method: string): ApiRole {
  return method === 'GET' || method === 'HEAD' ? 'viewer' : 'operator';
}

/** @throws HttpProblem `forbidden`, `api-key-missing` */
export function requireRole(key: AuthenticatedKey | undefined, needed: ApiRole): void {
  // Cannot happen while the authentication hook is in place; closed rather than open when it is not.
  if (key === undefined) throw problem(HTTP_PROBLEMS, 'api-key-missing');
  if (hasRole(key.role, needed)) return;
  throw problem(HTTP_PROBLEMS, 'forbidden', { detail: `The role ${needed} is needed, the key has ${key.role}.` });
}

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
