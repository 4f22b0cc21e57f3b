import type { EventData, KeysData } from './live-data.ts';
import { clock, duration } from './times.ts';

const MAX_EVENTS = 8;

/** How old each issuer's keys are, and what the gateway said besides decisions. */
export function KeysPart({
  keys,
  events,
}: {
  readonly keys: KeysData | null;
  readonly events: readonly EventData[];
}) {
  return (
    <>
      <section id="keys">
        <h2>Keys of the issuers</h2>
        {keys === null && <p class="quiet">Asking the gateway …</p>}
        {keys?.kind === 'nothing' && <p class="quiet">{keys.why}</p>}
        {keys?.kind === 'keys' && (
          <dl>
            {keys.issuers.flatMap(({ name, status, keys: count, ageSeconds, failure }) => [
              <dt key={`${name} name`}>{name}</dt>,
              <dd key={name}>
                <span class={status === 'ok' ? 'good' : 'warn'}>{status}</span>, {count} keys
                {ageSeconds === null ? ', never fetched' : `, fetched ${duration(ageSeconds)} ago`}
                {failure !== null && <div class="quiet">last failure: {failure}</div>}
              </dd>,
            ])}
          </dl>
        )}
      </section>
      {events.length > 0 && (
        <section id="events">
          <h2>Events of the gateway</h2>
          <ul class="events">
            {events.slice(0, MAX_EVENTS).map(({ atMs, event, issuer, detail }, i) => (
              <li key={i}>
                <span class="code">{event}</span> {[issuer, detail].filter((one) => one !== null).join(': ')}{' '}
                {atMs !== null && <span class="quiet">{clock(atMs)}</span>}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
