import { ASSERTION_ALGORITHMS } from '../client/algorithms.ts';
import { JWKS_MAX_AGE_SECONDS } from '../token/keys.ts';

/**
 * Metadata of the issuer (RFC 8414 §2), also what OpenID clients look for. There is no authorization endpoint to
 * use; it is named because some clients, the MCP SDK among them, refuse metadata without one, and answers with an error.
 */
export function describeIssuer(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}authorize`,
    token_endpoint: `${issuer}oauth/token`,
    jwks_uri: `${issuer}.well-known/jwks.json`,
    grant_types_supported: ['client_credentials'],
    response_types_supported: [],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: [...ASSERTION_ALGORITHMS],
  };
}

/** Serves JSON with an ETag (RFC 9110 §8.8.3). The content is the same for the life of the isolate. */
export function createDocument(content: object): (request: Request) => Promise<Response> {
  const body = JSON.stringify(content);
  let etag: Promise<string> | undefined;
  return async (request) => {
    etag ??= crypto.subtle
      .digest('SHA-256', new TextEncoder().encode(body))
      .then((digest) => `"${btoa(String.fromCharCode(...new Uint8Array(digest).slice(0, 12)))}"`);
    const headers = {
      'content-type': 'application/json',
      'cache-control': `public, max-age=${JWKS_MAX_AGE_SECONDS}`,
      'access-control-allow-origin': '*',
      etag: await etag,
    };
    const known = request.headers
      .get('if-none-match')
      ?.split(',')
      .map((tag) => tag.trim().replace(/^W\//, ''));
    if (known?.includes(headers.etag)) return new Response(null, { status: 304, headers });
    return new Response(request.method === 'HEAD' ? null : body, { headers });
  };
}
