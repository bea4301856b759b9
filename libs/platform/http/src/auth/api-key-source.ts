import type { ApiRole } from '@opendls/crypto/sealing';

/** Who makes a request. The id and name may be logged. */
export interface AuthenticatedKey {
  readonly id: string;
  readonly name: string;
  readonly role: ApiRole;
}

/** Why a key was not accepted. */
export type AuthFailureCode = 'api-key-missing' | 'api-key-invalid' | 'api-key-expired' | 'api-key-revoked';

/** What became of a key. */
export type AuthResult =
  { readonly ok: true; readonly key: AuthenticatedKey } | { readonly ok: false; readonly code: AuthFailureCode };

/** Knows which API keys are valid. Called on every request: fast, synchronous. */
export interface ApiKeySource {
  authenticate(text: string): AuthResult;
}
