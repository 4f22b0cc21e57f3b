/** Runs docs/assertion-vectors.json with the verifier in TypeScript, or a broken one. */
import type { createSecretVerifier, createVerifier, JwkSet, OriginVerifier } from '../../origin/src/index.ts';
import type { AssertionVector, SecretVector, StartVector } from '../../scripts/vectors/vector.ts';

export interface Vectors {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: JwkSet;
  readonly assertion: readonly AssertionVector[];
  readonly secret: readonly SecretVector[];
  readonly start: readonly StartVector[];
}

export interface Implementation {
  readonly createVerifier: typeof createVerifier;
  readonly createSecretVerifier: typeof createSecretVerifier;
}

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (unit) => unit.charCodeAt(0));

/** What a verifier says, written as the vectors are. */
async function outcomeOf(verify: () => ReturnType<OriginVerifier['verify']>): Promise<object> {
  try {
    const { caller, requestId, id, expiresAt } = await verify();
    return {
      accept: {
        caller: caller && { ...caller, subject: caller.subject ?? null, client: caller.client ?? null },
        request_id: requestId ?? null,
        id: id ?? null,
        expires_at: expiresAt ?? null,
      },
    };
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    return code === undefined ? { error: message } : { refuse: code };
  }
}

const expectedOf = (vector: AssertionVector | SecretVector) =>
  'refuse' in vector ? { refuse: vector.refuse } : { accept: vector.accept };

/** Members in one order; `undefined` is `null` here. */
const same = (left: unknown, right: unknown) => canonical(left) === canonical(right);
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_name, one: unknown) =>
    one === undefined
      ? null
      : typeof one === 'object' && one !== null && !Array.isArray(one)
        ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
        : one,
  );

/** @returns one line for each vector that a verifier does not hold to */
export async function failuresOf(
  { createVerifier, createSecretVerifier }: Implementation,
  vectors: Vectors,
): Promise<string[]> {
  const { issuer, audience, keys } = vectors;
  const failures: string[] = [];
  const compare = (vector: AssertionVector | SecretVector, outcome: object) => {
    const expected = expectedOf(vector);
    if (!same(outcome, expected))
      failures.push(`${vector.id}: ${JSON.stringify(outcome)}, not ${JSON.stringify(expected)}`);
  };
  for (const vector of vectors.assertion) {
    const { bind, now, seen, keys_url: url, request } = vector;
    const memory = new Set(seen);
    const verifier = createVerifier({
      issuer,
      audience,
      keys: url ?? keys,
      bind,
      now: () => now * 1000,
      ...(seen && { replay: (id) => !memory.has(id) }),
    });
    const { body_base64: body, ...rest } = request;
    const sent = { ...rest, ...(body !== undefined && { body: bytesOf(body) }) };
    compare(vector, await outcomeOf(() => verifier.verify(sent)));
  }
  for (const vector of vectors.secret) {
    const verifier = createSecretVerifier(vector as Parameters<typeof createSecretVerifier>[0]);
    const { headers } = vector.request;
    compare(vector, await outcomeOf(() => verifier.verify({ method: 'GET', target: '/', headers })));
  }
  for (const { id, mode, options } of vectors.start) {
    try {
      if (mode === 'assertion') createVerifier(options as never);
      else createSecretVerifier(options as never);
      failures.push(`${id}: started`);
    } catch (error) {
      if (!(error instanceof TypeError)) failures.push(`${id}: ${String(error)}`);
    }
  }
  return failures;
}
