import { problem, type HttpProblem } from '../problem/http-problem.js';
import { HTTP_PROBLEMS } from '../problem/http-problems.js';

/** Knows all routes, to tell a path that does not exist from a method that is not possible on it. */
export class RouteIndex {
  private readonly methodsByPattern = new Map<string, Set<string>>();

  /** Records a route as Fastify registers it. */
  add(method: string | readonly string[], pattern: string): void {
    const methods = this.methodsByPattern.get(pattern) ?? new Set();
    for (const each of typeof method === 'string' ? [method] : method) methods.add(each);
    this.methodsByPattern.set(pattern, methods);
  }

  /** The answer for a request that no route matched. */
  problemFor(method: string, url: string): HttpProblem {
    const path = (url.split('?', 1)[0] ?? '').split('/');
    const allowed = new Set<string>();
    for (const [pattern, methods] of this.methodsByPattern) {
      if (matches(pattern.split('/'), path)) methods.forEach((each) => allowed.add(each));
    }
    if (allowed.size === 0 || allowed.has(method)) return problem(HTTP_PROBLEMS, 'not-found');
    const allow = [...allowed].sort().join(', ');
    return problem(HTTP_PROBLEMS, 'method-not-allowed', { headers: { allow }, detail: `Possible here: ${allow}.` });
  }
}

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  return (
    pattern.length === path.length &&
    pattern.every((segment, index) => {
      const given = path[index];
      return segment.startsWith(':') ? given !== '' : segment === given;
    })
  );
}
