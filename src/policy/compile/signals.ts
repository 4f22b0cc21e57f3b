/** Compiles `[vars.GATEWAY.signals.…]`: who sends security events, and which tokens they are about. */
import { KEY_SET_PATH } from '../assertion.ts';
import { hasRoute } from '../match.ts';
import { parsePath } from '../path.ts';
import type { Api, Issuer, KeyLocation, RouteTable, Settings, Transmitter } from '../policy.ts';
import { type SignalPoll, signalsPath } from '../signals.ts';
import { METADATA_PATH, parseTrustedUri } from '../uri.ts';
import { type Bindings, checkBinding } from './bindings.ts';
import { type Place, suggest } from './fault.ts';
import type { Faults } from './faults.ts';
import { DEFAULT_ALGORITHMS, DEFAULT_CLOCK_TOLERANCE_SECONDS } from './issuers.ts';
import { type SignalConfig, signalSchema, subjectsSchema } from './schema.ts';

/** Types of tokens that are events. An issuer that takes them for access tokens would let events in. */
const EVENT_TYPES = ['secevent+jwt', 'logout+jwt'];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const HTTPS = 'write an https URL (http for loopback hosts), without user name and fragment';

interface Known {
  /** Those without faults. */
  readonly issuers: readonly Issuer[];
  /** Of all tables under `[vars.ISSUERS]`. */
  readonly names: readonly string[];
  readonly bindings: Bindings;
}

export function compileSignals(
  tables: Readonly<Record<string, SignalConfig>> | undefined,
  known: Known,
  root: Faults,
): Transmitter[] {
  return Object.entries(tables ?? {}).map(([name, config]) => {
    const at = root.at('GATEWAY', 'signals', name);
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(name))
      at.add(
        `${JSON.stringify(name)} can't be in paths and logs`,
        'write letters, digits, - and _, 64 at most',
      );
    return compileTransmitter(name, config, known, at);
  });
}

function compileTransmitter(
  name: string,
  config: SignalConfig,
  { issuers, names, bindings }: Known,
  at: Faults,
): Transmitter {
  const signer = signerOf(name, config, issuers, at);
  const revokes = [config.revokes].flat().flatMap((one) => {
    const issuer = issuers.find((other) => other.name === one);
    if (!names.includes(one)) at.at('revokes').add(`there is no issuer "${one}"`, suggest(one, names));
    return issuer ?? [];
  });
  if (config.logout_tokens !== undefined && !revokes.some(({ issuer }) => issuer === config.issuer))
    at.at('logout_tokens').add(
      `a logout token names sessions of ${config.issuer}, and revokes names another issuer`,
      'name the issuer of the logout tokens in revokes, or remove this',
    );
  checkBinding('services', config.service, bindings, at.at('service'));
  checkBinding('rateLimits', config.rate_limit, bindings, at.at('rate_limit'));
  const poll = compilePoll(config, bindings, at);
  const path = config.path ?? (poll === undefined ? signalsPath(name) : undefined);
  if (path === undefined)
    for (const field of ['authorization', 'rate_limit', 'logout_tokens'] as const)
      if (config[field] !== undefined)
        at.at(field).add(
          `${field} is for events that are sent, and poll_uri asks for them`,
          'write a path too, or remove it',
        );
  return {
    name,
    signer,
    revokes,
    algorithms: new Set(config.algorithms ?? signer.algorithms),
    audiences: [config.audience].flat(),
    path,
    subjects: config.subjects ?? {},
    logoutTokens: config.logout_tokens,
    authorization: secretIn(config.authorization, bindings, at.at('authorization')),
    rateLimit: config.rate_limit,
    poll,
  };
}

/** The issuer of the same name has its keys already. Else they are looked for by the transmitter's own metadata. */
function signerOf(name: string, config: SignalConfig, issuers: readonly Issuer[], at: Faults): Issuer {
  const { issuer, jwks_uri: jwksUri, metadata_uri: metadataUri, service } = config;
  if (metadataUri !== undefined && jwksUri !== undefined)
    at.at('metadata_uri').add('metadata_uri and jwks_uri exclude each other', 'keep one of them');
  for (const key of ['metadata_uri', 'jwks_uri'] as const)
    if (config[key] !== undefined && parseTrustedUri(config[key]) === undefined)
      at.at(key).add(`${key} must be an https URL`, HTTPS);
  const twin = issuers.find((one) => one.issuer === issuer);
  const isPlaced = metadataUri !== undefined || jwksUri !== undefined;
  if (twin !== undefined && !isPlaced && service === undefined) return twin;
  return {
    kind: 'jwt',
    variable: 'GATEWAY',
    name: `signals.${name}`,
    issuer,
    algorithms: twin?.algorithms ?? new Set(DEFAULT_ALGORITHMS),
    tokenTypes: new Set(),
    clockToleranceSeconds: twin?.clockToleranceSeconds ?? DEFAULT_CLOCK_TOLERANCE_SECONDS,
    maxTokenAgeSeconds: undefined,
    notBeforeSeconds: undefined,
    remembersTokens: false,
    scopeClaim: undefined,
    clientClaim: undefined,
    audienceClaim: undefined,
    requiredClaims: [],
    keys: isPlaced || twin === undefined ? keyLocation(config, at) : twin.keys,
    statusLists: undefined,
    service: service ?? (isPlaced ? undefined : twin?.service),
  };
}

function keyLocation(
  { issuer, jwks_uri: jwksUri, metadata_uri: uri }: SignalConfig,
  at: Faults,
): KeyLocation {
  if (jwksUri !== undefined) return { kind: 'jwks', uri: jwksUri };
  if (uri !== undefined) return { kind: 'metadata', uri };
  const url = parseTrustedUri(issuer);
  if (url === undefined) {
    at.at('issuer').add(
      'no metadata can be found: issuer is not an https URL',
      `${HTTPS}, or give metadata_uri or jwks_uri`,
    );
    return { kind: 'metadata', uri: issuer };
  }
  // Shared Signals Framework §7.2: between host and path.
  return {
    kind: 'metadata',
    uri: `${url.origin}/.well-known/ssf-configuration${url.pathname.replace(/\/$/, '')}`,
  };
}

function compilePoll(config: SignalConfig, bindings: Bindings, at: Faults): SignalPoll | undefined {
  const authorization = secretIn(config.poll_authorization, bindings, at.at('poll_authorization'));
  const { poll_uri: uri } = config;
  if (uri === undefined) {
    if (authorization !== undefined)
      at.at('poll_authorization').add(
        'poll_authorization needs a poll_uri',
        'add it, or remove poll_authorization',
      );
    return undefined;
  }
  if (parseTrustedUri(uri) === undefined) at.at('poll_uri').add('poll_uri must be an https URL', HTTPS);
  return { uri, authorization };
}

function secretIn(text: string | undefined, bindings: Bindings, at: Faults): string | undefined {
  const name = text?.slice('secret:'.length);
  checkBinding('secrets', name, bindings, at);
  return name;
}

interface Whole {
  readonly settings: Settings;
  readonly apis: readonly Api[];
  readonly tables: readonly (RouteTable | undefined)[];
}

/** What is only seen in the whole policy: paths that are taken, and events that could pass for tokens. */
export function checkSignalPaths(transmitters: readonly Transmitter[], whole: Whole, root: Faults): void {
  for (const [i, transmitter] of transmitters.entries()) {
    const at = root.at('GATEWAY', 'signals', transmitter.name);
    const { path } = transmitter;
    const other = transmitters.slice(0, i).find((one) => path !== undefined && one.path === path);
    if (other !== undefined)
      at.at('path').add(
        `${path} is the path of ${other.name} too`,
        'give each transmitter a path of its own',
      );
    if (path !== undefined && isTaken(path, whole))
      at.at('path').add(`${path} is served already, and would never be reached`, 'choose a path of its own');
    checkConfusion(transmitter, whole.apis, at);
  }
}

function isTaken(text: string, { settings, apis, tables }: Whole): boolean {
  const isOwn =
    text === settings.healthPath ||
    text.startsWith(METADATA_PATH) ||
    (text === KEY_SET_PATH && apis.some(({ assertion }) => assertion !== undefined));
  const path = parsePath(text);
  if (isOwn || typeof path === 'string') return isOwn;
  return tables.some(
    (table) => table !== undefined && METHODS.some((method) => hasRoute(table, method, path)),
  );
}

/** No event may pass as an access token of the same issuer (RFC 8417 §4). */
function checkConfusion({ signer, logoutTokens, audiences }: Transmitter, apis: readonly Api[], at: Faults) {
  const routes = apis.flatMap((api) => api.routes);
  for (const { issuers, audiences: own } of routes) {
    const issuer = issuers.get(signer.issuer);
    if (issuer === undefined) continue;
    const type = EVENT_TYPES.find((one) => issuer.tokenTypes.has(one));
    if (type !== undefined)
      at.at('issuer').add(
        `${issuer.name} takes "${type}" for access tokens: its events would let callers in`,
        `remove "${type}" from token_types of ${issuer.name}`,
      );
    const shared = audiences.find((one) => own.includes(one));
    if (logoutTokens === 'any' && shared !== undefined && issuer.tokenTypes.has('jwt'))
      at.at('logout_tokens').add(
        `a logout token without a type of its own, for ${shared}, could pass as an access token`,
        'write "typed", give the transmitter another audience, or write token_types = ["at+jwt"]',
      );
  }
}

/** @param path below `signals` */
export function signalFieldsAt([name, field]: Place): readonly string[] {
  if (name === undefined) return [];
  return Object.keys((field === 'subjects' ? subjectsSchema : signalSchema).shape);
}
