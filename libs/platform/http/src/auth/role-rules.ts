import { API_ROLES, type ApiRole } from '@opendls/crypto/sealing';
import { problem } from '../problem/http-problem.js';
import { HTTP_PROBLEMS } from '../problem/http-problems.js';
import type { AuthenticatedKey } from './api-key-source.js';

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
