/** Events that are asked for (RFC 8936): the cron's part. */
import { bodyWithin } from '../bytes.ts';
import { type ErrorLine, errorLine } from '../error-line.ts';
import type { Fetch } from '../keys/document.ts';
import type { Transmitter } from '../policy/policy.ts';
import type { SignalPoll } from '../policy/signals.ts';
import { USER_AGENT } from '../version.ts';
import { errorOf } from './answer.ts';
import type { PollFault, SignalEvent } from './log.ts';
import { type SignalIo, take } from './process.ts';
import { isObject } from './subjects.ts';

export interface PollIo extends SignalIo {
  secret(name: string): string | undefined;
  log(line: SignalEvent | ErrorLine): void;
}

const TIMEOUT_MS = 10_000;
const MAX_BODY_BYTES = 1_048_576;
const MAX_EVENTS = 32;
/** The next run of the cron goes on. */
const MAX_ROUNDS = 16;

type SetError = ReturnType<typeof errorOf>;

/** What the transmitter is told of the events that it gave before. */
interface Told {
  readonly ack: readonly string[];
  readonly setErrs: Readonly<Record<string, SetError>>;
}

interface Answer {
  readonly kind: 'answer';
  readonly sets: readonly (readonly [id: string, token: unknown])[];
  readonly isMore: boolean;
}

interface Failed {
  readonly kind: 'failed';
  readonly cause: PollFault;
  readonly status?: number;
}

const NOTHING: Told = { ack: [], setErrs: {} };

/**
 * Asks for events until there are none, and tells which of them are stored. One that can't be told yet, or whose answer
 * is lost, comes again. Never throws.
 */
export async function pollEvents(transmitter: Transmitter, io: PollIo): Promise<void> {
  const { name, poll } = transmitter;
  if (poll === undefined) return;
  try {
    const failed = await pollAll(transmitter, poll, io);
    if (failed !== undefined)
      io.log({
        event: 'signal_poll_failed',
        transmitter: name,
        cause: failed.cause,
        http_status: failed.status,
      });
  } catch (error) {
    io.log(errorLine(error));
  }
}

async function pollAll(transmitter: Transmitter, poll: SignalPoll, io: PollIo): Promise<Failed | undefined> {
  const fetch = io.io.fetchFor(transmitter.signer);
  if (fetch === undefined) return { kind: 'failed', cause: 'binding_missing' };
  let told = NOTHING;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const answer = await ask(fetch, poll, told, MAX_EVENTS, io);
    if (answer.kind === 'failed') return answer;
    told = await takeAll(answer.sets, transmitter, io);
    // Where nothing of it could be told, the same would come again.
    if (!answer.isMore || isEmpty(told)) break;
  }
  if (isEmpty(told)) return undefined;
  const last = await ask(fetch, poll, told, 0, io);
  return last.kind === 'failed' ? last : undefined;
}

const isEmpty = ({ ack, setErrs }: Told) => ack.length === 0 && Object.keys(setErrs).length === 0;

/** One after the other: a stream has an order. */
async function takeAll(sets: Answer['sets'], transmitter: Transmitter, io: PollIo): Promise<Told> {
  const ack: string[] = [];
  const errors: [id: string, error: SetError][] = [];
  for (const [id, token] of sets) {
    const taken = await take(typeof token === 'string' ? token : '', transmitter, 'poll', io);
    if (taken.kind === 'taken') ack.push(id);
    else if (taken.kind === 'bad') errors.push([id, errorOf(taken.why)]);
  }
  return { ack, setErrs: Object.fromEntries(errors) };
}

/** @param maxEvents 0: only tells, and asks for nothing (RFC 8936 §2.4.2) */
async function ask(
  fetch: Fetch,
  { uri, authorization }: SignalPoll,
  { ack, setErrs }: Told,
  maxEvents: number,
  { secret }: PollIo,
): Promise<Answer | Failed> {
  const failed = (cause: PollFault, status?: number): Failed => ({
    kind: 'failed',
    cause,
    ...(status !== undefined && { status }),
  });
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const credential = authorization === undefined ? undefined : secret(authorization);
  try {
    const response = await fetch(uri, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'content-language': 'en',
        accept: 'application/json',
        'user-agent': USER_AGENT,
        ...(credential !== undefined && { authorization: credential }),
      },
      body: JSON.stringify({
        maxEvents,
        returnImmediately: true,
        ...(ack.length > 0 && { ack }),
        ...(Object.keys(setErrs).length > 0 && { setErrs }),
      }),
      redirect: 'manual',
      signal,
    });
    const { ok, status, body } = response;
    if (!ok) {
      // An unread body would hold its connection, of which a Worker has six.
      await body?.cancel();
      return failed(status >= 300 && status < 400 ? 'redirect' : 'http_status', status);
    }
    const bytes = body === null ? new Uint8Array() : await bodyWithin(body, MAX_BODY_BYTES);
    if (bytes === undefined) return failed('too_large');
    return readAnswer(new TextDecoder().decode(bytes), maxEvents) ?? failed('malformed');
  } catch {
    return failed(signal.aborted ? 'timeout' : 'network_error');
  }
}

/** RFC 8936 §2.5. An answer to who only tells may be empty. */
function readAnswer(text: string, maxEvents: number): Answer | undefined {
  if (maxEvents === 0) return { kind: 'answer', sets: [], isMore: false };
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(answer) || !isObject(answer['sets'])) return undefined;
  const sets = Object.entries(answer['sets']).slice(0, MAX_EVENTS);
  return { kind: 'answer', sets, isMore: answer['moreAvailable'] === true };
}
