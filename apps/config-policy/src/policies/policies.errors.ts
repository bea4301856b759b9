import type { ProblemTable } from '@opendls/http';
import { AppError } from '@opendls/logging';
import type { PolicyFinding } from './domain/policy-problem.js';

export type PolicyErrorCode =
  'policy-invalid' | 'policy-not-found' | 'policy-from-file' | 'policy-changed-meanwhile' | 'policy-name-mismatch';

/** A policy could not be stored, found or removed. */
export class PolicyError extends AppError<PolicyErrorCode> {
  constructor(
    code: PolicyErrorCode,
    message: string,
    /** For `policy-invalid`: everything that is wrong, and what is doubtful. */
    readonly findings: { readonly problems: readonly PolicyFinding[]; readonly warnings: readonly PolicyFinding[] } = {
      problems: [],
      warnings: [],
    },
  ) {
    super(code, message, { logLevel: 'info' });
  }
}

export const POLICY_PROBLEMS: ProblemTable<PolicyErrorCode> = {
  'policy-invalid': { status: 400, title: 'The policy is not valid' },
  'policy-not-found': { status: 404, title: 'There is no such policy' },
  'policy-from-file': { status: 409, title: 'The policy comes from the policy directory and is changed there' },
  'policy-changed-meanwhile': { status: 412, title: 'The policy is not the revision that If-Match names' },
  'policy-name-mismatch': { status: 400, title: 'The name in the document is not the name in the URL' },
};
