/** Asks an issuer for its keys, as the gateway would, and keeps what it answered on the way. */
import type { KeysFault } from '../../../src/decision.ts';
import { fetchKeys } from '../../../src/keys/discovery.ts';
import type { Fetch } from '../../../src/keys/document.ts';
import type { DroppedKey } from '../../../src/keys/jwk.ts';
import { importKeySet, readJwks } from '../../../src/keys/jwks.ts';
import { ALGORITHMS } from '../../../src/policy/algorithms.ts';
import type { Issuer } from '../../../src/policy/policy.ts';
import { listOf, parseJson } from '../../text/json.ts';
import { visible } from '../../text/terminal.ts';
import { shown } from '../../text/words.ts';

/** One document that was asked for. */
export interface Asked {
  readonly url: string;
  /** The status, or why there was none: `ECONNREFUSED`. */
  readonly outcome: number | string;
  readonly contentType?: string | undefined;
  /** Where a redirect leads to. */
  readonly location?: string | undefined;
  /** The clock of the server less the one of this machine, in seconds. */
  readonly skewSeconds?: number | undefined;
  /** What the issuer of this project says it lacks, where it is asked on this machine. */
  readonly faults?: readonly string[];
}

export interface AskedKey {
  readonly kid: string | undefined;
  readonly algorithms: readonly string[];
}

export interface IssuerAnswers {
  readonly asked: readonly Asked[];
  /** Why there are no keys. */
  readonly fault: KeysFault | undefined;
  /** The document whose answer is the fault, and its status where that is it. */
  readonly url: string | undefined;
  readonly status: number | undefined;
  /** The `issuer` of its metadata, where there is any. */
  readonly named: string | undefined;
  /** The algorithms that its metadata lists. */
  readonly listed: readonly string[] | undefined;
  /** The claims that its metadata lists; `undefined` if it lists none. */
  readonly claims: readonly string[] | undefined;
  readonly keys: readonly AskedKey[];
  readonly dropped: readonly (Omit<DroppedKey, 'why'> & { readonly why: DroppedKey['why'] | 'symmetric' })[];
}

/** Never throws. Takes seconds at most. */
export async function askIssuer(
  issuer: Issuer,
  ask: Fetch,
  now: () => number = Date.now,
): Promise<IssuerAnswers> {
  const asked: Asked[] = [];
  const refused: DroppedKey[] = [];
  const documents = new Map<string, Record<string, unknown>>();
  const fetched = await fetchKeys(issuer, async (url, init) => {
    const response = await ask(url, init).catch((error: unknown) => {
      asked.push({ url, outcome: codeOfFailure(error) });
      throw error;
    });
    const { status, headers } = response;
    const seen = {
      url,
      outcome: status,
      contentType: headers.get('content-type') ?? undefined,
      location: headers.get('location') ?? undefined,
      skewSeconds: skewOf(headers, now()),
    };
    if (status !== 200) {
      asked.push({ ...seen, faults: status >= 500 ? await faultsIn(response.clone()) : [] });
      return response;
    }
    asked.push(seen);
    const text = await response.text();
    const document = parseJson(text);
    if (typeof document === 'object' && document !== null)
      documents.set(url, document as Record<string, unknown>);
    return new Response(text, { headers });
  });
  const set = fetched.kind === 'fetched' ? await importKeySet(fetched.keys, refused) : undefined;
  const unusable = { fault: 'no_usable_key', url: undefined, status: undefined } as const;
  const { fault, url, status } = fetched.kind === 'fault' ? fetched : unusable;
  const all = [...documents.values()];
  const metadata =
    all.find((one) => one['issuer'] === issuer.issuer) ??
    (url === undefined ? undefined : documents.get(url)) ??
    all.find((one) => !Array.isArray(one['keys'])) ??
    {};
  const { issuer: named } = metadata;
  const texts = (value: unknown) =>
    Array.isArray(value) ? value.filter((one) => typeof one === 'string') : undefined;
  const keySet = all.find((one) => Array.isArray(one['keys']));
  return {
    asked,
    named: typeof named === 'string' ? named : undefined,
    listed: texts(metadata['id_token_signing_alg_values_supported']),
    claims: texts(metadata['claims_supported']),
    dropped: [...droppedIn(keySet), ...refused],
    ...(set === undefined ? { fault, url, status } : { fault: undefined, url: undefined, status: undefined }),
    keys: (set?.keys ?? []).map((key) => ({
      kid: key.kid,
      algorithms: ALGORITHMS.filter((alg) => key.fits(alg)),
    })),
  };
}

/** The gateway counts symmetric keys among the private ones; people look for the other word. */
function droppedIn(jwks: unknown): IssuerAnswers['dropped'] {
  const kinds = new Map(
    listOf((jwks as { keys?: unknown } | undefined)?.keys).map((key) => [
      (key as { kid?: unknown } | null)?.kid,
      (key as { kty?: unknown } | null)?.kty,
    ]),
  );
  return (readJwks(jwks)?.dropped ?? []).map(({ kid, why }) => ({
    kid,
    why: kinds.get(kid) === 'oct' ? 'symmetric' : why,
  }));
}

/** A shared cache may have kept the answer: `Age` is for how long (RFC 9111 §5.1). */
function skewOf(headers: Headers, nowMs: number): number | undefined {
  const dateMs = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(dateMs)) return undefined;
  return Math.round((dateMs - nowMs) / 1000) + (Number(headers.get('age')) || 0);
}

async function faultsIn(response: Response): Promise<string[]> {
  const body = (await response.json().catch(() => ({}))) as { faults?: unknown } | null;
  return listOf(body?.faults).filter((one) => typeof one === 'string');
}

/** Node's `fetch` hides the cause of a failed request one level down. */
function codeOfFailure(error: unknown): string {
  const { name, code, cause } = error as {
    name?: string;
    code?: string;
    cause?: { code?: string; message?: string };
  };
  if (name === 'TimeoutError' || name === 'AbortError') return 'no answer in time';
  return code ?? cause?.code ?? cause?.message ?? 'no connection';
}

/** One line for people. Whatever the server sent is harmless in it. */
export function formatAsked({ url, outcome, contentType, location }: Asked): string {
  const more = location ?? contentType;
  const arrow = location === undefined ? '' : '→ ';
  return visible(`${url}  ${outcome}${more === undefined ? '' : `  ${arrow}${more}`}`);
}

/** `ES256 (kid a), RS256 (kid b)`. */
export const formatKeys = (keys: readonly AskedKey[]): string =>
  visible(
    keys
      .map(
        ({ kid, algorithms }) => `${algorithms.join('|')} (${kid === undefined ? 'no kid' : `kid ${kid}`})`,
      )
      .join(', '),
  );

/** What is wrong with a key that is not used, in words. */
const DROPPED: Readonly<Record<IssuerAnswers['dropped'][number]['why'], string>> = {
  symmetric:
    'symmetric (kty oct): whoever can verify could make tokens; have the issuer sign with RS256 or ES256',
  private: 'it has its private half in it; tell the owner of the issuer, and do not trust it',
  not_an_object: 'no object',
  not_for_signatures: 'not for signatures (use, key_ops)',
  kty: 'of a kind that is not taken (kty, crv)',
  alg: 'for an algorithm that is not taken, or that does not fit it (alg)',
  kid: 'its kid is neither text nor a number',
  malformed: 'malformed: a number is missing or is no base64, or the point is not on its curve',
  rsa_size: 'an RSA key of under 2048 or over 8192 bits',
  too_many: 'it is not among the first 100 keys, and no more are read',
};

/** One line for people for each key that is not used. */
export const formatDropped = (dropped: IssuerAnswers['dropped']): string[] =>
  dropped.map(({ kid, why }) =>
    visible(
      `${kid == null || kid === '' ? 'a key without kid' : `kid ${typeof kid === 'string' ? kid : shown(kid)}`}: ${DROPPED[why]}`,
    ),
  );

/** What to say of an issuer whose metadata has another name than the policy. */
export function explainName(configured: string, named: string): string {
  const text = JSON.stringify(named);
  if (isSameButSlash(configured, named)) return `write issuer = ${text}: the slash at the end counts`;
  return `write issuer = ${text}, if that is what its tokens have as iss; else look whose metadata this is`;
}

const withoutSlash = (text: string) => text.replace(/\/$/, '');

/** The mistake that is made most. */
export const isSameButSlash = (a: string, b: string): boolean =>
  a !== b && withoutSlash(a) === withoutSlash(b);
