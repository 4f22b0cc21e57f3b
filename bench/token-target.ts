/** What both issuers are asked for. */
export const TOKEN_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const;
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

export const CLIENT = { id: 'bench', secret: 'cgsBenchBenchBenchBenchBenchBenchBenchBenchBench' } as const;
export const SCOPE = 'read:bench';
export const TOKEN_SECONDS = 3600;

/** The API whose tokens are signed so. */
export const targetOf = (alg: TokenAlgorithm) => `https://api.example.com/${alg}`;

/** The token request, for both: client_secret_basic, and the API as RFC 8707 has it. */
export function tokenRequest(alg: TokenAlgorithm): {
  headers: Readonly<Record<string, string>>;
  body: string;
} {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    resource: targetOf(alg),
    scope: SCOPE,
  });
  return {
    headers: {
      authorization: `Basic ${btoa(`${CLIENT.id}:${CLIENT.secret}`)}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: body.toString(),
  };
}
