/** What the gateway answers itself, whoever asks: its health, its keys, and what transmitters of events send. */
import type { Environment, WaitUntil } from './environment.ts';
import { renderHealth } from './http/health.ts';
import { renderKeySet } from './http/key-set.ts';
import { asksFor } from './http/own-path.ts';
import type { KeyIo } from './keys/io.ts';
import type { KeySource } from './keys/source.ts';
import { publicKeySet } from './origin/assertion-keys.ts';
import { KEY_SET_PATH } from './policy/assertion.ts';
import type { Issuer, Policy, Transmitter } from './policy/policy.ts';
import { signersOf } from './policy/signals.ts';
import type { EventWriter } from './revocation/revocation.ts';
import type { RevocationState } from './revocation/source.ts';
import type { Standing } from './revocation/standing.ts';
import { findTransmitters } from './signals/find.ts';
import { receive } from './signals/receive.ts';

interface Revocations {
  get(waitUntil: WaitUntil): Standing | Promise<Standing>;
  /** Of what this isolate knows. */
  stateOf(waitUntil: WaitUntil): Promise<RevocationState>;
}

/** @param revocations `undefined` where the policy has none */
export function createOwnAnswers(
  environment: Environment,
  policy: Policy,
  keys: KeySource,
  revocations: Revocations | undefined,
) {
  const { settings } = policy;
  const transmitterAt = findTransmitters(policy);

  async function health(accept: string | null, io: KeyIo, waitUntil: WaitUntil): Promise<Response> {
    const revocation = await revocations?.stateOf(waitUntil);
    const states = signersOf<Issuer>(policy).map(
      async (issuer) => [issuer.name, await keys.stateOf(issuer, io)] as const,
    );
    return renderHealth(await Promise.all(states), io.now(), accept, revocation);
  }

  async function receiveFor(
    transmitter: Transmitter,
    request: Request,
    requestId: string,
    io: KeyIo,
    waitUntil: WaitUntil,
  ): Promise<Response> {
    const { secret, countRequest, log, logHmac: hmac } = environment;
    const writer = environment.revocationObject() as EventWriter;
    // A key that ops have blocked signs no events either.
    const { settings: now } = (await revocations?.get(waitUntil)) ?? { settings };
    const receiver = { writer, secret, countRequest, log, hmac, keys, io, settings: now };
    return receive(request, transmitter, requestId, receiver);
  }

  /** @returns `undefined` for all other requests */
  return (
    request: Request,
    inbound: Pick<Request, 'url' | 'method' | 'headers'>,
    requestId: string,
    io: KeyIo,
    waitUntil: WaitUntil,
  ): Response | Promise<Response> | undefined => {
    if (asksFor(inbound, settings.healthPath)) return health(inbound.headers.get('accept'), io, waitUntil);
    if (settings.assertion !== undefined && asksFor(inbound, KEY_SET_PATH))
      return renderKeySet(publicKeySet(environment.assertionKeys, io.now() / 1000));
    const transmitter = transmitterAt?.(inbound.url);
    if (transmitter === undefined) return undefined;
    return receiveFor(transmitter, request, requestId, io, waitUntil);
  };
}
