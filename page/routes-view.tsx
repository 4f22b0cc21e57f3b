/** Who gets in where, in words; filtered by text, or by what a token has. */
import { useMemo, useState } from 'preact/hooks';
import { type ApiEntry, type RouteEntry, routeTable } from '../cli/policy/routes/table.ts';
import { audiencesOf, issuerWords } from '../cli/policy/words.ts';
import type { Policy } from '../src/policy/policy.ts';
import type { EnvironmentData, FindingData } from './data.ts';
import { type Reached, reachOf } from './reach.ts';

interface Props {
  readonly policy: Policy;
  readonly environment: EnvironmentData;
}

const REACH_WORDS = { yes: 'yes', maybe: 'it depends', no: 'no' } as const;

export function RoutesView({ policy, environment }: Props) {
  const [text, setText] = useState('');
  const [scopes, setScopes] = useState('');
  const [client, setClient] = useState('');
  const table = useMemo(() => routeTable(policy), [policy]);
  const isAsked = scopes.trim() !== '' || client.trim() !== '';
  const caller = { scopes: new Set(scopes.split(/[\s,]+/).filter(Boolean)), client: client.trim() };
  const words = text.trim().toLowerCase();
  const apis = table.map((entry) => ({
    entry,
    routes: entry.routes
      .filter((route) => words === '' || textOf(route).includes(words))
      .map((route) => ({ route, reached: isAsked ? reachOf(route.route, caller) : undefined })),
  }));
  const all = apis.flatMap(({ routes }) => routes);
  const count = (reach: Reached['reach']) => all.filter(({ reached }) => reached?.reach === reach).length;
  return (
    <>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <Field label="Path, method or words" value={text} onInput={setText} placeholder="/orders" />
        <fieldset>
          <legend class="hidden">What can a token do?</legend>
          <Field
            label="Scopes that a token has"
            value={scopes}
            onInput={setScopes}
            placeholder="read:orders"
          />
          <Field label="Its client id" value={client} onInput={setClient} placeholder="any" />
        </fieldset>
      </form>
      <p class="summary" aria-live="polite">
        {isAsked
          ? `Of ${all.length} routes: ${count('yes')} let it in, ${count('maybe')} may, ${count('no')} do not.`
          : `${all.length} routes.`}
        {policy.settings.revocation !== undefined && ' What is revoked or closed is refused, too.'}
      </p>
      {apis.map(({ entry, routes }) =>
        routes.length === 0 ? null : (
          <ApiSection
            key={entry.api.name}
            entry={entry}
            rows={routes}
            environment={environment}
            isAsked={isAsked}
          />
        ),
      )}
      {all.length === 0 && <p>No route has “{text}”.</p>}
    </>
  );
}

const textOf = ({ methods, path, who, headers }: RouteEntry) =>
  [methods.join(' '), path, who, ...headers.flat()].join(' ').toLowerCase();

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly placeholder: string;
  onInput(value: string): void;
}

function Field({ label, value, placeholder, onInput }: FieldProps) {
  return (
    <label>
      {label}
      <input
        type="text"
        value={value}
        placeholder={placeholder}
        spellcheck={false}
        autocapitalize="off"
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </label>
  );
}

interface SectionProps {
  readonly entry: ApiEntry;
  readonly rows: readonly { readonly route: RouteEntry; readonly reached: Reached | undefined }[];
  readonly environment: EnvironmentData;
  readonly isAsked: boolean;
}

function ApiSection({ entry, rows, environment, isAsked }: SectionProps) {
  const { api } = entry;
  const findings = environment.findings.filter((one) => one.api === api.name);
  const first = rows[0]?.route;
  return (
    <section class="api">
      <h2>{api.name}</h2>
      <dl>
        <dt>on</dt>
        <dd>{api.hosts.join(', ') || 'every host that no other API names'}</dd>
        <dt>tokens</dt>
        <dd>
          of {issuerWords(api.issuers)} for {audiencesOf(api.routes).join(' or ')}
        </dd>
        <dt>origin</dt>
        <dd>{first?.origin}</dd>
        {api.trial !== undefined && (
          <>
            <dt>trial</dt>
            <dd class="warn">nothing is refused; what would be is logged</dd>
          </>
        )}
      </dl>
      <Notes findings={findings.filter((one) => one.route === null)} />
      <table>
        <thead>
          <tr>
            <th scope="col">Method</th>
            <th scope="col">Path</th>
            <th scope="col">Who gets in</th>
            {isAsked && <th scope="col">This token</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ route, reached }) => (
            <tr key={route.route.key} class={reached && `reach-${reached.reach}`}>
              <td class="code">{route.methods.join(' ')}</td>
              <td class="code">{route.path}</td>
              <td>
                {route.whoHere}
                <Notes findings={findings.filter((one) => one.route === route.route.key)} />
                <Open parts={environment.coverage?.open[`${api.name} ${route.route.key}`] ?? []} />
              </td>
              {reached && (
                <td>
                  <strong>{REACH_WORDS[reached.reach]}</strong>
                  {reached.why !== '' && <span class="quiet"> {reached.why}</span>}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Notes({ findings }: { readonly findings: readonly FindingData[] }) {
  if (findings.length === 0) return null;
  return (
    <ul class="notes">
      {findings.map(({ severity, problem, remedy }, i) => (
        <li key={i} class={severity}>
          {problem}; {remedy}
        </li>
      ))}
    </ul>
  );
}

function Open({ parts }: { readonly parts: readonly string[] }) {
  if (parts.length === 0) return null;
  return <p class="open">No case shows: {parts.join('; ')}</p>;
}
