import { KEY_SET_MAX_AGE_SECONDS } from '../policy/assertion.ts';

/** The gateway's own public keys, by which origins verify assertions (RFC 7517 §5). */
export const renderKeySet = (keySet: object): Response =>
  Response.json(keySet, { headers: { 'cache-control': `public, max-age=${KEY_SET_MAX_AGE_SECONDS}` } });
