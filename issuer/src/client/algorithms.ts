/** Algorithms for client assertions (RFC 7523). `Ed25519` is `EdDSA` by its newer name (RFC 9864). */
export const ASSERTION_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'] as const;
