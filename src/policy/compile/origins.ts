import { maySetHeader, normaliseHeaderName } from '../headers.ts';
import { hostKey, isMeant } from '../hosts.ts';
import type { Origin, SecretHeader } from '../policy.ts';
import { isLoopbackHost, normaliseHost, parseUrl } from '../uri.ts';
import { type Bindings, checkBinding, namespaceFault } from './bindings.ts';
import type { Faults } from './faults.ts';
import { CREDENTIAL_INSTEAD } from './routes.ts';
import type { ApiConfig } from './schema.ts';

const SECRET_PREFIX = 'secret:';
/** As variables of a Worker are named. A value that was pasted here would mostly not pass. */
const SECRET_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The origin of an API, and what shows it that requests come from here. */
export interface CompiledOrigin {
  readonly origin: Origin;
  readonly originHeaders: readonly SecretHeader[];
  readonly mtls: string | undefined;
  readonly prefix: readonly string[];
}

/** @param at the API's table */
export function compileOrigin(config: Partial<ApiConfig>, bindings: Bindings, at: Faults): CompiledOrigin {
  const origin = parseOrigin(config.origin, bindings, at.at('origin'));
  const originHeaders = compileSecretHeaders(config, bindings, at);
  if (config.mtls !== undefined) {
    checkBinding('certificates', config.mtls, bindings, at.at('mtls'));
    if (origin !== undefined && (origin.kind !== 'url' || !origin.base.startsWith('https:')))
      at.at('mtls').add('certificates are presented over TLS only', 'give an https origin, or remove mtls');
  }
  checkOwnHost(config, origin, at.at('origin'));
  if (origin?.kind === 'zone') checkZone(config, originHeaders, bindings, at);
  if (origin?.kind === 'next') checkNext(config, bindings, at);
  if (origin !== undefined && origin.kind !== 'url' && config.rewrite_location !== undefined)
    at.at('rewrite_location').add('rewrite_location is for origins with a URL only', 'remove it');
  if (origin !== undefined && origin.kind !== 'zone' && config.zone_unprotected !== undefined)
    at.at('zone_unprotected').add('zone_unprotected is for origin = "zone" only', 'remove it');
  return {
    origin: origin ?? { kind: 'url', base: '' },
    originHeaders,
    mtls: config.mtls,
    prefix: config.strip_prefix?.split('/').slice(1) ?? [],
  };
}

/** @returns `undefined` where there is a fault */
function parseOrigin(text: string | undefined, bindings: Bindings, at: Faults): Origin | undefined {
  if (text === undefined) return undefined;
  if (text === 'zone' || text === 'next') return { kind: text };
  if (text.startsWith('service:')) {
    const binding = text.slice('service:'.length);
    checkBinding('services', binding, bindings, at);
    return { kind: 'service', binding };
  }
  if (/^(dispatch|durable_object):/.test(text)) {
    at.add(...namespaceFault(text, 'namespace'));
    return undefined;
  }
  const url = parseUrl(text);
  const isOrigin =
    url !== undefined &&
    ['http:', 'https:'].includes(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    !/[?#]/.test(text);
  if (isOrigin) return { kind: 'url', base: url.href.replace(/\/+$/, '') };
  at.add(
    `${text.includes('@') ? 'this' : JSON.stringify(text)} is not an origin`, // a password is not repeated
    'write an http(s) URL without user name, query and fragment, "service:BINDING", "zone", or "next"',
  );
  return undefined;
}

/** Values come from secrets only: what stands in wrangler.toml is not a secret. @param root the API's table */
function compileSecretHeaders(config: Partial<ApiConfig>, bindings: Bindings, root: Faults): SecretHeader[] {
  const claimHeaders = Object.values(config.forward ?? {}).map((target) =>
    normaliseHeaderName(typeof target === 'string' ? target : target.header),
  );
  const at = root.at('origin_headers');
  const seen = new Set<string>();
  return Object.entries(config.origin_headers ?? {}).map(([header, value]) => {
    const here = at.at(header);
    if (!maySetHeader(header))
      here.add(
        `the header ${JSON.stringify(header)} can't be set`,
        maySetHeader(header.toLowerCase())
          ? `write it in lower case: ${header.toLowerCase()}`
          : 'name one outside of what "Headers" in docs/policy.md lists',
      );
    const name = normaliseHeaderName(header);
    if (seen.has(name)) here.add(`${header} is set twice`, 'servers take _ for -: keep one of them');
    seen.add(name);
    if (name === 'authorization' && config.forward_authorization === true)
      root.at('forward_authorization').add(...CREDENTIAL_INSTEAD);
    if (claimHeaders.includes(normaliseHeaderName(header)))
      here.add(`${header} carries a claim already`, 'give the secret a header of its own');
    const secret = value.startsWith(SECRET_PREFIX) ? value.slice(SECRET_PREFIX.length) : '';
    // The value is not repeated: it may be the secret itself.
    if (SECRET_NAME.test(secret)) checkBinding('secrets', secret, bindings, here);
    else
      here.add(
        `${header} names no secret`,
        'write "secret:NAME", and set it with `npx wrangler secret put NAME`',
      );
    return { header, secret };
  });
}

/** Such a URL is the zone's origin, by a name under which nothing of what that takes is asked for. */
function checkOwnHost({ hosts }: Partial<ApiConfig>, origin: Origin | undefined, at: Faults): void {
  if (origin?.kind !== 'url') return;
  const host = normaliseHost(parseUrl(origin.base)?.host ?? '');
  if (!hosts?.some((one) => isMeant(one, host)) || isLoopbackHost(host)) return; // on this machine, ports are servers
  at.add(`${host} is a host of the gateway itself`, 'write origin = "zone", or the name of another host');
}

/** Fields about a request that is sent on, and what to do where none is. */
const NOT_FOR_NEXT = {
  origin_headers: 'remove it: handlers in the same Worker need no proof',
  strip_prefix: 'remove it, and write handlers for the public paths (Hono: basePath)',
  forward: 'remove it, and read caller.claims',
  forward_authorization: 'remove it: handlers see the request as it came',
  timeout_ms: 'remove it, and limit the time in the handler',
  upload_timeout_ms: 'remove it, and limit the time in the handler',
  max_claims_bytes: 'remove it: no claims are sent as headers',
  assertion: 'remove it: handlers in the same Worker get the caller itself',
} as const satisfies { readonly [Field in keyof ApiConfig]?: string };

/** A field that does nothing would look like protection. */
function checkNext(config: Partial<ApiConfig>, { next }: Bindings, at: Faults): void {
  for (const [field, remedy] of Object.entries(NOT_FOR_NEXT))
    if (config[field as keyof ApiConfig] !== undefined)
      at.at(field).add(`${field} has no effect beside origin = "next"`, remedy);
  if (next === false)
    at.at('origin').add(
      'origin = "next" needs handlers of your own, and this Worker has none',
      'put claimgate() of claimgate/hono in front of them, or call createGateway({ env, next }): docs/hono.md',
    );
}

/**
 * A zone's origin answers whoever reaches it past the Worker: by a path that no route covers, by its address, or
 * while the Worker is not deployed. So the whole host has to be routed, and the origin must be able to tell.
 */
function checkZone(
  { hosts, zone_unprotected: unprotected, assertion }: Partial<ApiConfig>,
  headers: readonly SecretHeader[],
  { workerRoutes }: Bindings,
  at: Faults,
): void {
  if (hosts === undefined)
    at.at('hosts').add('origin = "zone" needs hosts', 'name the hosts that the Worker has routes for');
  if (headers.length === 0 && assertion === undefined && unprotected !== true)
    at.at('origin').add(
      "the origin can't tell requests through the gateway from others",
      'add origin_headers = { x-origin-secret = "secret:NAME" } and check it there, or an assertion, or say zone_unprotected = true',
    );
  for (const host of workerRoutes === undefined ? [] : (hosts ?? []).map(hostKey)) {
    if (workerRoutes?.some((pattern) => coversHost(pattern, host))) continue;
    at.at('hosts').add(
      `the Worker has no route ${JSON.stringify(`${host}/*`)}, so that other paths go around it`,
      `add routes = [{ pattern = ${JSON.stringify(`${host}/*`)}, zone_name = "…" }]`,
    );
  }
}

/** `*.example.com/*` covers a host like `api.example.com/*` does. */
export function coversHost(pattern: string, host: string): boolean {
  const wanted = pattern.replace(/^https?:\/\//, '');
  if (wanted === `${host}/*` || wanted === '*/*') return true;
  const [, suffix] = /^\*(\.?[^/*]+)\/\*$/.exec(wanted) ?? [];
  return suffix !== undefined && host.endsWith(suffix);
}
