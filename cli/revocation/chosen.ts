/** What a command line is about: an entry of revocations, or a switch. */
import { decodeJwt } from 'jose';
import { suggest } from '../../src/policy/compile/fault.ts';
import type { Issuer, Policy } from '../../src/policy/policy.ts';
import type { SwitchKind } from '../../src/revocation/content.ts';
import { endOf, type Revoked } from '../../src/revocation/revocation.ts';
import { switchTarget } from '../../src/revocation/standing.ts';
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
        ? 'say what: --sub, --jti, --sid or --client with its value, --token - with a token on standard input, or --all'
        : `${flags.map((one) => `--${one}`).join(' and ')} exclude each other; make it two commands`,
    );
  const value = options[flag];
  if (value === '') throw new CommandError(`--${flag} is empty; write the value as it stands in tokens`);
  const from = issuerOf(options.issuer, policy);
  return {
    kind: KINDS[flag],
    issuer: from.issuer,
    id: typeof value === 'string' ? value : '',
    from,
    livesSeconds: endOf(from, 0),
  };
}

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
    throw new CommandError('that is no JWT; give the access token alone, as a client sends it');
  }
  const from = issuerOf(typeof claims['iss'] === 'string' ? claims['iss'] : '', policy);
  if (name !== undefined && issuerOf(name, policy) !== from)
    throw new CommandError(`the token is from ${from.name}; leave --issuer out`);
  const { jti, sub, sid, exp } = claims;
  if (typeof jti !== 'string' && typeof jti !== 'number') {
    const others = [
      sid === undefined ? undefined : `--sid ${String(sid)}`,
      sub === undefined ? undefined : `--sub ${String(sub)}`,
    ].filter((one) => one !== undefined);
    throw new CommandError(
      `this token has no jti: it can't be told from others; revoke by ${others.join(' or ') || '--client'}`,
    );
  }
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

/** Throws `CommandError` where it isn't one thing that is named, or the policy doesn't have it. */
export function chooseSwitch(
  api: string | undefined,
  route: string | undefined,
  { client, key }: SwitchOptions,
  { apis }: Policy,
): ChosenSwitch {
  const given = [api, client, key].filter((one) => one !== undefined);
  if (given.length !== 1)
    throw new CommandError(
      given.length === 0
        ? 'say what: an API, as API_ORDERS, an API and a route, as API_ORDERS "GET /orders", --client or --key'
        : 'an API, --client and --key exclude each other; make it several commands',
    );
  if (given[0] === '')
    throw new CommandError('its name is empty; write it as the policy or the token has it');
  if (client !== undefined) return { kind: 'client', target: client };
  if (key !== undefined) return { kind: 'key', target: key };
  const names = apis.map(({ name }) => name);
  const found = apis.find(({ name }) => name === api);
  if (found === undefined)
    throw new CommandError(`the policy has no ${api}; ${suggest(api as string, names)}`);
  if (route === undefined) return { kind: 'api', target: found.name };
  const keys = found.routes.map((one) => one.key);
  const target = switchTarget({ api: found, key: route });
  if (!found.routes.some((one) => switchTarget(one) === target))
    throw new CommandError(`${found.name} has no route ${JSON.stringify(route)}; ${suggest(route, keys)}`);
  return { kind: 'route', target };
}
