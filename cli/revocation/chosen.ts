/** What a command line is about: an entry of revocations, or a switch. */
import { decodeJwt } from 'jose';
import { suggest } from '../../src/policy/compile/fault.ts';
import type { Issuer, Policy } from '../../src/policy/policy.ts';
import type { SwitchKind } from '../../src/revocation/content.ts';
import { endOf, MAX_ID_LENGTH, type Revoked } from '../../src/revocation/revocation.ts';
import { switchTarget } from '../../src/revocation/standing.ts';
import { quoteWord } from '../text/shell.ts';
import { CommandError } from '../text/terminal.ts';

export interface RevokedOptions {
  readonly issuer?: string;
  readonly sub?: string;
  readonly jti?: string;
  readonly sid?: string;
  readonly client?: string;
  readonly all?: boolean;
  readonly token?: string;
}

/** The flag of each kind. */
const KINDS = { sub: 'subject', jti: 'token', sid: 'session', client: 'client', all: 'issuer' } as const;

export interface ChosenRevocation extends Revoked {
  readonly from: Issuer;
  /** How long one of its tokens can live from now on. */
  readonly livesSeconds: number;
}

/**
 * Throws `CommandError` where it isn't one thing that is named.
 *
 * @param token the text of a token, where one is given
 */
export function chooseRevoked(options: RevokedOptions, policy: Policy, token?: string): ChosenRevocation {
  const flags = (Object.keys(KINDS) as (keyof typeof KINDS)[]).filter((flag) => options[flag] !== undefined);
  const [flag] = flags;
  if (token !== undefined) {
    if (flag !== undefined) throw new CommandError(`--token and --${flag} exclude each other; leave one out`);
    return tokenOf(token, options.issuer, policy);
  }
  if (flag === undefined || flags.length > 1)
    throw new CommandError(
      flag === undefined
        ? 'no token is named; give --sub, --jti, --sid or --client with its value, --token - with a token on standard input, or --all'
        : `${flags.map((one) => `--${one}`).join(' and ')} exclude each other; make it two commands`,
    );
  const value = options[flag];
  if (typeof value === 'string') checkId(`--${flag}`, value);
  const from = issuerOf(options.issuer, policy);
  return {
    kind: KINDS[flag],
    issuer: from.issuer,
    id: typeof value === 'string' ? value : '',
    from,
    livesSeconds: endOf(from, 0),
  };
}

/** An id is compared as text: one with a slip in it would refuse nobody, and nobody would notice. */
function checkId(name: string, value: string): void {
  if (value === '') throw new CommandError(`${name} is empty; write the value as it stands in tokens`);
  if (isToken(value))
    throw new CommandError(`${name} is a whole token; give it with --token - on standard input`);
  if (value.trim() !== value)
    throw new CommandError(`${name} begins or ends with a blank; write the value as it stands in tokens`);
  if (value.length > MAX_ID_LENGTH)
    throw new CommandError(
      `${name} has ${value.length} characters, and ${MAX_ID_LENGTH} is the most; revoke by another id of the token`,
    );
}

/** Whether a text is a JWT, by the look of it. */
export const isToken = (text: string): boolean => /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/.test(text.trim());

/** The issuer by its name in the policy, or by its `iss`. */
function issuerOf(name: string | undefined, { issuers }: Policy): Issuer {
  const names = issuers.map((one) => one.name);
  if (name === undefined) {
    if (issuers.length === 1) return issuers[0] as Issuer;
    throw new CommandError(`there are several issuers; name one with --issuer: ${names.join(', ')}`);
  }
  const found = issuers.find((one) => one.name === name) ?? issuers.find((one) => one.issuer === name);
  if (found !== undefined) return found;
  throw new CommandError(`the policy has no issuer ${JSON.stringify(name)}; ${suggest(name, names)}`);
}

function tokenOf(token: string, name: string | undefined, policy: Policy): ChosenRevocation {
  let claims: Readonly<Record<string, unknown>>;
  try {
    claims = decodeJwt(token.trim().replace(/^Bearer +/i, ''));
  } catch {
    throw new CommandError('--token has no JWT; give the access token alone, as a client sends it');
  }
  if (typeof claims['iss'] !== 'string')
    throw new CommandError('the token has no iss, so no issuer of the policy made it; give another token');
  const from = issuerOf(claims['iss'], policy);
  if (name !== undefined && issuerOf(name, policy) !== from)
    throw new CommandError(`the token is from ${from.name}; leave --issuer out`);
  const { jti, sub, sid, exp } = claims;
  if (typeof jti !== 'string' && typeof jti !== 'number') {
    const others = [
      sid === undefined ? undefined : `--sid ${quoteWord(String(sid))}`,
      sub === undefined ? undefined : `--sub ${quoteWord(String(sub))}`,
    ].filter((one) => one !== undefined);
    throw new CommandError(
      `the token has no jti, and can't be told from others; revoke by ${others.join(' or ') || '--client'}`,
    );
  }
  checkId('the jti of this token', String(jti));
  const left = typeof exp === 'number' ? Math.ceil(exp - Date.now() / 1000) : Number.POSITIVE_INFINITY;
  // A forged one must not make an entry that stays.
  const livesSeconds = Math.max(
    0,
    Math.min(left + from.clockToleranceSeconds + MARGIN_SECONDS, endOf(from, 0)),
  );
  return { kind: 'token', issuer: from.issuer, id: String(jti), from, livesSeconds };
}

/** The clock of this machine may be wrong. */
const MARGIN_SECONDS = 3600;

export interface SwitchOptions {
  readonly client?: string;
  readonly key?: string;
}

export interface ChosenSwitch {
  readonly kind: SwitchKind;
  readonly target: string;
}

/** Throws `CommandError` where it isn't one thing that is named. @param route words of it: a shell may have parted them */
export function chooseSwitch(
  api: string | undefined,
  route: readonly string[],
  { client, key }: SwitchOptions,
): ChosenSwitch {
  const given = [api, client, key].filter((one) => one !== undefined);
  if (given.length !== 1)
    throw new CommandError(
      given.length === 0
        ? 'nothing is named; give an API (API_ORDERS), an API and a route (API_ORDERS "GET /orders"), --client or --key'
        : 'an API, --client and --key exclude each other; make it several commands',
    );
  if (client !== undefined) checkId('--client', client);
  if (key !== undefined) checkId('--key', key);
  if (client !== undefined) return { kind: 'client', target: client };
  if (key !== undefined) return { kind: 'key', target: key };
  if (api === '') throw new CommandError('the name of the API is empty; write it as the policy has it');
  const name = api as string;
  if (route.length === 0) return { kind: 'api', target: name };
  return { kind: 'route', target: switchTarget({ api: { name }, key: route.join(' ') }) };
}

/** Throws `CommandError` where the policy doesn't have what a switch is about. */
export function checkSwitch({ kind, target }: ChosenSwitch, { apis }: Policy): void {
  if (kind === 'client' || kind === 'key') return;
  const [api, ...rest] = target.split(' ');
  const route = rest.join(' ');
  const names = apis.map(({ name }) => name);
  const found = apis.find(({ name }) => name === api);
  if (found === undefined)
    throw new CommandError(`the policy has no ${api}; ${suggest(api as string, names)}`);
  if (kind === 'api') return;
  const keys = found.routes.map((one) => one.key.trim().replace(/\s+/g, ' '));
  if (!found.routes.some((one) => switchTarget(one) === target))
    throw new CommandError(`${found.name} has no route ${JSON.stringify(route)}; ${suggest(route, keys)}`);
}
