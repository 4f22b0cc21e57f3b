/** A policy's draft of an OpenAPI document, to be reviewed: routes, and what to look at. */
import { compilePolicy } from '../../../src/policy/compile/compile.ts';
import { UNROUTABLE_METHODS } from '../../../src/policy/second-target.ts';
import { isTable } from '../../text/json.ts';
import type { OpenApiDocument, Operation, Server } from './document.ts';
import { draftPattern, readServer } from './paths.ts';
import { type DraftRules, draftRules } from './security.ts';

export interface DraftRoute {
  /** `GET|PUT /orders/:id`. */
  readonly key: string;
  readonly rules: DraftRules;
  readonly review: readonly string[];
  /** It stands in a comment only: the policy would not compile with it. */
  readonly off: boolean;
}

export interface Draft {
  /** `API_ORDERS`. */
  readonly name: string;
  readonly origin: string;
  readonly audience: readonly string[];
  readonly issuer: string | undefined;
  /** Notes for the reviewer, by the field that they are about. */
  readonly review: { readonly origin: string | undefined; readonly audience: string | undefined };
  /** The issuer that the document names, if it does. */
  readonly issuerUrl: string | undefined;
  readonly routes: readonly DraftRoute[];
}

export interface Wanted {
  readonly name: string;
  readonly origin: string | undefined;
  readonly audience: readonly string[];
  readonly issuer: string | undefined;
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;

export function draftPolicy(document: OpenApiDocument, wanted: Wanted): Draft {
  const server = document.servers?.[0];
  const base = server && readServer(server);
  const routes = withoutConflicts(mergeMethods(draftRoutes(document)), wanted.name);
  const origin = wanted.origin ?? base?.origin ?? 'https://origin.example';
  const audience = wanted.audience.length > 0 ? wanted.audience : [base?.origin ?? 'https://api.example.com'];
  const mustLook = 'where the gateway sends requests: not the host that clients ask';
  return {
    name: wanted.name,
    origin,
    audience,
    issuer: wanted.issuer,
    review: {
      origin: wanted.origin === undefined ? mustLook : undefined,
      audience: wanted.audience.length > 0 ? undefined : 'what the issuer writes into aud for this API',
    },
    issuerUrl: issuerOf(document),
    routes,
  };
}

/** The issuer under which a document's metadata is published. */
function issuerOf({ components }: OpenApiDocument): string | undefined {
  const urls = Object.values(components?.securitySchemes ?? {}).map(
    ({ openIdConnectUrl }) => openIdConnectUrl,
  );
  const url = urls.find((one) => typeof one === 'string');
  return typeof url === 'string' ? url.replace(/\.well-known\/openid-configuration\/?$/, '') : undefined;
}

interface OneMethod extends Omit<DraftRoute, 'key'> {
  readonly method: string;
  readonly pattern: string;
}

function draftRoutes(document: OpenApiDocument): OneMethod[] {
  const schemes = document.components?.securitySchemes ?? {};
  return Object.entries(document.paths).flatMap(([template, item]) => {
    if (template.startsWith('x-') || !isTable(item)) return [];
    const outside = typeof item['$ref'] === 'string' ? [`it stands elsewhere: ${item['$ref']}`] : [];
    const methods = METHODS.filter((method) => isTable(item[method]));
    if (methods.length === 0 && outside.length > 0)
      return [{ method: '*', pattern: template, rules: {}, review: outside, off: true }];
    return methods.map((method): OneMethod => {
      const operation = item[method] as Operation;
      const { rules, review } = draftRules(operation.security ?? document.security, schemes);
      const servers =
        operation.servers ?? (item['servers'] as readonly Server[] | undefined) ?? document.servers ?? [];
      const { base, notes } = baseOf(servers);
      const drafted = draftPattern(base, template);
      const name = method.toUpperCase();
      const { $ref } = operation;
      const elsewhere = $ref === undefined ? outside : [`it stands elsewhere: ${String($ref)}`];
      const all = [...notes, ...elsewhere, ...review];
      if (typeof drafted === 'string')
        return { method: name, pattern: `${base}${template}`, rules, review: [drafted, ...all], off: true };
      const isOff = UNROUTABLE_METHODS.has(name);
      const why = isOff ? [`${name} can't be forwarded`] : [];
      return {
        method: name,
        pattern: drafted.pattern,
        rules,
        review: [...why, ...drafted.review, ...all],
        off: isOff,
      };
    });
  });
}

function baseOf(servers: readonly Server[]): { base: string; notes: string[] } {
  const bases = servers.map(readServer);
  const paths = new Set(bases.map((one) => one?.path ?? ''));
  const [base] = bases;
  return {
    base: base?.path ?? '',
    notes: [
      ...(servers.length > 0 && base === undefined ? ["the URL of its server can't be read"] : []),
      ...(paths.size > 1 ? [`its servers have other paths too: ${[...paths].slice(1).join(', ')}`] : []),
    ],
  };
}

/** Methods of one path with the same rules are one route; GET serves HEAD by itself. */
function mergeMethods(routes: readonly OneMethod[]): DraftRoute[] {
  const merged = Map.groupBy(routes, (one) => JSON.stringify([one.pattern, one.rules, one.review, one.off]));
  return [...merged.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const all = group.map(({ method }) => method);
    const methods = all.includes('GET') ? all.filter((method) => method !== 'HEAD') : all;
    const { pattern, rules, review, off } = first;
    return [{ key: `${methods.join('|')} ${pattern}`, rules, review, off }];
  });
}

/** Routes that the policy would not compile with stand in comments, with the reason. */
function withoutConflicts(routes: readonly DraftRoute[], name: string): DraftRoute[] {
  let kept = [...routes];
  // Each round takes out at least one route.
  for (let round = 0; round <= routes.length; round++) {
    const tables = Object.fromEntries(kept.filter(({ off }) => !off).map(({ key, rules }) => [key, rules]));
    const duplicates = new Set<string>();
    kept = kept.map((route) => {
      if (route.off) return route;
      const isTwin = duplicates.has(route.key);
      duplicates.add(route.key);
      return isTwin ? switchOff(route, 'another path of the document is the same route') : route;
    });
    const compiled = compilePolicy({
      ISSUERS: { any: { issuer: 'https://issuer.example/' } },
      [name]: { origin: 'https://origin.example', audience: 'any', routes: tables },
    });
    const faults = compiled.ok
      ? []
      : compiled.faults.filter(({ place }) => place[1] === 'routes' && place.length > 2);
    if (faults.length === 0) return kept;
    kept = kept.map((route) => {
      const fault = route.off ? undefined : faults.find(({ place }) => place[2] === route.key);
      return fault === undefined ? route : switchOff(route, fault.problem);
    });
  }
  return kept;
}

const switchOff = (route: DraftRoute, reason: string): DraftRoute => ({
  ...route,
  review: [reason, ...route.review],
  off: true,
});
