import { useState } from 'preact/hooks';
import { reasonOf } from './live.ts';
import type { DecisionData } from './live-data.ts';
import { clock } from './times.ts';

interface Props {
  /** Oldest first. */
  readonly rows: readonly DecisionData[];
  readonly onExplain: ((decision: DecisionData) => void) | undefined;
}

const FIRST = 100;

/** The latest first. A refused one leads to its explanation. */
export function DecisionTable({ rows, onExplain }: Props) {
  const [count, setCount] = useState(FIRST);
  const shown = rows.slice(-count).reverse();
  if (rows.length === 0) return <p>No request is like this.</p>;
  return (
    <>
      <table class="decisions">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Request</th>
            <th scope="col">Answer</th>
            <th scope="col">Client</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((one) => (
            <Row key={one.seq} one={one} onExplain={onExplain} />
          ))}
        </tbody>
      </table>
      {rows.length > count && (
        <button type="button" class="plain" onClick={() => setCount(count + 400)}>
          Show more of {rows.length}
        </button>
      )}
    </>
  );
}

function Row({ one, onExplain }: { readonly one: DecisionData } & Pick<Props, 'onExplain'>) {
  const { atMs, method, host, path, route, status, allowed, caller } = one;
  const reason = reasonOf(one);
  const detail = allowed ? one.wouldDenyDetail : one.detail;
  return (
    <tr class={allowed ? 'is-allowed' : 'is-refused'}>
      <td class="code time">
        <time dateTime={new Date(atMs).toISOString()} title={new Date(atMs).toLocaleString()}>
          {clock(atMs)}
        </time>
      </td>
      <td class="code">
        {method} {path === null ? <span class="quiet">{route}</span> : `${host ?? ''}${path}`}
        {path !== null && route !== null && <div class="quiet">{route}</div>}
      </td>
      <td>
        <span class={allowed ? 'good' : 'bad'}>{status}</span>{' '}
        {reason !== undefined &&
          (onExplain === undefined ? (
            reason
          ) : (
            <button type="button" class="link" title="Why?" onClick={() => onExplain(one)}>
              {reason}
            </button>
          ))}
        {detail !== null && <div class="quiet">{detail}</div>}
      </td>
      <td>{caller}</td>
    </tr>
  );
}
