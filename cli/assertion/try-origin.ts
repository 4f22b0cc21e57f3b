/** Sends attempts to an origin, one by one, and judges its answers. */
import { request as overHttp } from 'node:http';
import { request as overTls } from 'node:https';
import type { Asked, Attempt } from './attempt.ts';

/** `unclear`: neither let in nor refused for who asks, such as 404 or 500. */
export type Outcome = 'accepted' | 'refused' | 'unclear';

export interface Tried {
  readonly attempt: Attempt;
  readonly status: number;
  readonly outcome: Outcome;
  /** What the verifier said, where the answer has it. */
  readonly code?: string | undefined;
  readonly verdict: 'ok' | 'note' | 'fail';
}

const TIMEOUT_MS = 10_000;
const MAX_BODY_BYTES = 65_536;

/** Rejects where the origin gives no answer. @param mayReplay whether a replay that passes is only noted */
export async function tryOrigin(attempt: Attempt, asked: Asked, mayReplay: boolean): Promise<Tried> {
  const { status, body } = await send(attempt, asked);
  const outcome = outcomeOf(status);
  return {
    attempt,
    status,
    outcome,
    code: /^\{.*"code":"([a-z_]{1,40})"\}$/.exec(body)?.[1],
    verdict: verdictOf(attempt, outcome, body.includes(asked.forged), mayReplay),
  };
}

/** @param echoes the answer has what forged headers claim: they were believed */
function verdictOf(
  { wanted, isReplay }: Attempt,
  outcome: Outcome,
  echoes: boolean,
  mayReplay: boolean,
): Tried['verdict'] {
  if (wanted === 'unmoved') return echoes || outcome === 'unclear' ? 'fail' : 'ok';
  if (outcome === wanted) return 'ok';
  return isReplay && mayReplay && outcome === 'accepted' ? 'note' : 'fail';
}

function outcomeOf(status: number): Outcome {
  if (status >= 200 && status < 400) return 'accepted';
  return status === 400 || status === 401 || status === 403 ? 'refused' : 'unclear';
}

/** By lines, since two headers of one name must arrive as two. */
function send({ headers, body }: Attempt, { method, url }: Asked): Promise<{ status: number; body: string }> {
  const ask = url.protocol === 'https:' ? overTls : overHttp;
  const lines = [
    ['host', url.host],
    ['user-agent', 'claimgate-origin-test'],
    ...headers,
    ...(body === undefined ? [] : [['content-length', String(Buffer.byteLength(body))]]),
  ];
  return new Promise((resolve, reject) => {
    const options = { method, headers: lines.flat(), signal: AbortSignal.timeout(TIMEOUT_MS) };
    const sent = ask(url, options as never, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        if (text.length < MAX_BODY_BYTES) text += part;
        else answer.destroy();
      });
      answer.on('error', reject);
      answer.on('close', () => resolve({ status: answer.statusCode ?? 0, body: text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
