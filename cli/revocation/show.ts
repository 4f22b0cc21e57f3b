/** Entries and records, for people. What others have written is made visible: it must not look like another line. */
import { REVOCATION_TIMES } from '../../src/revocation/times.ts';
import { isTable, parseJson } from '../text/json.ts';
import { formatTime, printFields, printLine, printTable, visible } from '../text/terminal.ts';
import { countOf } from '../text/words.ts';
import type { Row } from './admin.ts';
import type { Made } from './change.ts';
import type { Chosen, Tried } from './dry-run.ts';

/** Memory of isolates, and KV's own cache. */
const PROMISE_SECONDS = REVOCATION_TIMES.oldMs / 1000 + 30;

/** The words of a kind. */
export function wordsOf(chosen: Chosen): string {
  if ('target' in chosen)
    return {
      api: chosen.target,
      route: chosen.target,
      client: `client ${chosen.target}`,
      key: `key ${chosen.target}`,
    }[chosen.kind];
  const of = ` of ${chosen.from.name}`;
  switch (chosen.kind) {
    case 'issuer':
      return `all tokens${of}`;
    case 'token':
      return `token ${chosen.id}${of}`;
    default:
      return `${chosen.kind} ${chosen.id}${of}`;
  }
}

export interface Told {
  /** What is done, and to what. */
  readonly done: string;
  readonly what: string;
  /** What callers are answered. */
  readonly answer?: number;
  /** Of the clock of the issuer, where tokens are refused by their date. */
  readonly toleranceSeconds?: number;
  /** It has an end that was said, or none. */
  readonly mayEnd?: boolean;
  /** The command that takes it back. */
  readonly back: string;
}

export function printApplied(
  made: Made,
  { done, what, answer, toleranceSeconds, mayEnd = false, back }: Told,
): void {
  const { number, replaced, published, atSeconds, beforeSeconds, untilSeconds: until } = made;
  const isDated = toleranceSeconds !== undefined && beforeSeconds !== undefined;
  const fields: readonly (readonly [string, string] | undefined)[] = [
    [done, visible(what)],
    answer === undefined ? undefined : ['answer', String(answer)],
    isDated
      ? ['refuses', `tokens issued up to ${datedWords(beforeSeconds, toleranceSeconds)}; newer ones pass`]
      : undefined,
    ['entry', String(number)],
    replaced && ['replaces', `entry ${replaced.number}, which ${endWords(replaced.until)}`],
    until === undefined ? (mayEnd ? ['ends', 'by hand'] : undefined) : ['ends', endTime(until)],
    [
      'in effect',
      published
        ? `everywhere by ${timeOf(atSeconds + PROMISE_SECONDS)}`
        : 'NOT YET: it is stored, but KV has not taken it; the object goes on trying: look again with claimgate switches',
    ],
    ['take back', back],
  ];
  printFields(fields.filter((field) => field !== undefined));
}

/** The moment lies ahead of the command, and must not look like a clock that is wrong. */
const datedWords = (beforeSeconds: number, toleranceSeconds: number): string =>
  timeOf(beforeSeconds + toleranceSeconds) +
  (toleranceSeconds > 0 ? ` (${toleranceSeconds} s are for clocks that differ)` : '');

const endWords = (until: number | null): string =>
  until === null ? 'had no end' : `would have ended ${endTime(until)}`;

/** Never earlier than it is: `formatTime` leaves the seconds out. */
const endTime = (seconds: number) => formatTime(Math.ceil(seconds / 60) * 60);

/** To the second, in UTC. */
const timeOf = (seconds: number) => `${new Date(seconds * 1000).toISOString().slice(11, 19)} UTC`;

export function printTried(tried: Tried, words: string): void {
  printLine(`would refuse ${visible(words)}; nothing was changed`);
  if (tried.broken > 0)
    printLine(`${countOf(tried.broken, 'line')} of the log could not be read: not counted`);
  if (tried.unknown !== undefined) {
    printLine(`how many requests that is can't be told: ${tried.unknown}`);
    return;
  }
  printLine(`${tried.refused} of ${tried.allowed} requests in the log that were let through`);
  const table = (name: string, rows: Tried['clients']) => {
    if (rows.length === 0) return;
    printLine();
    printTable(
      [name, 'REQUESTS'],
      rows.map(([one, count]) => [visible(one), String(count)]),
    );
  };
  table('CLIENT', tried.clients);
  table('ROUTE', tried.routes);
}

const KIND_WORDS: Readonly<Record<string, string>> = {
  api: 'closed',
  route: 'closed',
  client: 'blocked',
  key: 'blocked',
};

export function printEntries(rows: readonly Row[], issuerName: (iss: string) => string): void {
  printTable(
    ['ENTRY', 'WHAT', 'KIND', 'OF', 'ENDS', 'BY', 'AT', 'WHY'],
    rows.map((row) => {
      const { number, kind, issuer, target, status, until, by, at, why } = row;
      const isSwitch = issuer === null;
      return [
        String(number),
        isSwitch ? (KIND_WORDS[String(kind)] ?? '') + (status === 403 ? ' (403)' : '') : 'revoked',
        String(kind),
        targetOf(String(target), issuer, issuerName),
        until === null ? 'by hand' : endTime(Number(until)),
        visible(String(by ?? '')),
        at == null ? '' : formatTime(Number(at)),
        visible(String(why ?? '')),
      ];
    }),
  );
}

/** An id with the issuer that gave it, or the name of what is switched. */
function targetOf(target: string, issuer: unknown, issuerName: (iss: string) => string): string {
  const of = typeof issuer === 'string' ? issuerName(issuer) : '';
  return visible([target, of].filter((one) => one !== '').join(' @ '));
}

export function printRecord(rows: readonly Row[], issuerName: (iss: string) => string): void {
  printTable(
    ['ENTRY', 'AT', 'BY', 'DID', 'KIND', 'TO', 'ENDS', 'WHY'],
    rows.map(({ number, at, by, action, what, why }) => {
      const about = parseJson(String(what));
      const { kind, id, target, issuer, untilSeconds } = isTable(about) ? about : {};
      return [
        String(number),
        formatTime(Number(at)),
        visible(String(by)),
        String(action),
        visible(String(kind ?? '')),
        targetOf(String(target ?? id ?? ''), issuer, issuerName),
        typeof untilSeconds === 'number' ? endTime(untilSeconds) : action === 'close' ? 'by hand' : '',
        visible(String(why)),
      ];
    }),
  );
}
