/** One event, however it came: verified, understood, stored, logged. */
import type { Hmac } from '../hmac.ts';
import { wait } from '../keys/flight.ts';
import type { Transmitter } from '../policy/policy.ts';
import { type EventWriter, MAX_SAID_LENGTH } from '../revocation/revocation.ts';
import { type Asked, askedBy, askedByLogout, formatOfSubject, streamFacts } from './effects.ts';
import { cut, type Delivery, type SignalEvent, shownSubjects } from './log.ts';
import { type Bad, type Genuine, type Unsure, type VerifyIo, verifyEvent, verifyLogout } from './verify.ts';

export interface SignalIo extends VerifyIo {
  readonly writer: EventWriter;
  readonly hmac: Hmac | undefined;
  log(line: SignalEvent): void;
}

/** It is stored, or there is nothing of it to store. */
interface Taken {
  readonly kind: 'taken';
  readonly id: string;
}

const STORE_WAIT_MS = 5_000;
const STORE_RETRY_SECONDS = 10;

/** Takes one event. What is taken is stored; what is `unsure` is to be sent again. */
export async function take(
  token: string,
  transmitter: Transmitter,
  delivery: Delivery,
  io: SignalIo,
  requestId?: string,
): Promise<Taken | Bad | Unsure> {
  const about = { transmitter: transmitter.name, delivery, request_id: requestId };
  const isLogout = delivery === 'logout';
  const read = await (isLogout ? verifyLogout : verifyEvent)(token, transmitter, io);
  if (read.kind !== 'genuine') {
    io.log({ event: 'signal_refused', ...about, why: read.why });
    return read;
  }
  const nowSeconds = io.io.now() / 1000;
  const asked = (isLogout ? askedByLogout : askedBy)(read, transmitter, nowSeconds);
  const stored = await store(read, asked, transmitter, io);
  if (stored === undefined) {
    io.log({ event: 'signal_refused', ...about, why: 'store_failed', signal_id: cut(read.id) });
    return { kind: 'unsure', why: 'store_failed', retryAfterSeconds: STORE_RETRY_SECONDS };
  }
  const which = { ...about, signal_id: cut(read.id), kinds: asked.kinds };
  const isRepeated = stored === 'repeated';
  if (asked.unmapped !== undefined)
    io.log({ event: 'signal_unmapped', ...which, why: asked.unmapped, format: formatOfSubject(read) });
  if (asked.unmapped === undefined || asked.revoke.length > 0)
    io.log({
      event: 'signal_received',
      ...which,
      entries: isRepeated ? 0 : asked.revoke.length,
      repeated: isRepeated,
      subjects: await shownSubjects(asked.revoke, io.settings, io.hmac),
      ...streamFacts(read),
    });
  return { kind: 'taken', id: read.id };
}

/** @returns `undefined` where the writer fails, or takes too long: it may have stored it, and a repetition is harmless */
async function store(
  { id }: Genuine,
  { kinds, revoke }: Asked,
  { name }: Transmitter,
  { writer }: SignalIo,
): Promise<'stored' | 'repeated' | undefined> {
  if (revoke.length === 0) return 'stored';
  // When the last entry is over, a repetition has nothing left to enter.
  const rememberSeconds = Math.max(...revoke.map(({ untilSeconds }) => untilSeconds));
  let outcome: 'stored' | 'repeated' | undefined;
  try {
    const received = writer
      .receive({ from: name, id, rememberSeconds, revoke, why: kinds.join(' ').slice(0, MAX_SAID_LENGTH) })
      .then((one) => {
        outcome = one;
      });
    await wait(received, STORE_WAIT_MS);
  } catch {
    return undefined;
  }
  return outcome;
}
