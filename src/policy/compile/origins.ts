import { maySetHeader, normaliseHeaderName } from '../headers.ts';
import type { Origin, SecretHeader } from '../policy.ts';
import { isLoopbackHost, normaliseHost, parseUrl } from '../uri.ts';
import { type Bindings, checkBinding } from './bindings.ts';
import { type Fault, fault, type Place } from './fault.ts';
import type { ApiConfig } from './schema.ts';

const SECRET_PREFIX = 'secret:';
/** As variables of a Worker are named. A value that was pasted here would mostly not pass. */
const SECRET_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Where an API's requests go, and how the origin knows that they come from here. */
export interface CompiledOrigin {
  readonly origin: Origin;
  readonly originHeaders: readonly SecretHeader[];
  readonly mtls: string | undefined;
  readonly stripSegments: number;
}

export function compileOrigin(
  config: ApiConfig,
  place: Place,
  bindings: Bindings,
  faults: Fault[],
): CompiledOrigin {
  const origin = parseOrigin(config.origin, [...place, 'origin'], bindings, faults);
  const originHeaders = compileSecretHeaders(config, [...place, 'origin_headers'], bindings, faults);
  if (config.mtls !== undefined) {
    checkBinding('certificates', config.mtls, [...place, 'mtls'], bindings, faults);
    if (origin.kind !== 'url' || !origin.base.startsWith('https:')) {
      faults.push(
        fault(
          [...place, 'mtls'],
          'certificates are presented over TLS only',
          'give an https origin, or remove mtls',
        ),
      );
    }
  }
  checkOwnHost(config, origin, place, faults);
  if (origin.kind === 'zone') checkZone(config, originHeaders, place, bindings, faults);
  else if (config.zone_unprotected !== undefined) {
    faults.push(fault([...place, 'zone_unprotected'], 'this is for origin = "zone" only', 'remove it'));
  }
  return {
    origin,
    originHeaders,
    mtls: config.mtls,
    stripSegments: config.strip_prefix === undefined ? 0 : config.strip_prefix.split('/').length - 1,
  };
}

function parseOrigin(text: string, place: Place, bindings: Bindings, faults: Fault[]): Origin {
  if (text === 'zone') return { kind: 'zone' };
  if (text.startsWith('service:')) {
    const binding = text.slice('service:'.length);
    checkBinding('services', binding, place, bindings, faults);
    return { kind: 'service', binding };
  }
  const url = parseUrl(text);
  if (
    url === undefined ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.username !== '' ||
    url.password !== '' ||
    /[?#]/.test(text)
  ) {
    faults.push(
      fault(
        place,
        `${text.includes('@') ? 'this' : JSON.stringify(text)} is no origin`, // a password is not repeated
        'write an http(s) URL without user name, query and fragment, "service:BINDING", or "zone"',
      ),
    );
    return { kind: 'url', base: '' };
  }
  return { kind: 'url', base: url.href.replace(/\/+$/, '') };
}

/** Values come from secrets only: what stands in wrangler.toml is no secret. */
function compileSecretHeaders(
  config: ApiConfig,
  place: Place,
  bindings: Bindings,
  faults: Fault[],
): SecretHeader[] {
  const ownHeaders = Object.values(config.forward ?? {}).map((target) =>
    normaliseHeaderName(typeof target === 'string' ? target : target.header),
  );
  return Object.entries(config.origin_headers ?? {}).map(([header, value]) => {
    const here = [...place, header];
    if (!maySetHeader(header)) {
      faults.push(
        fault(
          here,
          `the header ${JSON.stringify(header)} can't be set`,
          'name it x-…, in lower case, outside the families of "Headers" in docs/policy.md and x-claim-…',
        ),
      );
    }
    if (ownHeaders.includes(normaliseHeaderName(header))) {
      faults.push(fault(here, `${header} carries a claim already`, 'give the secret a header of its own'));
    }
    const secret = value.startsWith(SECRET_PREFIX) ? value.slice(SECRET_PREFIX.length) : '';
    if (!SECRET_NAME.test(secret)) {
      // The value is not repeated: it may be the secret itself.
      faults.push(
        fault(
          here,
          'this names no secret',
          'write "secret:NAME", and set it with `npx wrangler secret put NAME`',
        ),
      );
    } else {
      checkBinding('secrets', secret, here, bindings, faults);
    }
    return { header, secret };
  });
}

/** Such a URL is the zone's origin, by a name under which nothing of what that takes is asked for. */
function checkOwnHost(config: ApiConfig, origin: Origin, place: Place, faults: Fault[]): void {
  if (origin.kind !== 'url') return;
  const host = normaliseHost(parseUrl(origin.base)?.host ?? '');
  if (!config.hosts?.includes(host) || isLoopbackHost(host)) return; // on this machine, ports are servers
  faults.push(
    fault(
      [...place, 'origin'],
      `${host} is a host of the gateway itself`,
      'write origin = "zone", or the name of another host',
    ),
  );
}

/**
 * A zone's origin answers whoever reaches it past the Worker: by a path that no route covers, by its address, or
 * while the Worker is not deployed. So the whole host has to be routed, and the origin must be able to tell.
 */
function checkZone(
  config: ApiConfig,
  headers: readonly SecretHeader[],
  place: Place,
  { workerRoutes }: Bindings,
  faults: Fault[],
): void {
  const { hosts } = config;
  if (hosts === undefined) {
    faults.push(
      fault(
        [...place, 'hosts'],
        'origin = "zone" needs hosts',
        'name the hosts that the Worker has routes for',
      ),
    );
  }
  if (headers.length === 0 && config.zone_unprotected !== true) {
    faults.push(
      fault(
        [...place, 'origin'],
        "the origin can't tell requests through the gateway from others",
        'add origin_headers = { x-origin-secret = "secret:NAME" } and check it there, or say zone_unprotected = true',
      ),
    );
  }
  for (const host of hosts ?? []) {
    if (workerRoutes !== undefined && !workerRoutes.some((pattern) => coversHost(pattern, host))) {
      faults.push(
        fault(
          [...place, 'hosts'],
          `the Worker has no route ${JSON.stringify(`${host}/*`)}, so that other paths go around it`,
          `add routes = [{ pattern = ${JSON.stringify(`${host}/*`)}, zone_name = "…" }]`,
        ),
      );
    }
  }
}

/** `*.example.com/*` covers a host like `api.example.com/*` does. */
function coversHost(pattern: string, host: string): boolean {
  const wanted = pattern.replace(/^https?:\/\//, '');
  if (wanted === `${host}/*` || wanted === '*/*') return true;
  const [, suffix] = /^\*(\.?[^/*]+)\/\*$/.exec(wanted) ?? [];
  return suffix !== undefined && host.endsWith(suffix);
}
