/** The latest decisions of a log, for a page that asks again and again for what is new. */
import type { DecisionData, EventData, LiveData, LogState } from '../../page/live-data.ts';
import type { LogSink } from '../logs/follow.ts';
import type { GoodEntry } from '../logs/read/formats.ts';
import { decisionOf, eventOf, shown } from './shown.ts';

/** More are dropped, oldest first: a log has no end. */
const MAX_KEPT = 10_000;
/** Kinds of them. */
const MAX_EVENTS = 50;
/** A page that lags behind gets them in pieces, so that neither side stalls. */
const MAX_AT_ONCE = 1_000;

type Counts = { -readonly [Name in keyof LogState]: LogState[Name] };

export class Decisions implements LogSink {
  readonly #onNews: () => void;
  readonly #maxKept: number;
  // In a ring: a log that floods must not move ten thousand places for each of its lines.
  readonly #kept: DecisionData[] = [];
  readonly #log: Counts;
  #events: readonly EventData[] = [];
  #version = 0;

  /** @param name of the log, for people. @param onNews is called for whatever changes what `after` says */
  constructor(name: string, onNews: () => void, maxKept = MAX_KEPT) {
    this.#onNews = onNews;
    this.#maxKept = maxKept;
    this.#log = {
      ...{ name, state: 'waiting', problem: null, decisions: 0, otherLines: 0, strange: null },
      ...{ brokenLines: 0, sampled: null, lostLines: 0 },
    };
  }

  /** The cursor of the latest. */
  get latest(): number {
    return this.#log.decisions;
  }

  /** Changes whenever there is anything new to tell, of the log itself, too. */
  get version(): number {
    return this.#version;
  }

  add(entry: GoodEntry): void {
    if (entry.kind === 'request') {
      const seq = ++this.#log.decisions;
      this.#kept[(seq - 1) % this.#maxKept] = decisionOf(seq, entry.request, entry.atMs);
    } else if (entry.kind === 'sampled') this.#log.sampled = shown(entry.why);
    else if (entry.kind === 'event') this.#addEvent(eventOf(entry.event, entry.atMs));
    else {
      const event = 'a request was ended by the runtime';
      this.#addEvent(eventOf({ event, detail: entry.outcome }, entry.atMs));
    }
    this.#tell();
  }

  addFormat(): void {}

  addOther(lines: number, text?: string): void {
    this.#log.otherLines += lines;
    if (text !== undefined && text.trim() !== '') this.#log.strange ??= shown(text);
    this.#tell();
  }

  addBroken(): void {
    this.#log.brokenLines++;
    this.#tell();
  }

  /** Counts lines that nobody has read. */
  addLost(lines: number): void {
    this.#log.lostLines += lines;
    this.#tell();
  }

  say({ state, problem }: Pick<LogState, 'state' | 'problem'>): void {
    this.#log.state = state;
    this.#log.problem = problem;
    this.#tell();
  }

  /** What came after a cursor; 0: all that is kept. */
  after(cursor: number): Omit<LiveData, 'policyVersion' | 'logVersion'> {
    const { latest } = this;
    // A cursor that was never given: another console's.
    const known = cursor > latest ? 0 : cursor;
    const first = Math.max(known + 1, latest - this.#maxKept + 1);
    const last = Math.min(latest, first + MAX_AT_ONCE - 1);
    const decisions: DecisionData[] = [];
    for (let seq = first; seq <= last; seq++) {
      const one = this.#kept[(seq - 1) % this.#maxKept];
      if (one !== undefined) decisions.push(one);
    }
    const missed = known === 0 ? 0 : first - known - 1;
    return { cursor: last, decisions, missed, events: this.#events, log: { ...this.#log } };
  }

  #addEvent(one: EventData): void {
    const isSame = ({ event, issuer, detail }: EventData) =>
      event === one.event && issuer === one.issuer && detail === one.detail;
    const count = (this.#events.find(isSame)?.count ?? 0) + 1;
    const others = this.#events.filter((other) => !isSame(other));
    this.#events = [{ ...one, count }, ...others].slice(0, MAX_EVENTS);
  }

  #tell(): void {
    this.#version++;
    this.#onNews();
  }
}
