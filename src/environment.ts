import type { Reason } from './decision.ts';
import { createHmac, type Hmac } from './hmac.ts';
import type { KeyIo } from './keys/io.ts';
import { isKv, kvStore } from './keys/kv-store.ts';
import type { LogLine, Versions } from './log.ts';
import { type AssertionKey, readAssertionKeys } from './origin/assertion-keys.ts';
import type { OriginFetch } from './origin/forward.ts';
import type { Next } from './origin/next.ts';
import type { Bindings } from './policy/compile/bindings.ts';
import { type Compiled, compilePolicy } from './policy/compile/compile.ts';
import { collectFaults, type Faults } from './policy/compile/faults.ts';
import { isPolicyTable, isVersionMetadata } from './policy/compile/names.ts';
import type { Api } from './policy/policy.ts';
import { createRevocationAccess } from './revocation/access.ts';
import type { RevocationObject } from './revocation/asked.ts';
import type { RevocationIo } from './revocation/source.ts';
import { createSeal } from './seal.ts';

export interface GatewayOptions {
  /**
   * The Worker's environment, `env` of `cloudflare:workers`: bindings, secrets, and, unless `policy` is given, the
   * tables `GATEWAY`, `ISSUERS` and `API_*`. The KV namespace `KEYS` keeps the keys of issuers.
   */
  readonly env: object;
  /** The policy, in the form that it has under `[vars]`, from a source of your own. */
  readonly policy?: Readonly<Record<string, unknown>>;
  /**
   * Gets every log line, and the request that it is about, if it is about one. Default: JSON to the console.
   */
  readonly log?: (line: LogLine, request?: Request) => void;
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly now?: () => number;
  /**
   * Answers for APIs with `origin = "next"`: handlers of this Worker. They get the client's request and who calls.
   */
  readonly next?: Next;
  /** Asks issuers and origins that are not service bindings. Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/** The Worker's surroundings, read once. */
export interface Environment {
  readonly compiled: Compiled;
  /** Hashes logged subjects, with the secret LOG_KEY. */
  readonly logHmac: Hmac | undefined;
  /** Gets every request as a data point, where it is bound. */
  readonly analytics: AnalyticsEngineDataset | undefined;
  /** The deployed Worker, if a `[version_metadata]` binding tells it, and its policy. */
  readonly versions: Versions;
  log(line: LogLine, request?: Request): void;
  now(): number;
  keyIo(waitUntil: WaitUntil): KeyIo;
  /** Where revocations and switches are read. `undefined` where the policy has none. */
  revocationIo(waitUntil: WaitUntil): RevocationIo | undefined;
  originFetch(api: Api): OriginFetch | Reason;
  /** Headers from secrets that the API's origin gets. */
  originHeaders(api: Api): readonly (readonly [name: string, value: string])[];
  /** What signs assertions. Empty where no API asks for them. */
  readonly assertionKeys: readonly AssertionKey[];
  /** What writes revocations down. `undefined` where the policy has none. Belongs to a request, like all bindings. */
  revocationObject(): RevocationObject | undefined;
  secret(name: string): string | undefined;
  /** Counts a request. @returns whether it is within the limit */
  countRequest(limit: string, key: string): Promise<boolean | Reason>;
}

export type WaitUntil = (promise: Promise<unknown>) => void;

/**
 * Compiles the policy and finds the bindings and secrets that it needs.
 *
 * @param hasNext whether there are handlers for `origin = "next"`; `undefined`: that doesn't matter here
 */
export function readEnvironment(options: GatewayOptions, hasNext?: boolean): Environment {
  const env = options.env as Readonly<Record<string, unknown>>;
  const log = options.log ?? ((line: LogLine) => console.log(JSON.stringify(line)));
  const now = options.now ?? (() => Date.now());
  const fetchUrl: OriginFetch = options.fetch ?? ((input, init) => fetch(input, init));
  const logKey = secret(env, 'LOG_KEY');
  const compiled = checkSecrets(compilePolicy(options.policy ?? env, listBindings(env, hasNext)), env);
  const fetchFor: KeyIo['fetchFor'] = ({ service }) => {
    if (service === undefined) return fetchUrl;
    const binding = env[service];
    return isService(binding) ? (url, init) => binding.fetch(url, init) : undefined;
  };
  const store = isKv(env['KEYS']) ? kvStore(env['KEYS'], now, secret(env, 'KEYS_SECRET')) : undefined;
  const access = revocationAccess(compiled, env);
  return {
    compiled,
    revocationObject: () => access?.(undefined).object,
    secret: (name) => secret(env, name),
    assertionKeys: asserts(compiled) ? readAssertionKeys((name) => secret(env, name)).keys : [],
    versions: readVersions(options.policy ?? env, env),
    logHmac: logKey === undefined ? undefined : createHmac(logKey),
    analytics: isDataset(env['ANALYTICS']) ? env['ANALYTICS'] : undefined,
    log,
    now,
    keyIo: (waitUntil) => ({ store, now, waitUntil, log, fetchFor }),
    revocationIo: (waitUntil) => access && { access, now, waitUntil, log },
    originFetch({ origin, mtls }) {
      const name = origin.kind === 'service' ? origin.binding : mtls;
      if (name === undefined) return fetchUrl;
      const binding = env[name];
      if (isService(binding)) return (input, init) => binding.fetch(input, init);
      return { code: 'binding_missing', binding: name };
    },
    originHeaders: (api) =>
      api.originHeaders.map(({ header, secret: name }) => [header, secret(env, name) ?? '']),
    async countRequest(limit, key) {
      const binding = env[limit];
      if (!isRateLimit(binding)) return { code: 'binding_missing', binding: limit };
      return (await binding.limit({ key })).success;
    },
  };
}

/** Lists the bindings that the policy may name. A certificate is bound as something that can fetch, like a service. */
function listBindings(env: Readonly<Record<string, unknown>>, next: boolean | undefined): Bindings {
  const names = (is: (value: unknown) => boolean) => Object.keys(env).filter((name) => is(env[name]));
  const fetchers = names(isService);
  return {
    services: fetchers,
    certificates: fetchers,
    rateLimits: names(isRateLimit),
    objects: names(isObjectNamespace),
    namespaces: names(isKv),
    secrets: names((value) => typeof value === 'string' && value !== ''),
    ...(next !== undefined && { next }),
  };
}

/** The check has seen that both bindings are there. */
function revocationAccess(compiled: Compiled, env: Readonly<Record<string, unknown>>) {
  const name = compiled.ok ? compiled.policy.settings.revocation : undefined;
  const namespace = name === undefined ? undefined : env[name];
  const kv = env['KEYS'];
  if (!isObjectNamespace(namespace) || !isKv(kv)) return undefined;
  const key = secret(env, 'KEYS_SECRET');
  return createRevocationAccess(namespace, kv, key === undefined ? undefined : createSeal(key));
}

const asserts = (compiled: Compiled): boolean =>
  compiled.ok && compiled.policy.settings.assertion !== undefined;

const IN_HEADER = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

/** A security feature without its secret is an error, not a weaker feature. */
function checkSecrets(compiled: Compiled, env: Readonly<Record<string, unknown>>): Compiled {
  const faults = collectFaults();
  if (!compiled.ok) faults.take(compiled.faults);
  // An empty secret is a slip, as of a pipeline whose variable was not set.
  for (const name of ['KEYS_SECRET', 'LOG_KEY'])
    if (env[name] === '') faults.at(name).add('the secret is empty', 'set it anew, or delete it');
  if (compiled.ok) {
    const { settings, apis, transmitters } = compiled.policy;
    if (settings.logSubject === 'hash' && secret(env, 'LOG_KEY') === undefined)
      faults
        .at('GATEWAY', 'log_subject')
        .add('"hash" needs the secret LOG_KEY', 'set it with `wrangler secret put LOG_KEY`');
    if (asserts(compiled))
      for (const [name, problem] of readAssertionKeys((one) => secret(env, one)).faults)
        faults
          .at(name)
          .add(
            `the secret is not a key for assertions: ${problem}`,
            'make one with `npx claimgate assertion keys init --replace`',
          );
    // Blanks at the ends would be trimmed on the way, and line ends refused: better now than on each request.
    const checkHeader = (secretName: string | undefined, at: Faults) => {
      if (secretName === undefined || IN_HEADER.test(secret(env, secretName) ?? '')) return;
      at.add(
        `the secret ${secretName} can't stand in a header`,
        'set one of printable ASCII, without a blank or line end at its ends',
      );
    };
    for (const { name, originHeaders } of apis)
      for (const { header, secret: secretName } of originHeaders)
        checkHeader(secretName, faults.at(name, 'origin_headers', header));
    for (const { name, authorization, poll } of transmitters) {
      checkHeader(authorization, faults.at('GATEWAY', 'signals', name, 'authorization'));
      checkHeader(poll?.authorization, faults.at('GATEWAY', 'signals', name, 'poll_authorization'));
    }
  }
  return faults.list().length > 0 ? { ok: false, faults: faults.list() } : compiled;
}

/** The policy's version is a hash of its tables (FNV-1a): equal for equal tables in the same order. */
function readVersions(tables: object, env: Readonly<Record<string, unknown>>): Versions {
  const policy = Object.entries(tables).filter((entry) => isPolicyTable(...entry));
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(JSON.stringify(policy)))
    hash = Math.imul(hash ^ byte, 0x01000193);
  const metadata = Object.values(env).find(isVersionMetadata);
  return { worker_version: metadata?.id, policy_version: (hash >>> 0).toString(16).padStart(8, '0') };
}

function secret(env: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = env[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

const isService = (value: unknown): value is Fetcher => hasMethod(value, 'fetch');
const isRateLimit = (value: unknown): value is RateLimit => hasMethod(value, 'limit');
const isObjectNamespace = (value: unknown): value is DurableObjectNamespace => hasMethod(value, 'idFromName');
const isDataset = (value: unknown): value is AnalyticsEngineDataset => hasMethod(value, 'writeDataPoint');

/** Bindings are told apart by what they can do. */
function hasMethod(value: unknown, name: string): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Record<string, unknown>)[name] === 'function'
  );
}
