/** The issuer's APIs, clients and keys: to see, to change, and to call. */
import { useState } from 'preact/hooks';
import { ApisView } from './issuer-apis.tsx';
import { ClientsView } from './issuer-clients.tsx';
import { IssuerContext, type Question, useConsole } from './issuer-context.ts';
import { KeysView } from './issuer-keys.tsx';
import { Confirm, ResultView } from './issuer-parts.tsx';
import { TestView } from './issuer-test.tsx';
import { Name } from './name.tsx';
import { Tabs } from './tabs.tsx';

const VIEWS = { apis: 'APIs', clients: 'Clients', keys: 'Keys', test: 'Test' } as const;
type View = keyof typeof VIEWS;

/** Asks the console that served the page; `readConsoleToken` has been called. */
export function IssuerView() {
  const { data, failure, result, busy, reload, run, forget } = useConsole();
  const [view, setView] = useState<View>('apis');
  const [asking, setAsking] = useState<{ readonly question: Question; readonly number: number } | undefined>(
    undefined,
  );
  if (data === undefined)
    return (
      <div aria-live="polite">
        {failure === undefined ? (
          <p class="quiet">Asking the issuer…</p>
        ) : (
          <>
            <p class="bad">{failure}</p>
            <button type="button" class="small" disabled={busy} onClick={reload}>
              Try again
            </button>
          </>
        )}
      </div>
    );
  const issuer = {
    data,
    busy,
    run,
    confirm: (asked: object) =>
      setAsking((before) => ({ question: asked as Question, number: (before?.number ?? 0) + 1 })),
  };
  const counts = {
    apis: data.apis.length,
    clients: data.clients.length,
    keys: data.keys.length,
  };
  return (
    <IssuerContext.Provider value={issuer}>
      <div class="issuer" aria-busy={busy}>
        <p class="summary">
          <strong class="code">
            <Name text={data.issuer} />
          </strong>{' '}
          {data.remote ? 'on Cloudflare' : 'on this machine'}
          {data.environment !== null && `, environment ${data.environment}`}{' '}
          <button type="button" class="small" disabled={busy} onClick={reload}>
            Reload
          </button>
        </p>
        {failure !== undefined && <p class="bad">{failure}</p>}
        {data.problems.map((problem) => (
          <p key={problem} class="warn">
            <Name text={problem} />
          </p>
        ))}
        <div aria-live="polite">
          {result !== undefined && <ResultView result={result} onForget={forget} />}
        </div>
        <Tabs id="issuer-view" label="Issuer" names={VIEWS} counts={counts} shown={view} onShow={setView}>
          {view === 'apis' && <ApisView />}
          {view === 'clients' && <ClientsView />}
          {view === 'keys' && <KeysView />}
          {view === 'test' && <TestView />}
        </Tabs>
        {asking !== undefined && (
          <Confirm
            key={asking.number}
            question={asking.question}
            // The browser may tell of one that is closed after the next one was asked for.
            onClose={() => setAsking((now) => (now === asking ? undefined : now))}
          />
        )}
      </div>
    </IssuerContext.Provider>
  );
}
