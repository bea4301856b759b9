/** Words that make a name secret wherever they stand in it. */
const SECRET_WORD = /(^|-)(pwd|passwd|password|passphrase|secrets?|authorization|cookies?|credentials?)($|-)/;
/** Names that are secret by their end. */
const SECRET_END =
  /(^|-)(tokens?|pin|pin-value|bootstrapping-tan|secure-mode-data|(dls-client|wbm-server)-certificate|(api|private|sealing|signing|encryption)-keys?)$/;
/** Ends that speak about a secret without being one: `admin-pwd-status`, `apiKeyId`, `passwordLength`. */
const ABOUT_A_SECRET =
  /-(ids?|name|status|policy|expiry|lastchanged|count|length|file|path|ms|bytes|at|retries|attempts|required|enabled|allowed|active|changed|version|code|ref)$/;

const known = new Map<string, boolean>();
const KNOWN_LIMIT = 2_000;

/**
 * Whether a field or item name says that its value must not be written down. Deliberately a rule of its own without a
 * catalogue: the log must hide what nobody listed. `sipPwd`, `sip-pwd`, `SIP_PWD` are the same name.
 */
export function isSecretName(name: string): boolean {
  const seen = known.get(name);
  if (seen !== undefined) return seen;
  const normal = name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/[_\s.]+/g, '-')
    .toLowerCase();
  const secret = !ABOUT_A_SECRET.test(normal) && (SECRET_WORD.test(normal) || SECRET_END.test(normal));
  // Names may come from outside: the memory of them is bounded.
  if (known.size < KNOWN_LIMIT) known.set(name, secret);
  return secret;
}
