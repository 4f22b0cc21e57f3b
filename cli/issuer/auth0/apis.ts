/** Resource servers become APIs. */
import {
  type Api,
  apiSchema,
  DEFAULT_TOKEN_LIFETIME_SECONDS,
  isScopeToken,
  MAX_TOKEN_LIFETIME_SECONDS,
  SIGNING_ALGORITHMS,
  TOKEN_DIALECTS,
} from '../../../issuer/src/records.ts';
import { isTable, listOf, type Table } from '../../text/json.ts';
import { listed } from '../../text/words.ts';
import { keywordsIn, openKeywords } from './keywords.ts';
import { noteMembers } from './members.ts';
import type { Report } from './report.ts';
import { nameOf, said, wordOf } from './values.ts';

export interface TakenApi {
  readonly api: Api;
  /** Auth0 gives clients no token for it, whatever grants there are. */
  readonly isClosed: boolean;
}

/** Adds the API to those that are taken. @returns why it is left out */
export function takeApi(one: Table, taken: Map<string, TakenApi>, report: Report): string | undefined {
  const identifier = wordOf(one['identifier']);
  if (identifier === undefined) return 'it has no identifier';
  if (isOfAuth0(identifier, one)) return "it is Auth0's own";
  const open = keywordsIn(identifier);
  if (open.length > 0) return openKeywords(open);
  if (taken.has(identifier)) return 'it is there twice; the first one was taken';
  const note = (text: string) => report.notes.push(`API ${nameOf('api', one)}: ${text}`);
  const api: Api = {
    identifier,
    name: readName(one, identifier, note),
    scopes: readScopes(one['scopes'], note),
    token_lifetime: readLifetime(one['token_lifetime'], note),
    signing_alg: readAlgorithm(one['signing_alg'], note),
    token_dialect: readDialect(one['token_dialect'], note),
  };
  const parsed = apiSchema.safeParse(api);
  if (!parsed.success) return `it does not fit here: ${parsed.error.issues[0]?.message}`;
  noteMembers('api', one, note, report);
  const isClosed = readIsClosed(one['subject_type_authorization']);
  if (isClosed) note('subject_type_authorization gives clients no tokens for it, so its grants are left out');
  taken.set(identifier, { api, isClosed });
  return undefined;
}

/** APIs that each tenant has, by path (auth0.com/docs: Management API, My Account API, My Organization API, MFA API). */
const PATHS_OF_AUTH0 = ['/api/v2/', '/me/', '/my-org/', '/mfa/', '/userinfo'];
const HOST_OF_AUTH0 = /(^|\.)auth0(app)?\.com$/;
const NAME_OF_AUTH0 = /^Auth0 (Management|My Account|My Organization) API$/;

/** By its host, or by its name where the host is a custom domain or a keyword. `/api/v2/` alone says nothing. */
export function isOfAuth0(identifier: string, one: Table = {}): boolean {
  if (one['is_system'] === true || identifier === 'urn:auth0-authz-api') return true;
  const [, host, path] = /^https:\/\/([^/]+)(\/.*)$/.exec(identifier) ?? [];
  if (host === undefined || path === undefined || !PATHS_OF_AUTH0.includes(path)) return false;
  return HOST_OF_AUTH0.test(host) || NAME_OF_AUTH0.test(wordOf(one['name']) ?? '');
}

type Note = (text: string) => void;

/** Without control characters, and as long as names may be. */
function readName(one: Table, identifier: string, note: Note): string {
  const given = wordOf(one['name']);
  const open = keywordsIn(given ?? '');
  if (open.length > 0) note(`${openKeywords(open)}, so the identifier is its name`);
  const name = given === undefined || given === '' || open.length > 0 ? identifier : given;
  const plain = cleanName(name);
  if (plain !== name && open.length === 0) note('its name is shortened, or has control characters left out');
  return plain;
}

export const cleanName = (name: string) => name.replace(/[\x00-\x1f\x7f-\x9f]/g, ' ').slice(0, 200);

function readScopes(value: unknown, note: Note): Api['scopes'] {
  if (value !== undefined && value !== null && !Array.isArray(value)) {
    const open = keywordsIn(wordOf(value) ?? '');
    note(`scopes is not a list, so it has none${open.length > 0 ? `: ${openKeywords(open)}` : ''}`);
  }
  const listed_ = listOf(value).map((scope) => (isTable(scope) ? scope : { value: scope }) as Table);
  const scopes = new Map<string, Api['scopes'][number]>();
  const bad: string[] = [];
  for (const scope of listed_) {
    const name = wordOf(scope['value']);
    if (name === undefined || keywordsIn(name).length > 0 || !isScopeToken(name)) {
      bad.push(said(scope['value']) || '(no value)');
      continue;
    }
    if (scopes.has(name)) note(`scope ${said(name)} is there twice; the first one was taken`);
    else scopes.set(name, { value: name, ...readDescription(name, scope['description'], note) });
  }
  if (bad.length > 0)
    note(`left out, as these are no scopes or have a keyword without a mapping: ${listed(bad)}`);
  return [...scopes.values()];
}

function readDescription(scope: string, value: unknown, note: Note): { description?: string } {
  const text = wordOf(value);
  if (text === undefined || text === '') return {};
  const open = keywordsIn(text);
  if (open.length > 0) note(`scope ${said(scope)} has no description, since ${openKeywords(open)}`);
  return open.length > 0 ? {} : { description: text.slice(0, 280) };
}

function readLifetime(value: unknown, note: Note): number {
  if (value === undefined || value === null) return DEFAULT_TOKEN_LIFETIME_SECONDS;
  // A keyword in quotes is text: '600'.
  const given = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  const isLifetime = typeof given === 'number' && Number.isInteger(given) && given > 0;
  if (isLifetime && given <= MAX_TOKEN_LIFETIME_SECONDS) return given;
  const lifetime = isLifetime ? MAX_TOKEN_LIFETIME_SECONDS : DEFAULT_TOKEN_LIFETIME_SECONDS;
  note(`token_lifetime ${said(value) || '(no number)'} becomes ${lifetime}`);
  return lifetime;
}

function readAlgorithm(value: unknown, note: Note): Api['signing_alg'] {
  const algorithm = SIGNING_ALGORITHMS.find((name) => name === value);
  if (algorithm === undefined) {
    const why = value === 'HS256' ? '; with HS256, every verifier could make tokens' : '';
    note(
      value === undefined
        ? 'it has no signing_alg; it gets RS256'
        : `signing_alg ${said(value)} becomes RS256${why}`,
    );
  }
  return algorithm ?? 'RS256';
}

function readDialect(value: unknown, note: Note): Api['token_dialect'] {
  const dialect = TOKEN_DIALECTS.find((name) => name === value);
  if (dialect === undefined && value !== undefined && value !== null)
    note(`token_dialect ${said(value)} becomes access_token`);
  return dialect ?? 'access_token';
}

/** Whatever is not known to open it closes it. */
function readIsClosed(value: unknown): boolean {
  const client = isTable(value) ? value['client'] : undefined;
  const policy = isTable(client) ? client['policy'] : undefined;
  if (value !== undefined && value !== null && !isTable(value)) return true;
  return policy !== undefined && policy !== null && policy !== 'require_client_grant';
}
