/** The page: a policy to look at, to ask, and to compare. */
import { useMemo, useState } from 'preact/hooks';
import { compilePolicy } from '../src/policy/compile/compile.ts';
import { formatFault } from '../src/policy/compile/fault.ts';
import { AskView } from './ask-view.tsx';
import { ChangesView } from './changes-view.tsx';
import type { EnvironmentData, PageData } from './data.ts';
import { FindingsView } from './findings-view.tsx';
import { RoutesView } from './routes-view.tsx';

const VIEWS = { routes: 'Routes', ask: 'Ask', changes: 'Changes', findings: 'Findings' } as const;
type View = keyof typeof VIEWS;

export function App({ data }: { readonly data: PageData }) {
  const [at, setAt] = useState(0);
  const [view, setView] = useState<View>('routes');
  const environment = data.environments[at] as EnvironmentData;
  const compiled = useMemo(() => compilePolicy(environment.vars), [environment]);
  const counts: Readonly<Record<View, number | undefined>> = {
    routes: compiled.ok ? compiled.policy.apis.flatMap(({ routes }) => routes).length : 0,
    ask: undefined,
    changes: environment.changes?.differences.length,
    findings: environment.findings.length,
  };
  const views = (Object.keys(VIEWS) as View[]).filter(
    (one) => one !== 'changes' || environment.changes !== null,
  );
  const shown = views.includes(view) ? view : 'routes';
  /** As tabs are used by keyboard (ARIA Authoring Practices). */
  const onKey = (event: KeyboardEvent) => {
    const here = views.indexOf(shown);
    const next = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: views.length - 1 }[event.key];
    const wanted = next === undefined ? undefined : views[(next + views.length) % views.length];
    if (wanted === undefined) return;
    event.preventDefault();
    setView(wanted);
    document.getElementById(`tab-${wanted}`)?.focus();
  };
  return (
    <>
      <header>
        <h1>
          <span class="quiet">claimgate</span> {data.file}
        </h1>
        {data.environments.length > 1 && (
          <label>
            Environment{' '}
            <select value={at} onChange={(event) => setAt(Number(event.currentTarget.value))}>
              {data.environments.map(({ name }, i) => (
                <option key={i} value={i}>
                  {name ?? 'top level'}
                </option>
              ))}
            </select>
          </label>
        )}
      </header>
      <nav aria-label="Views">
        <div class="tabs" role="tablist" aria-label="Views" onKeyDown={onKey}>
          {views.map((one) => (
            <button
              key={one}
              type="button"
              role="tab"
              id={`tab-${one}`}
              aria-controls="view"
              aria-selected={one === shown}
              tabIndex={one === shown ? 0 : -1}
              onClick={() => setView(one)}
            >
              {VIEWS[one]}
              {counts[one] !== undefined && <span class="count">{counts[one]}</span>}
            </button>
          ))}
        </div>
      </nav>
      <main>
        <div id="view" role="tabpanel" aria-labelledby={`tab-${shown}`} tabIndex={-1}>
          {shown === 'changes' && environment.changes !== null && (
            <ChangesView changes={environment.changes} />
          )}
          {shown === 'findings' && <FindingsView findings={environment.findings} />}
          {(shown === 'routes' || shown === 'ask') &&
            (compiled.ok ? (
              shown === 'routes' ? (
                <RoutesView policy={compiled.policy} environment={environment} />
              ) : (
                <AskView policy={compiled.policy} />
              )
            ) : (
              <section class="bad">
                <h2>This policy has errors: the gateway answers 503 to everything.</h2>
                <ul>
                  {compiled.faults.map((fault, i) => (
                    <li key={i}>{formatFault(fault)}</li>
                  ))}
                </ul>
              </section>
            ))}
        </div>
      </main>
      <footer class="quiet">
        Made by claimgate {data.version}. This file asks nobody: what you type stays in it.
      </footer>
    </>
  );
}
