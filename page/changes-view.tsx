import type { ChangesData } from './data.ts';

/** What another policy lets in or refuses, with a request for each. */
export function ChangesView({ changes }: { readonly changes: ChangesData }) {
  const { from, differences, other } = changes;
  return (
    <>
      <p class="summary">
        Against {from}: {differences.length === 0 ? 'no difference in who gets in or what origins get' : ''}
      </p>
      {differences.map(({ change, subject, before, now, example }, i) => (
        <section key={i} class={`change ${change}`}>
          <h2>
            <span class="tag">{change}</span>
            <span class="code">{subject.join(', ')}</span>
          </h2>
          <dl>
            <dt>before</dt>
            <dd>{before.join('; ')}</dd>
            <dt>now</dt>
            <dd>{now.join('; ')}</dd>
            {example.length > 0 && (
              <>
                <dt>example</dt>
                <dd>
                  {example.map((line, j) => (
                    <div key={j}>{line}</div>
                  ))}
                </dd>
              </>
            )}
          </dl>
        </section>
      ))}
      {other.length > 0 && (
        <section>
          <h2>Besides</h2>
          <ul>
            {other.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
