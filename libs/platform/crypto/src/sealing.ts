// Keys, seals, tokens, fingerprints: without the certificate libraries, which take 20 MB to load.
export { API_ROLES, apiKeyId, generateApiKey, hashApiKey, type ApiRole, type GeneratedApiKey } from './api-key.js';
export { equalInConstantTime } from './constant-time.js';
export { CryptoError, type CryptoErrorCode } from './crypto-error.js';
export { fingerprint, matchesFingerprint } from './fingerprint.js';
export { open, seal, sealedWith } from './seal.js';
export { generateSealingKey, parseSealingKeys, type SealingKey, type SealingKeys } from './sealing-keys.js';
export { deriveTokenKeys, signToken, verifyToken, type TokenKeys } from './token.js';
