import { type Fault, fault } from '../../src/policy/compile/fault.ts';
import { parseTrustedUri } from '../../src/policy/uri.ts';
import type { CredentialsExchangeAction } from './actions/types.ts';
import type { UseAssertion } from './client/authenticate.ts';
import type { AssertionReplay } from './client/replay.ts';
import type { IssuerLogLine } from './log.ts';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from './records.ts';
import { kvRecords, type RecordStore } from './store.ts';
import { createKeys, type KeySet, type Keys, keySecretName, parseKeySet } from './token/keys.ts';

export interface IssuerOptions {
  /**
   * The Worker's environment: the variable `ISSUER`, the KV namespace `ISSUER_KV`, secrets `SIGNING_KEYS_…`; as you
   * like the limits `CLIENT_LIMIT` and `FAILURE_LIMIT`, the Durable Objects `ASSERTIONS`, the variable `TENANT` and
   * secrets `HOOK_…`.
   */
  readonly env: object;
  /** Run in order before a token is signed. */
  readonly actions?: readonly CredentialsExchangeAction[];
  /** Gets every log line. Default: JSON to the console. */
  readonly log?: (line: IssuerLogLine) => void;
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly now?: () => number;
}

/** The Worker's surroundings, read once. */
export interface Issuer {
  /** The issuer identifier, as it stands in tokens: configured, never taken from the request. Ends with a slash. */
  readonly identifier: string;
  readonly tenant: string;
  readonly keys: Keys;
  readonly records: RecordStore;
  readonly clientLimit: RateLimit | undefined;
  readonly failureLimit: RateLimit | undefined;
  readonly useAssertion: UseAssertion | undefined;
  readonly hookSecrets: Readonly<Record<string, string>>;
  readonly actions: readonly CredentialsExchangeAction[];
  log(line: IssuerLogLine): void;
  nowSeconds(): number;
}

export type ReadIssuer =
  | { readonly ok: true; readonly issuer: Issuer }
  | { readonly ok: false; readonly faults: readonly Fault[] };

const HOOK_PREFIX = 'HOOK_';

/** Finds all that the issuer needs, or says what is missing: then it must answer nothing. */
export function readIssuer(options: IssuerOptions, log: (line: IssuerLogLine) => void): ReadIssuer {
  const env = options.env as Readonly<Record<string, unknown>>;
  const now = options.now ?? (() => Date.now());
  const faults: Fault[] = [];

  const identifier = typeof env['ISSUER'] === 'string' ? env['ISSUER'] : '';
  const url = parseTrustedUri(identifier);
  if (url === undefined || url.href !== identifier || url.pathname !== '/' || url.search !== '') {
    faults.push(
      fault(
        ['ISSUER'],
        'ISSUER is not an issuer identifier',
        'write an https URL with host and slash only, such as "https://auth.example.com/"',
      ),
    );
  }
  const kv = isKv(env['ISSUER_KV']) ? env['ISSUER_KV'] : undefined;
  if (kv === undefined)
    faults.push(
      fault(['ISSUER_KV'], 'no KV namespace is bound as ISSUER_KV', 'bind one in issuer/wrangler.toml'),
    );
  const keys = readKeys(env, faults);
  const clientLimit = readLimit(env, 'CLIENT_LIMIT', faults);
  const failureLimit = readLimit(env, 'FAILURE_LIMIT', faults);
  const useAssertion = readAssertions(env, faults);
  if (url === undefined || kv === undefined || faults.length > 0) return { ok: false, faults };

  return {
    ok: true,
    issuer: {
      identifier,
      tenant: typeof env['TENANT'] === 'string' ? env['TENANT'] : url.hostname,
      keys,
      records: kvRecords(kv, (key) => log({ event: 'record_invalid', key })),
      clientLimit,
      failureLimit,
      useAssertion,
      hookSecrets: Object.fromEntries(
        Object.entries(env).flatMap(([name, value]) =>
          name.startsWith(HOOK_PREFIX) && typeof value === 'string'
            ? [[name.slice(HOOK_PREFIX.length), value]]
            : [],
        ),
      ),
      actions: options.actions ?? [],
      log,
      nowSeconds: () => Math.floor(now() / 1000),
    },
  };
}

function readKeys(env: Readonly<Record<string, unknown>>, faults: Fault[]): Keys {
  const sets = new Map<SigningAlgorithm, KeySet>();
  const remedy = 'make keys with `claimgate issuer init`, or `claimgate keys rotate`';
  for (const algorithm of SIGNING_ALGORITHMS) {
    const name = keySecretName(algorithm);
    const value = env[name];
    if (value === undefined) continue;
    const parsed = typeof value === 'string' ? parseKeySet(algorithm, value) : 'this is not a secret';
    if (typeof parsed === 'string') faults.push(fault([name], parsed, remedy));
    else sets.set(algorithm, parsed);
  }
  if (sets.size === 0 && faults.every(({ at }) => !at.startsWith('SIGNING_KEYS_')))
    faults.push(fault(['SIGNING_KEYS_ES256'], 'there are no signing keys', remedy));
  return createKeys(sets);
}

function readLimit(
  env: Readonly<Record<string, unknown>>,
  name: string,
  faults: Fault[],
): RateLimit | undefined {
  const value = env[name];
  if (value === undefined) return undefined;
  if (isObject(value) && typeof value['limit'] === 'function') return value as unknown as RateLimit;
  // A protection that is named but can't work is an error, not a weaker protection.
  faults.push(
    fault([name], `${name} is not a rate limit`, 'bind it under [[ratelimits]] in issuer/wrangler.toml'),
  );
  return undefined;
}

function readAssertions(env: Readonly<Record<string, unknown>>, faults: Fault[]): UseAssertion | undefined {
  const value = env['ASSERTIONS'];
  if (value === undefined) return undefined;
  if (!isObject(value) || typeof value['getByName'] !== 'function') {
    faults.push(
      fault(
        ['ASSERTIONS'],
        'the binding is not a Durable Object namespace',
        'bind the class AssertionReplay in issuer/wrangler.toml',
      ),
    );
    return undefined;
  }
  const namespace = value as unknown as DurableObjectNamespace<AssertionReplay>;
  return async (clientId, jti, expiresAtSeconds) => namespace.getByName(clientId).use(jti, expiresAtSeconds);
}

function isKv(value: unknown): value is KVNamespace {
  return isObject(value) && typeof value['get'] === 'function' && typeof value['list'] === 'function';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
