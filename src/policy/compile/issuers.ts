import { parseSelector } from '../claims.ts';
import type { ClaimRule, ClaimValue, Issuer, KeyLocation } from '../policy.ts';
import { parseTrustedUri } from '../uri.ts';
import { type Bindings, checkBinding } from './bindings.ts';
import { type Fault, fault, type Place, schemaFaults } from './fault.ts';
import { type IssuerConfig, issuerSchema } from './schema.ts';

const DEFAULT_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
const DEFAULT_TOKEN_TYPES = ['at+jwt', 'jwt'];
const DEFAULT_CLOCK_TOLERANCE_SECONDS = 30;

const SECURE = 'write an https URL (http for loopback hosts), without user name and fragment';

/** Compiles `[vars.ISSUERS]`. Issuers with faults are left out of the result; their names are in `names`. */
export function compileIssuers(
  tables: Record<string, unknown>,
  bindings: Bindings,
  faults: Fault[],
): { issuers: Issuer[]; names: string[] } {
  const issuers: Issuer[] = [];
  const names = Object.keys(tables);
  if (names.length === 0) {
    faults.push(fault(['ISSUERS'], 'there is no issuer', 'add a table [vars.ISSUERS.<name>]'));
  }
  for (const name of names) {
    const place = ['ISSUERS', name];
    const parsed = issuerSchema.safeParse(tables[name]);
    if (!parsed.success) {
      faults.push(
        ...schemaFaults(place, tables[name], parsed.error.issues, () => Object.keys(issuerSchema.shape)),
      );
      continue;
    }
    const before = faults.length;
    const issuer = compileIssuer(name, parsed.data, place, bindings, faults);
    const twin = issuers.find((other) => other.issuer === issuer.issuer);
    if (twin !== undefined) {
      faults.push(
        fault(
          [...place, 'issuer'],
          `ISSUERS.${twin.name} has the same issuer`,
          'an issuer can have one table only',
        ),
      );
    }
    if (faults.length === before) issuers.push(issuer);
  }
  return { issuers, names };
}

function compileIssuer(
  name: string,
  config: IssuerConfig,
  place: Place,
  bindings: Bindings,
  faults: Fault[],
): Issuer {
  if (config.metadata_uri !== undefined && config.jwks_uri !== undefined) {
    faults.push(fault([...place, 'metadata_uri'], 'jwks_uri is given too', 'keep one of them'));
  }
  for (const key of ['metadata_uri', 'jwks_uri'] as const) {
    const uri = config[key];
    if (uri !== undefined && parseTrustedUri(uri) === undefined) {
      faults.push(fault([...place, key], 'keys may not come from there', SECURE));
    }
  }
  const keys = keyLocation(config);
  if (keys.kind === 'discovery' && parseTrustedUri(config.issuer) === undefined) {
    faults.push(
      fault(
        [...place, 'issuer'],
        'no metadata can be found under it',
        `${SECURE}, or give metadata_uri or jwks_uri`,
      ),
    );
  }
  if (config.claims !== undefined && Object.keys(config.claims).length === 0) {
    faults.push(
      fault([...place, 'claims'], 'this is empty', 'name at least one claim, or leave the field out'),
    );
  }
  checkBinding('services', config.service, [...place, 'service'], bindings, faults);
  return {
    name,
    issuer: config.issuer,
    algorithms: new Set(config.algorithms ?? DEFAULT_ALGORITHMS),
    tokenTypes: new Set((config.token_types ?? DEFAULT_TOKEN_TYPES).map(normaliseTokenType)),
    clockToleranceSeconds: config.clock_tolerance ?? DEFAULT_CLOCK_TOLERANCE_SECONDS,
    maxTokenAgeSeconds: config.max_token_age,
    notBeforeSeconds: parseDate(config.not_before, [...place, 'not_before'], faults),
    remembersTokens: config.remember_tokens ?? true,
    scopeClaim: optionalSelector(config.scope_claim),
    clientClaim: optionalSelector(config.client_claim),
    audienceClaim: optionalSelector(config.audience_claim),
    requiredClaims: Object.entries(config.claims ?? {}).map(([claim, value]) => valueRule(claim, value)),
    keys,
    service: config.service,
  };
}

function keyLocation(config: IssuerConfig): KeyLocation {
  if (config.jwks_uri !== undefined) return { kind: 'jwks', uri: config.jwks_uri };
  if (config.metadata_uri !== undefined) return { kind: 'metadata', uri: config.metadata_uri };
  return { kind: 'discovery' };
}

function parseDate(text: string | undefined, place: Place, faults: Fault[]): number | undefined {
  if (text === undefined) return undefined;
  const milliseconds = /^[0-9]{4}-[0-9]{2}-[0-9]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(milliseconds)) {
    faults.push(fault(place, `${JSON.stringify(text)} is no date`, 'write it like "2026-11-24T12:00:00Z"'));
    return undefined;
  }
  return Math.floor(milliseconds / 1000);
}

/** RFC 7515 §4.1.9: `application/` may be left out, and media types ignore case. */
export function normaliseTokenType(typ: string): string {
  return typ.toLowerCase().replace(/^application\//, '');
}

export function valueRule(claim: string, value: ClaimValue | ClaimValue[]): ClaimRule {
  return { claim: parseSelector(claim), anyOf: Array.isArray(value) ? value : [value] };
}

function optionalSelector(text: string | undefined) {
  return text === undefined ? undefined : parseSelector(text);
}
