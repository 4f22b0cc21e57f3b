/** What an assertion says, with the types that docs/assertion.md gives its claims. */
import { isObject, type JsonObject } from './decode.ts';
import { refuse } from './refusal.ts';
import type { OriginCaller } from './request.ts';

export interface AssertionClaims {
  readonly issuer: string;
  readonly audience: readonly string[];
  /** In seconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly id: string;
  readonly requestId: string | undefined;
  /** `undefined`: the request had no token. */
  readonly caller: OriginCaller | undefined;
  readonly bound: Bound | undefined;
}

interface Bound {
  readonly method: string;
  readonly target: string;
  readonly digest: string | undefined;
}

/** @throws OriginRefusal `claims_malformed` */
export function readClaims(claims: JsonObject): AssertionClaims {
  const { aud, jti } = claims;
  const audience = typeof aud === 'string' ? [aud] : aud;
  if (!Array.isArray(audience) || !audience.every((one) => typeof one === 'string')) malformed('aud');
  if (jti === '') malformed('jti');
  return {
    issuer: text(claims, 'iss'),
    audience,
    issuedAt: wholeNumber(claims, 'iat'),
    expiresAt: wholeNumber(claims, 'exp'),
    id: text(claims, 'jti'),
    requestId: optionalText(claims, 'txn'),
    caller: readCaller(claims),
    bound: readBound(claims),
  };
}

function readCaller(claims: JsonObject): OriginCaller | undefined {
  const subject = optionalText(claims, 'sub');
  const client = optionalText(claims, 'client_id');
  const scope = optionalText(claims, 'scope');
  const context = claims['tctx'];
  if (context === undefined) return undefined;
  if (!isObject(context)) malformed('tctx');
  const { claims: forwarded = {} } = context;
  if (!isObject(forwarded)) malformed('tctx.claims');
  const issuer = text(context, 'iss', 'tctx.iss');
  return { issuer, subject, client, scopes: toScopes(scope), claims: forwarded };
}

function readBound(claims: JsonObject): Bound | undefined {
  const bound = claims['req'];
  if (bound === undefined) return undefined;
  if (!isObject(bound)) malformed('req');
  return {
    method: text(bound, 'method', 'req.method'),
    target: text(bound, 'target', 'req.target'),
    digest: optionalText(bound, 'digest', 'req.digest'),
  };
}

export const toScopes = (scope: string | undefined): string[] =>
  (scope ?? '').split(' ').filter((one) => one !== '');

function malformed(name: string): never {
  return refuse('claims_malformed', `The claim ${name} of the assertion is absent or of another type.`);
}

const text = (claims: JsonObject, name: string, path?: string): string =>
  optionalText(claims, name, path) ?? malformed(path ?? name);

function optionalText(claims: JsonObject, name: string, path = name): string | undefined {
  const value = claims[name];
  return value === undefined || typeof value === 'string' ? value : malformed(path);
}

function wholeNumber(claims: JsonObject, name: string): number {
  const value = claims[name];
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : malformed(name);
}
