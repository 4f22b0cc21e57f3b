import type { KeyData } from '../cli/console/issuer-data.ts';
import { quoteWord } from '../cli/text/shell.ts';
import { formatTime } from '../cli/text/times.ts';
import { useIssuer } from './issuer-context.ts';
import { Copyable } from './issuer-parts.tsx';

const DAY_SECONDS = 86_400;
const HOUR_SECONDS = 3_600;

/** "3 days", "5 hours": as coarse as people think of it. */
function ageOf(seconds: number): string {
  const [count, unit] =
    seconds >= DAY_SECONDS
      ? [Math.floor(seconds / DAY_SECONDS), 'day']
      : [Math.floor(Math.max(0, seconds) / HOUR_SECONDS), 'hour'];
  if (count === 0) return 'less than an hour';
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

const MEANING: Readonly<Record<KeyData['status'], string>> = {
  next: 'published, signs after the next rotation',
  current: 'signs',
  previous: 'only verifies what it signed',
};

export function KeysView() {
  const { data, confirm } = useIssuer();
  const { keys, nowSeconds } = data;
  if (keys.length === 0)
    return (
      <>
        <p>No keys yet: the issuer can't sign. Make some on the command line:</p>
        <Copyable
          text={['claimgate', 'issuer', 'init', ...data.flags].map(quoteWord).join(' ')}
          what="the command"
        />
      </>
    );
  const algorithms = [...new Set(keys.map(({ algorithm }) => algorithm))];
  const rotate = (algorithm: KeyData['algorithm']) => {
    const next = keys.find((key) => key.algorithm === algorithm && key.status === 'next');
    const isReady = next !== undefined && (next.ready_at ?? 0) <= nowSeconds;
    confirm({
      ...{ title: `Rotate the ${algorithm} keys?`, verb: 'Rotate', action: 'keys/rotate' },
      consequence: 'The next key signs from now on, and the current one only verifies what it signed.',
      body: { alg: [algorithm] },
      insist: isReady
        ? undefined
        : {
            name: 'force',
            label: 'Although verifiers may not know the next key: it is published for less than a day',
          },
    });
  };
  const revoke = ({ kid, ready_at }: KeyData) =>
    confirm({
      ...{ title: `Revoke the key ${kid}?`, verb: 'Revoke', action: 'keys/revoke', body: { kid } },
      consequence: 'Nothing that it signed passes any more. It can not be brought back.',
      insist:
        (ready_at ?? 0) <= nowSeconds
          ? undefined
          : { name: 'now', label: `Although its tokens may be valid until ${formatTime(ready_at ?? 0)}` },
    });
  return (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col">Algorithm</th>
            <th scope="col">State</th>
            <th scope="col">Since</th>
            <th scope="col">Key id</th>
            <th scope="col">
              <span class="hidden">Change</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key.kid}>
              <td>{key.algorithm}</td>
              <td>
                <strong class={key.status === 'current' ? 'good' : ''}>{key.status}</strong>
                <div class="quiet">{MEANING[key.status]}</div>
              </td>
              <td>
                {ageOf(nowSeconds - key.since)}
                <div class="quiet">{formatTime(key.since)}</div>
                <Ready keyData={key} nowSeconds={nowSeconds} />
              </td>
              <td class="code">{key.kid}</td>
              <td>
                {key.status === 'previous' && (
                  <button type="button" class="small" onClick={() => revoke(key)}>
                    Revoke…<span class="hidden"> {key.kid}</span>
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div class="buttons">
        {algorithms.map((algorithm) => (
          <button key={algorithm} type="button" class="small" onClick={() => rotate(algorithm)}>
            Rotate {algorithm}…
          </button>
        ))}
      </div>
    </>
  );
}

function Ready({ keyData, nowSeconds }: { readonly keyData: KeyData; readonly nowSeconds: number }) {
  const { status, ready_at } = keyData;
  if (ready_at === null) return null;
  const isReady = ready_at <= nowSeconds;
  const what = status === 'next' ? 'may sign' : 'can be revoked';
  return (
    <div class={isReady ? 'good' : 'quiet'}>{isReady ? what : `${what} from ${formatTime(ready_at)}`}</div>
  );
}
