/** What the gateway decides, as it happens: whom it refuses, why, and since when. */
import { useMemo, useState } from 'preact/hooks';
import { DecisionTable } from './decision-table.tsx';
import { KeysPart } from './keys-part.tsx';
import { barsOf, DIMENSIONS, type Dimension, type Filter, groupsOf, matching, NO_FILTER } from './live.ts';
import type { DecisionData, LogState } from './live-data.ts';
import { TimeLine } from './time-line.tsx';
import { countOf } from './times.ts';
import type { ConsoleState } from './use-console.ts';

interface Props {
  readonly live: ConsoleState;
  /** `undefined`: there is no policy to explain by. */
  readonly onExplain: ((decision: DecisionData) => void) | undefined;
}

const MAX_BARS = 60;

export function LiveView({ live, onExplain }: Props) {
  const [filter, setFilter] = useState<Filter>(NO_FILTER);
  /** What is shown while the list is held. */
  const [held, setHeld] = useState<readonly DecisionData[] | undefined>(undefined);
  const decisions = held ?? live.decisions;
  const { rows, groups, bars } = useMemo(() => {
    const rows = matching(decisions, filter);
    return { rows, groups: groupsOf(decisions, filter), bars: barsOf(rows, MAX_BARS) };
  }, [decisions, filter]);
  const change = (part: Partial<Filter>) => setFilter({ ...filter, ...part });
  const refused = rows.filter(({ allowed }) => !allowed).length;
  const isFiltered = JSON.stringify(filter) !== JSON.stringify(NO_FILTER);
  return (
    <>
      <LogLine log={live.log} missed={live.missed} />
      <form class="filters live" onSubmit={(event) => event.preventDefault()}>
        <label>
          Path, route, client or reason
          <input
            type="text"
            value={filter.text}
            spellcheck={false}
            autocapitalize="off"
            onInput={(event) => change({ text: event.currentTarget.value })}
          />
        </label>
        <div class="buttons">
          <button
            type="button"
            class="plain"
            aria-pressed={filter.refusedOnly}
            onClick={() => change({ refusedOnly: !filter.refusedOnly })}
          >
            Refused only
          </button>
          <button
            type="button"
            class="plain"
            aria-pressed={held !== undefined}
            onClick={() => setHeld(held === undefined ? live.decisions : undefined)}
          >
            Hold
          </button>
          {isFiltered && (
            <button type="button" class="plain" onClick={() => setFilter(NO_FILTER)}>
              Show all
            </button>
          )}
        </div>
      </form>
      {decisions.length > 0 && (
        <>
          <p class="summary" id="counts">
            {countOf(rows.length, 'request')}
            {isFiltered ? ` of ${decisions.length}` : ''}, {refused} refused
            {held !== undefined && `; held, ${live.decisions.length - held.length} newer`}
          </p>
          {bars.bars.length > 0 && <TimeLine {...bars} />}
          <div class="groups">
            {(Object.keys(DIMENSIONS) as Dimension[]).map((name) => (
              <Groups
                key={name}
                title={`Refused by ${DIMENSIONS[name].toLowerCase()}`}
                groups={groups[name]}
                chosen={filter[name]}
                onChoose={(value) => change({ [name]: value })}
              />
            ))}
          </div>
          <KeysPart keys={live.keys} events={live.events} />
          <DecisionTable rows={rows} onExplain={onExplain} />
        </>
      )}
      {decisions.length === 0 && <KeysPart keys={live.keys} events={live.events} />}
      {live.keys?.kind === 'nothing' && (
        <p class="quiet" id="no-keys">
          {live.keys.why}
        </p>
      )}
    </>
  );
}

const NO_LOG =
  'No log is read. Pipe one in (npx wrangler dev | claimgate console), or name one with --log or --remote.';
const WAITING = 'No request yet. What the gateway decides appears here.';

/** What is read, and what of it could not be. */
function LogLine({ log, missed }: { readonly log: LogState | null; readonly missed: number }) {
  if (log === null) return <p class="summary">Asking the console …</p>;
  if (log.state === 'none') return <p class="summary">{NO_LOG}</p>;
  const { name, state, problem, decisions, otherLines, strange, brokenLines, sampled, lostLines } = log;
  const isBad = state === 'failed' || state === 'ended';
  return (
    <div id="log">
      <p class={isBad ? 'alert' : 'summary'} role="status">
        {problem ?? (decisions === 0 ? `Reading ${name}. ${WAITING}` : `Reading ${name}.`)}
      </p>
      {otherLines > 0 && decisions === 0 && (
        <p class="quiet" id="strange">
          {countOf(otherLines, 'line')} so far, none of the gateway's log. The first: <q>{strange ?? ''}</q>
        </p>
      )}
      <Missing count={decisions > 0 ? otherLines : 0} noun="line" what="not of the gateway" />
      <Missing count={brokenLines} noun="line" what="cut on the way, and left out" />
      <Missing count={lostLines} noun="line" what="too fast for the console, and left out" />
      <Missing count={missed} noun="decision" what="too fast for this page, and not shown" />
      {sampled !== null && <p class="warn">{sampled}</p>}
    </div>
  );
}

interface MissingProps {
  readonly count: number;
  readonly noun: string;
  readonly what: string;
}

const Missing = ({ count, noun, what }: MissingProps) =>
  count === 0 ? null : (
    <p class="quiet missing">
      {countOf(count, noun)} {what}
    </p>
  );

interface GroupsProps {
  readonly title: string;
  readonly groups: readonly { readonly name: string; readonly count: number }[];
  readonly chosen: string | undefined;
  onChoose(value: string | undefined): void;
}

const MAX_GROUPS = 6;

function Groups({ title, groups, chosen, onChoose }: GroupsProps) {
  const [isLong, setLong] = useState(false);
  const most = groups[0]?.count ?? 1;
  const shown = isLong ? groups.slice(0, 100) : groups.slice(0, MAX_GROUPS);
  return (
    <section class="group">
      <h2>{title}</h2>
      {groups.length === 0 && <p class="quiet">none</p>}
      <ul>
        {shown.map(({ name, count }) => (
          <li key={name}>
            <button
              type="button"
              aria-pressed={name === chosen}
              onClick={() => onChoose(name === chosen ? undefined : name)}
            >
              <span class="name">{name}</span> <span class="number">{count}</span>
            </button>
            <svg class="share" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
              <rect width={(100 * count) / most} height="1" />
            </svg>
          </li>
        ))}
      </ul>
      {groups.length > MAX_GROUPS && (
        <button type="button" class="plain" onClick={() => setLong(!isLong)}>
          {isLong ? 'Fewer' : `${groups.length - MAX_GROUPS} more`}
        </button>
      )}
    </section>
  );
}
