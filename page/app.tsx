/** The page: a policy to look at, to ask, and to compare. */
import { useMemo, useState } from 'preact/hooks';
import { compilePolicy } from '../src/policy/compile/compile.ts';
import { type Fault, formatFault } from '../src/policy/compile/fault.ts';
import { AskView } from './ask-view.tsx';
import { ChangesView } from './changes-view.tsx';
import type { EnvironmentData, PageData } from './data.ts';
import { FindingsView } from './findings-view.tsx';
import { IssuerView } from './issuer-view.tsx';
import type { DecisionData } from './live-data.ts';
import { LiveView } from './live-view.tsx';
import { type Question, questionOf } from './question.ts';
import { RoutesView } from './routes-view.tsx';
import type { ConsoleState } from './use-console.ts';

const VIEWS = {
  live: 'Live',
  routes: 'Routes',
  ask: 'Ask',
  changes: 'Changes',
  findings: 'Findings',
  issuer: 'Issuer',
} as const;
type View = keyof typeof VIEWS;

const NO_ENVIRONMENT: EnvironmentData = { name: null, vars: {}, findings: [], coverage: null, changes: null };

interface Props {
  readonly data: PageData;
  /** What a console adds, and a file has not. */
  readonly console?: ConsoleState | undefined;
}

export function App({ data, console: live }: Props) {
  const [at, setAt] = useState(0);
  const [view, setView] = useState<View>(live === undefined ? 'routes' : 'live');
  const [question, setQuestion] = useState<Question | undefined>(undefined);
  const environment = data.environments[at] ?? data.environments[0] ?? NO_ENVIRONMENT;
  const compiled = useMemo(() => compilePolicy(environment.vars), [environment]);
  const isThere: Readonly<Record<View, boolean>> = {
    live: live !== undefined,
    routes: data.environments.length > 0,
    ask: data.environments.length > 0,
    changes: environment.changes !== null,
    findings: data.environments.length > 0,
    issuer: live?.hasIssuer === true,
  };
  const counts: Readonly<Partial<Record<View, number | undefined>>> = {
    routes: compiled.ok ? compiled.policy.apis.flatMap(({ routes }) => routes).length : 0,
    changes: environment.changes?.differences.length,
    findings: environment.findings.length,
  };
  const views = (Object.keys(VIEWS) as View[]).filter((one) => isThere[one]);
  const shown = views.includes(view) ? view : (views[0] ?? 'routes');
  const explain = (decision: DecisionData) => {
    if (!compiled.ok) return;
    setQuestion(questionOf(compiled.policy, decision));
    setView('ask');
    // Whoever can't see the page change hears the new view.
    document.getElementById('view')?.focus();
    scrollTo(0, 0);
  };
  return (
    <>
      <Header data={data} at={at} onChoose={setAt} />
      <Tabs views={views} shown={shown} counts={counts} onChoose={setView} />
      <main>
        {live !== undefined && <Banner live={live} environment={environment} />}
        <div id="view" role="tabpanel" aria-labelledby={`tab-${shown}`} tabIndex={-1}>
          {live !== undefined && shown === 'live' && (
            <LiveView live={live} onExplain={compiled.ok ? explain : undefined} />
          )}
          {shown === 'issuer' && <IssuerView />}
          {shown === 'changes' && environment.changes !== null && (
            <ChangesView changes={environment.changes} />
          )}
          {shown === 'findings' && <FindingsView findings={environment.findings} />}
          {(shown === 'routes' || shown === 'ask') && !compiled.ok && <Faults faults={compiled.faults} />}
          {shown === 'routes' && compiled.ok && (
            <RoutesView policy={compiled.policy} environment={environment} />
          )}
          {shown === 'ask' && compiled.ok && (
            <AskView
              key={question?.decision.seq ?? 0}
              policy={compiled.policy}
              question={question}
              addCase={live?.addCase}
            />
          )}
        </div>
      </main>
      <footer class="quiet">
        {live === undefined
          ? `Made by claimgate ${data.version}. This file asks nobody: what you type stays in it.`
          : `Served by claimgate ${data.version} on this machine, and for this machine only.`}
      </footer>
    </>
  );
}

interface HeaderProps {
  readonly data: PageData;
  /** The environment that is shown. */
  readonly at: number;
  onChoose(at: number): void;
}

const Header = ({ data: { file, environments }, at, onChoose }: HeaderProps) => (
  <header>
    <h1>
      <span class="quiet">claimgate</span> {file}
    </h1>
    {environments.length > 1 && (
      <label>
        Environment{' '}
        <select value={at} onChange={(event) => onChoose(Number(event.currentTarget.value))}>
          {environments.map(({ name }, i) => (
            <option key={i} value={i}>
              {name ?? 'top level'}
            </option>
          ))}
        </select>
      </label>
    )}
  </header>
);

const Faults = ({ faults }: { readonly faults: readonly Fault[] }) => (
  <section class="bad">
    <h2>This policy has errors: the gateway answers 503 to everything.</h2>
    <ul>
      {faults.map((fault, i) => (
        <li key={i}>{formatFault(fault)}</li>
      ))}
    </ul>
  </section>
);

interface TabsProps {
  readonly views: readonly View[];
  readonly shown: View;
  readonly counts: Readonly<Partial<Record<View, number | undefined>>>;
  onChoose(view: View): void;
}

function Tabs({ views, shown, counts, onChoose }: TabsProps) {
  /** As tabs are used by keyboard (ARIA Authoring Practices). */
  const onKey = (event: KeyboardEvent) => {
    const here = views.indexOf(shown);
    const next = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: views.length - 1 }[event.key];
    const wanted = next === undefined ? undefined : views[(next + views.length) % views.length];
    if (wanted === undefined) return;
    event.preventDefault();
    onChoose(wanted);
    document.getElementById(`tab-${wanted}`)?.focus();
  };
  return (
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
            onClick={() => onChoose(one)}
          >
            {VIEWS[one]}
            {counts[one] !== undefined && <span class="count">{counts[one]}</span>}
          </button>
        ))}
      </div>
    </nav>
  );
}

/** What is wrong with the console or the policy, above every view. */
function Banner({
  live,
  environment,
}: {
  readonly live: ConsoleState;
  readonly environment: EnvironmentData;
}) {
  const errors = environment.findings.filter(({ severity }) => severity === 'error');
  return (
    <div role="status" id="banner">
      {live.problem !== null && <p class="alert">{live.problem}</p>}
      {live.policyProblem !== null && (
        <div class="alert">
          <div class="code problem">{live.policyProblem}</div>
          {live.hasPolicy && <span class="quiet">What is shown is the policy from before.</span>}
        </div>
      )}
      {errors.length > 0 && (
        <div class="alert">
          <strong>The policy has errors: the gateway would answer 503 to everything.</strong>
          <ul>
            {errors.map(({ at, problem, remedy, line }, i) => (
              <li key={i}>
                Line {line}: <span class="code">{at}</span> {problem}; {remedy}
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
