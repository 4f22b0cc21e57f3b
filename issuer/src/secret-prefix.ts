/**
 * Client secrets begin so: secret scanners find them in repositories, and the issuer does not log one that was put
 * into the field of the client id.
 */
export const SECRET_PREFIX = 'cgs';
