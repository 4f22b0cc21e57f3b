import type { EventData, KeysData } from './live-data.ts';
import { clock, countOf, duration } from './times.ts';

const MAX_EVENTS = 6;

/** How old each issuer's keys are, and what the gateway said besides decisions. */
export function KeysPart({
  keys,
  events,
}: {
  readonly keys: KeysData | null;
  readonly events: readonly EventData[];
}) {
  if (keys?.kind !== 'keys' && events.length === 0) return null;
  return (
    <div class="groups two">
      {keys?.kind === 'keys' && (
        <section class="group" id="keys">
          <h2>Keys of the issuers</h2>
          <dl>
            {keys.issuers.flatMap(({ name, status, keys: count, ageSeconds, failure }) => [
              <dt key={`${name} name`}>{name}</dt>,
              <dd key={name}>
                <span class={status === 'ok' ? 'good' : 'warn'}>{status}</span>, {countOf(count, 'key')}
                {ageSeconds === null ? ', never fetched' : `, fetched ${duration(ageSeconds)} ago`}
                {failure !== null && <div class="quiet">last failure: {failure}</div>}
              </dd>,
            ])}
          </dl>
        </section>
      )}
      {events.length > 0 && (
        <section class="group" id="events">
          <h2>Events of the gateway</h2>
          <ul>
            {events.slice(0, MAX_EVENTS).map(({ atMs, event, issuer, detail, count }, i) => (
              <li key={i}>
                <span class="code">{event}</span> {[issuer, detail].filter((one) => one !== null).join(': ')}{' '}
                <span class="quiet">
                  {count > 1 && `${count} times `}
                  {atMs !== null && clock(atMs)}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
