/** Entries and records, for people. */
import { REVOCATION_TIMES } from '../../src/revocation/times.ts';
import { formatTime, printFields, printLine, printTable } from '../text/terminal.ts';
import type { Applied, Row } from './admin.ts';
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
  readonly nowSeconds: number;
  /** The command that takes it back. */
  readonly back: string;
}

export function printApplied(
  { number, published, untilSeconds: until }: Applied,
  { done, what, nowSeconds, back }: Told,
): void {
  printFields([
    [done, what],
    ['entry', String(number)],
    ...(until === undefined ? [] : ([['ends', formatTime(until)]] as const)),
    [
      'in effect',
      published
        ? `everywhere by ${timeOf(nowSeconds + PROMISE_SECONDS)}, and as soon as KV has carried it there`
        : 'stored; KV has not taken it yet, and the object goes on trying: look again with claimgate switches',
    ],
    ['take back', back],
  ]);
}

/** To the second, in UTC. */
const timeOf = (seconds: number) => `${new Date(seconds * 1000).toISOString().slice(11, 19)} UTC`;

export function printTried(tried: Tried, words: string): void {
  printLine(`would refuse ${words}; nothing was changed`);
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
      rows.map(([one, count]) => [one, String(count)]),
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
        isSwitch
          ? String(target)
          : [target, issuerName(String(issuer))].filter((one) => one !== '').join(' @ '),
        until === null ? 'by hand' : formatTime(Number(until)),
        String(by ?? ''),
        at == null ? '' : formatTime(Number(at)),
        String(why ?? ''),
      ];
    }),
  );
}

export function printRecord(rows: readonly Row[]): void {
  printTable(
    ['NUMBER', 'AT', 'BY', 'DID', 'TO', 'WHY'],
    rows.map(({ number, at, by, action, what, why }) => [
      String(number),
      formatTime(Number(at)),
      String(by),
      String(action),
      String(what),
      String(why),
    ]),
  );
}
