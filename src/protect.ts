/** Rules for single routes of an app, without tables: a policy of one route, compiled as any other. */
import type { GatewayOptions } from './environment.ts';
import { createHandler } from './handler.ts';
import { createKeySource } from './keys/source.ts';
import { formatFault } from './policy/compile/fault.ts';
import { collectFaults } from './policy/compile/faults.ts';
import {
  type ApiConfig,
  type IssuerConfig,
  issuerSchema,
  type RouteConfig,
  type SettingsConfig,
} from './policy/compile/schema.ts';
import type { Issuer } from './policy/policy.ts';
import { createRevocationSource, type RevocationSource } from './revocation/source.ts';
import type { Handler, Shared } from './serve.ts';
import { createStatusSource } from './token/status/source.ts';

type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;
type CamelFields<Config> = { readonly [Name in keyof Config as Camel<Name & string>]: Config[Name] };

/** The fields of an issuer and of a route, as in docs/policy.md, in the spelling of JavaScript. */
export type ProtectOptions = CamelFields<Omit<IssuerConfig, 'claims'>> &
  CamelFields<Omit<RouteConfig, 'issuer' | 'audience' | 'forward_authorization'>> & {
    readonly audience: ApiConfig['audience'];
    /** The place that tokens are read from, as `token_from`. */
    readonly tokenFrom?: ApiConfig['token_from'];
    /** What clients put before scopes when they ask for them, as `scope_prefix`. */
    readonly scopePrefix?: ApiConfig['scope_prefix'];
    /** Whether refusals tell the audience, as `tell_audience`. */
    readonly tellAudience?: ApiConfig['tell_audience'];
    /** As the table `[vars.GATEWAY]`: what is logged, who is blocked. */
    readonly settings?: SettingsConfig;
    /** The Worker's bindings: the KV namespace `KEYS`, rate limits, service bindings. */
    readonly env?: object;
  } & Partial<Pick<GatewayOptions, 'log' | 'now' | 'fetch'>>;

const NAME = 'API_PROTECT';
const KEY = '* /*';

/** Throws where the options have faults, with all of them: a Worker that can't start is not deployed. */
export function protectHandler({
  audience,
  tokenFrom,
  scopePrefix,
  tellAudience,
  settings,
  env,
  log,
  now,
  fetch,
  ...fields
}: ProtectOptions): Handler {
  const issuer: Record<string, unknown> = {};
  const route: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const field = snakeCase(name);
    // Both have `claims`: what every token must say is a rule of the route here.
    const isIssuers = field !== 'claims' && Object.hasOwn(issuerSchema.shape, field);
    (isIssuers ? issuer : route)[field] = value;
  }
  const options: GatewayOptions = {
    env: env ?? {},
    policy: {
      ...(settings && { GATEWAY: settings }),
      ISSUERS: { issuer },
      [NAME]: {
        origin: 'next',
        audience,
        ...(tokenFrom !== undefined && { token_from: tokenFrom }),
        ...(scopePrefix !== undefined && { scope_prefix: scopePrefix }),
        ...(tellAudience !== undefined && { tell_audience: tellAudience }),
        routes: { [KEY]: route },
      },
    },
    ...(log && { log }),
    ...(now && { now }),
    ...(fetch && { fetch }),
  };
  const { handle, faults } = createHandler(options, true, {
    ...sharedBy(JSON.stringify([issuer, settings?.blocked_kids])),
    revocations: revocationsOf(options.env, JSON.stringify(settings)),
  });
  if (faults.length > 0) {
    const texts = faults.map(({ place, problem, remedy }) => {
      const found = collectFaults().at(
        ...place.slice(place[0] === NAME ? (place[1] === 'routes' ? 3 : 1) : 0).map(camelCase),
      );
      found.add(problem, remedy);
      return found.list().map(formatFault).join();
    });
    throw new TypeError(`protect() can't work with these options:\n  ${texts.join('\n  ')}`);
  }
  return handle;
}

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camelCase = (part: string | number) =>
  typeof part === 'number' ? part : part.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

const revocations = new WeakMap<object, Map<string, RevocationSource>>();

/**
 * Routes with the same bindings and settings share one copy of what is revoked. Other settings block other clients: the
 * copy says that, too.
 */
function revocationsOf(env: object, id: string): Shared['revocations'] {
  return (settings) => {
    const all = revocations.get(env) ?? new Map<string, RevocationSource>();
    revocations.set(env, all);
    const source = all.get(id) ?? createRevocationSource(settings);
    all.set(id, source);
    return source;
  };
}

type OfIssuer = Pick<Shared, 'keys' | 'statuses'>;

const sources = new Map<string, OfIssuer>();

/**
 * Routes with the same issuer share its keys and lists: however many there are, an isolate fetches them once. A list is
 * signed with a key, which one route may block and another not.
 */
function sharedBy(id: string): OfIssuer {
  let shared = sources.get(id);
  if (shared === undefined) {
    const source = createKeySource();
    const lists = createStatusSource();
    let first: Issuer | undefined;
    const one = (issuer: Issuer) => (first ??= issuer);
    shared = {
      keys: {
        get: (issuer, io) => source.get(one(issuer), io),
        findKey: (issuer, holds, io) => source.findKey(one(issuer), holds, io),
        stateOf: (issuer, io) => source.stateOf(one(issuer), io),
      },
      statuses: { get: (issuer, uri, context) => lists.get(one(issuer), uri, context) },
    };
    sources.set(id, shared);
  }
  return shared;
}
