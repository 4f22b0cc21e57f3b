/** Events that are sent: `POST` at a transmitter's path (RFC 8935), and logout tokens at the same one. */
import { bodyWithin } from '../bytes.ts';
import type { Reason } from '../decision.ts';
import { type ErrorLine, errorLine } from '../error-line.ts';
import { limitKey } from '../origin/rate-limit.ts';
import type { Transmitter } from '../policy/policy.ts';
import { accepted, empty, loggedOut, logoutRefusal, refusal, unavailable } from './answer.ts';
import type { Delivery, SignalEvent, SignalFault } from './log.ts';
import { type SignalIo, take } from './process.ts';

export interface ReceiverIo extends SignalIo {
  secret(name: string): string | undefined;
  countRequest(limit: string, key: string): Promise<boolean | Reason>;
  log(line: SignalEvent | ErrorLine): void;
}

const MAX_BODY_BYTES = 65_536;
const LIMIT_RETRY_SECONDS = 60;
const FAILURE_RETRY_SECONDS = 30;

const SET = 'application/secevent+jwt';
const FORM = 'application/x-www-form-urlencoded';

/** Answers who sends an event. Never throws: after a failure of the gateway's own, it is to be sent again. */
export async function receive(
  request: Request,
  transmitter: Transmitter,
  requestId: string,
  io: ReceiverIo,
): Promise<Response> {
  try {
    return await answer(request, transmitter, requestId, io);
  } catch (error) {
    io.log(errorLine(error));
    return unavailable(FAILURE_RETRY_SECONDS);
  }
}

/** Cheap checks come first: strangers can send anything. */
async function answer(
  request: Request,
  transmitter: Transmitter,
  requestId: string,
  io: ReceiverIo,
): Promise<Response> {
  const mediaType = (request.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase();
  const delivery: Delivery = mediaType === FORM ? 'logout' : 'push';
  const refuse = (why: SignalFault, response: Response): Response => {
    io.log({
      event: 'signal_refused',
      transmitter: transmitter.name,
      delivery,
      request_id: requestId,
      why,
    });
    return response;
  };
  if (request.method !== 'POST') return refuse('method', empty(405, { allow: 'POST' }));
  const limited = await checkLimit(request, transmitter, io);
  if (limited === 'rate_limited')
    return refuse(limited, empty(429, { 'retry-after': String(LIMIT_RETRY_SECONDS) }));
  if (limited !== undefined) return refuse(limited, unavailable(LIMIT_RETRY_SECONDS));
  const isTaken = mediaType === SET || (mediaType === FORM && transmitter.logoutTokens !== undefined);
  if (!isTaken) return refuse('media_type', empty(415, { 'accept-post': acceptedTypes(transmitter) }));
  if (delivery === 'push' && !(await isAuthorized(request, transmitter, io)))
    return refuse('authorization', refusal('authorization'));
  const body = await readBody(request);
  if (body === undefined) return refuse('body_too_large', empty(413));
  const token = delivery === 'logout' ? logoutToken(body) : body.trim();
  const taken = await take(token, transmitter, delivery, io, requestId);
  if (taken.kind === 'unsure') return unavailable(taken.retryAfterSeconds);
  if (taken.kind === 'bad') return (delivery === 'logout' ? logoutRefusal : refusal)(taken.why);
  return delivery === 'logout' ? loggedOut() : accepted();
}

const acceptedTypes = ({ logoutTokens }: Transmitter): string =>
  logoutTokens === undefined ? SET : `${SET}, ${FORM}`;

async function checkLimit(
  { headers }: Request,
  { name, rateLimit: binding }: Transmitter,
  io: ReceiverIo,
): Promise<'rate_limited' | 'binding_missing' | undefined> {
  if (binding === undefined) return undefined;
  const limit = { binding, scope: `signals.${name}`, by: 'address' } as const;
  const counted = await io.countRequest(binding, limitKey(limit, undefined, headers.get('cf-connecting-ip')));
  if (typeof counted === 'object') return 'binding_missing';
  return counted ? undefined : 'rate_limited';
}

/** Compares digests: that takes as long whatever differs, and whatever is longer. */
async function isAuthorized(
  { headers }: Request,
  { authorization: name }: Transmitter,
  io: ReceiverIo,
): Promise<boolean> {
  if (name === undefined) return true;
  const wanted = io.secret(name);
  if (wanted === undefined) return false;
  const [given, own] = await Promise.all([headers.get('authorization') ?? '', wanted].map(digest));
  return given !== undefined && own !== undefined && crypto.subtle.timingSafeEqual(given, own);
}

const digest = (text: string) => crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));

/** @returns `undefined` where it is too large; the rest is not read */
async function readBody({ body }: Request): Promise<string | undefined> {
  const bytes = body === null ? new Uint8Array() : await bodyWithin(body, MAX_BODY_BYTES);
  return bytes && new TextDecoder().decode(bytes);
}

/** Two of them are none: who has checked the first must not act on the second. */
function logoutToken(form: string): string {
  const tokens = new URLSearchParams(form).getAll('logout_token');
  return tokens.length === 1 ? (tokens[0] ?? '') : '';
}
