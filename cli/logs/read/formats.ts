/** The formats in which people have a log, in one table: how each is told apart, and what it says. */
import { isTable, listOf, parseJson, type Table, textOf } from '../../text/json.ts';
import { type LineEntry, readLine, type Surroundings } from './line.ts';

export type Entry =
  | LineEntry
  /** The runtime ended an invocation: an exception, or a limit. */
  | { readonly kind: 'outcome'; readonly outcome: string; readonly atMs: number | undefined }
  /** Requests are missing from the log. */
  | { readonly kind: 'sampled'; readonly why: string }
  /** A line of the gateway that was cut on its way. */
  | { readonly kind: 'cut'; readonly problem: string }
  | { readonly kind: 'other'; readonly text: string };

/** What is left when the reader has counted what it could not read. */
export type GoodEntry = Exclude<Entry, { readonly kind: 'cut' | 'other' }>;

export type FormatName = 'line' | 'tail' | 'workers_logs' | 'query' | 'logpush';

interface Format {
  /** What people call it. */
  readonly words: string;
  is(value: Table): boolean;
  /** Hands on everything that a value says, in its order. */
  read(value: Table, add: (entry: Entry) => void): void;
}

const isTail = ({ logs, event }: Table) => Array.isArray(logs) || isOverload(event);
const isWorkersLog = (value: Table) => isTable(value['$metadata']) || isTable(value['$workers']);

/** The first that fits reads a value. */
export const FORMATS: Readonly<Record<FormatName, Format>> = {
  tail: { words: 'what `wrangler tail --format json` prints', is: isTail, read: readTail },
  logpush: {
    words: 'Logpush files of the dataset workers_trace_events',
    is: (value) => 'EventTimestampMs' in value || Array.isArray(value['Logs']),
    read: readLogpush,
  },
  workers_logs: {
    words: 'events of Workers Logs, as the dashboard exports them',
    is: isWorkersLog,
    read: readWorkersLog,
  },
  query: {
    words: "answers of Workers Logs' API (telemetry/query)",
    is: (value) => eventsOf(value) !== undefined,
    read: readQuery,
  },
  line: {
    words: 'lines of JSON as the gateway writes them',
    is: (value) => readLine(value, {}) !== undefined,
    read: (value, add) => addLine(value, {}, add),
  },
};

const NAMES = Object.keys(FORMATS) as FormatName[];

/** Hands on everything that a value says. @returns its format; `undefined` for what is none of Cloudflare's or ours */
export function readEntries(value: unknown, add: (entry: Entry) => void): FormatName | undefined {
  if (!isTable(value)) return undefined;
  const name = NAMES.find((one) => FORMATS[one].is(value));
  if (name !== undefined) FORMATS[name].read(value, add);
  return name;
}

function addLine(value: Table, around: Surroundings, add: (entry: Entry) => void): void {
  add(readLine(value, around) ?? { kind: 'other', text: '' });
}

/** Logpush writes this into a text where it cuts it ("Limits" of Workers Logpush); what comes after it is left out. */
const CUT = /<<<Logpush: .{1,40} truncated>>>/;

/** What was given to `console.log`: one line of the gateway is one text. */
function addMessage(message: unknown, around: Surroundings, add: (entry: Entry) => void): void {
  for (const part of Array.isArray(message) ? message : [message]) {
    const value = typeof part === 'string' ? parseJson(part) : part;
    if (isTable(value)) addLine(value, around, add);
    else if (typeof part === 'string' && (CUT.test(part) || /^\s*\{\s*"(time|event)"/.test(part)))
      add({ kind: 'cut', problem: 'a line of the gateway is cut within its event' });
    else add({ kind: 'other', text: typeof part === 'string' ? part : '' });
  }
}

/** A client that leaves early is no fault. */
const HARMLESS: readonly string[] = ['ok', 'canceled', 'responseStreamDisconnected'];

function addOutcome(outcome: unknown, atMs: number | undefined, add: (entry: Entry) => void): void {
  if (typeof outcome === 'string' && !HARMLESS.includes(outcome)) add({ kind: 'outcome', outcome, atMs });
}

/** Milliseconds, or a date: the dashboard exports dates where the API has numbers. */
function instantOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  const atMs = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : atMs;
}

const field = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((at, name) => (isTable(at) ? at[name] : undefined), value);

function isOverload(event: unknown): boolean {
  const type = field(event, 'type');
  return type === 'overload' || type === 'overload-stop';
}

const OVERLOAD = 'wrangler tail left requests out: there are too many';

/** An invocation of the Worker, with what it wrote to the console; or a word of the tail about itself. */
function readTail(tail: Table, add: (entry: Entry) => void): void {
  const { event, outcome, eventTimestamp, logs } = tail;
  if (isOverload(event)) {
    add({ kind: 'sampled', why: OVERLOAD });
    return;
  }
  const atMs = instantOf(eventTimestamp);
  const around = {
    url: textOf(field(event, 'request', 'url')),
    workerVersion: textOf(field(tail, 'scriptVersion', 'id')),
  };
  for (const log of listOf(logs)) {
    if (!isTable(log)) continue;
    addMessage(log['message'], { ...around, atMs: instantOf(log['timestamp']) ?? atMs }, add);
  }
  if (tail['truncated'] === true) add({ kind: 'cut', problem: 'an event whose lines wrangler tail cut' });
  addOutcome(outcome, atMs, add);
}

/** The same, with other names. Logpush cuts long messages and says so within them. */
function readLogpush(event: Table, add: (entry: Entry) => void): void {
  const atMs = instantOf(event['EventTimestampMs']);
  const around = {
    url: textOf(field(event, 'Event', 'Request', 'URL')),
    workerVersion: textOf(field(event, 'ScriptVersion', 'ID') ?? field(event, 'ScriptVersion', 'Id')),
  };
  if (CUT.test(textOf(event['Logs']) ?? ''))
    add({ kind: 'cut', problem: 'an event whose lines Logpush cut' });
  for (const log of listOf(event['Logs'])) {
    if (CUT.test(textOf(log) ?? '')) add({ kind: 'cut', problem: 'an event whose lines Logpush cut' });
    if (!isTable(log)) continue;
    addMessage(log['Message'], { ...around, atMs: instantOf(log['TimestampMs']) ?? atMs }, add);
  }
  addOutcome(event['Outcome'], atMs, add);
}

/** One line of the console, or (`cf-worker-event`) the invocation itself. JSON is taken apart into `source`. */
function readWorkersLog(event: Table, add: (entry: Entry) => void): void {
  const { source, timestamp, $metadata, $workers } = event;
  const around = {
    atMs: instantOf(timestamp),
    url: textOf(field($workers, 'event', 'request', 'url')) ?? textOf(field($metadata, 'url')),
    workerVersion: textOf(field($workers, 'scriptVersion', 'id')),
  };
  if (field($metadata, 'type') === 'cf-worker-event') {
    addOutcome(field($workers, 'outcome'), around.atMs, add);
    return;
  }
  const line = isTable(source) ? readLine(source, around) : undefined;
  if (line !== undefined) add(line);
  else addMessage((isTable(source) ? source['message'] : source) ?? field($metadata, 'message'), around, add);
}

/** The events of a query's answer, and those of its invocations. */
function eventsOf(value: Table): readonly unknown[] | undefined {
  const result = isTable(value['result']) ? value['result'] : value;
  const events = field(result, 'events', 'events') ?? result['events'];
  if (Array.isArray(events)) return events;
  const { invocations } = result;
  return isTable(invocations) ? Object.values(invocations).flatMap(listOf) : undefined;
}

/** One answer has no more events (`limit` of telemetry/query in the API's reference). */
export const MAX_ANSWER = 2_000;
export const FULL_ANSWER = `the query's answer has ${MAX_ANSWER} events, the most that one can have: it may be cut, ask for shorter times`;

function readQuery(answer: Table, add: (entry: Entry) => void): void {
  const result = isTable(answer['result']) ? answer['result'] : answer;
  const events = eventsOf(answer) ?? [];
  const level = field(result, 'run', 'statistics', 'abr_level') ?? field(result, 'statistics', 'abr_level');
  if (typeof level === 'number' && level > 1)
    add({
      kind: 'sampled',
      why: `Workers Logs answered from a sample (abr_level ${level}): ask for a shorter time`,
    });
  const count = field(result, 'events', 'count');
  if (typeof count === 'number' && count > events.length)
    add({
      kind: 'sampled',
      why: `the query's answer has ${events.length} of ${count} events: ask for the rest`,
    });
  else if (events.length >= MAX_ANSWER) add({ kind: 'sampled', why: FULL_ANSWER });
  for (const event of events) if (readEntries(event, add) === undefined) add({ kind: 'other', text: '' });
}
