import { useState } from 'preact/hooks';
import { formatSeconds, parseDuration } from '../cli/text/times.ts';
import { type Api, SIGNING_ALGORITHMS, TOKEN_DIALECTS } from '../issuer/src/records.ts';
import { useIssuer } from './issuer-context.ts';
import { ActionForm } from './issuer-parts.tsx';
import { Name } from './name.tsx';

export function ApisView() {
  const { data } = useIssuer();
  const [isNew, setIsNew] = useState(false);
  return (
    <>
      <details class="new" open={isNew} onToggle={(event) => setIsNew(event.currentTarget.open)}>
        <summary>New API</summary>
        {isNew && <NewApi onDone={() => setIsNew(false)} />}
      </details>
      {data.apis.length === 0 && <p class="quiet">No APIs yet. Tokens are for one: make the first.</p>}
      {data.apis.map((api) => (
        <ApiItem key={api.identifier} api={api} />
      ))}
    </>
  );
}

/** One a line, as flags have them. */
const linesOf = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

function NewApi({ onDone }: { readonly onDone: () => void }) {
  const [identifier, setIdentifier] = useState('');
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState('');
  const [lifetime, setLifetime] = useState('1h');
  // As the command advises for a new API.
  const [dialect, setDialect] = useState<Api['token_dialect']>('rfc9068_profile');
  const algorithms = useAlgorithms();
  const [alg, setAlg] = useState(algorithms.find((one) => one === 'ES256') ?? algorithms[0] ?? 'ES256');
  const seconds = parseDuration(lifetime);
  const body = {
    identifier,
    ...(name !== '' && { name }),
    ...(scopes.trim() !== '' && { scope: linesOf(scopes) }),
    ...(seconds !== undefined && { lifetime: seconds }),
    ...{ alg, dialect },
  };
  const missing =
    identifier === ''
      ? 'It needs an identifier.'
      : seconds === undefined
        ? 'Its lifetime is seconds, or a number with s, min, h or d, such as 1h.'
        : undefined;
  return (
    <ActionForm action="api/create" body={body} label="Create API" missing={missing} onDone={onDone}>
      <label>
        Identifier: the audience of its tokens. A URL does well; it can't be changed later.
        <input type="text" value={identifier} onInput={(event) => setIdentifier(event.currentTarget.value)} />
      </label>
      <label>
        Name, for people
        <input type="text" value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <label>
        Scopes, one a line, such as read:orders=Read orders
        <textarea rows={3} value={scopes} onInput={(event) => setScopes(event.currentTarget.value)} />
      </label>
      <div class="row">
        <label>
          Lifetime of its tokens
          <input type="text" value={lifetime} onInput={(event) => setLifetime(event.currentTarget.value)} />
        </label>
        <Choice label="Dialect" value={dialect} choices={TOKEN_DIALECTS} onChoose={setDialect} />
        <Choice label="Algorithm" value={alg} choices={algorithms} onChoose={setAlg} />
      </div>
    </ActionForm>
  );
}

/** Those that there are keys of. */
function useAlgorithms() {
  const { keys } = useIssuer().data;
  const known = SIGNING_ALGORITHMS.filter((one) => keys.some(({ algorithm }) => algorithm === one));
  return known.length === 0 ? SIGNING_ALGORITHMS : known;
}

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly choices: readonly Value[];
  readonly onChoose: (value: Value) => void;
}

function Choice<Value extends string>({ label, value, choices, onChoose }: ChoiceProps<Value>) {
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => onChoose(event.currentTarget.value as Value)}>
        {choices.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </label>
  );
}

function ApiItem({ api }: { readonly api: Api }) {
  const { data } = useIssuer();
  const { identifier, scopes } = api;
  const clients = data.clients.filter(({ grants }) => grants.some(({ audience }) => audience === identifier));
  const [changes, setChanges] = useState(false);
  return (
    <section class="item" aria-label={api.name}>
      <h2>
        <Name text={api.name} />
        {api.disabled && <span class="tag bad">disabled</span>}
      </h2>
      <dl>
        <dt>identifier</dt>
        <dd class="code">
          <Name text={identifier} />
        </dd>
        <dt>tokens</dt>
        <dd>
          live {formatSeconds(api.token_lifetime)}, {api.token_dialect}, {api.signing_alg}
        </dd>
        <dt>scopes</dt>
        <dd>
          {scopes.length === 0 && 'none'}
          {scopes.map(({ value, description }) => (
            <div key={value}>
              <span class="code">{value}</span>{' '}
              {description !== undefined && (
                <span class="quiet">
                  <Name text={description} />
                </span>
              )}
            </div>
          ))}
        </dd>
        <dt>clients</dt>
        <dd>
          {clients.length === 0 && 'none'}
          {clients.map(({ client_id, name }, i) => (
            <span key={client_id}>
              {i > 0 && ', '}
              <Name text={name} />
            </span>
          ))}
        </dd>
      </dl>
      <details open={changes} onToggle={(event) => setChanges(event.currentTarget.open)}>
        <summary>Change</summary>
        {changes && <ChangeApi api={api} onDone={() => setChanges(false)} />}
      </details>
      <ApiButtons api={api} clients={clients.length} />
    </section>
  );
}

function ApiButtons({ api, clients }: { readonly api: Api; readonly clients: number }) {
  const { run, confirm, busy } = useIssuer();
  const { identifier, name } = api;
  const disable = () =>
    confirm({
      ...{ title: `Disable ${name}?`, verb: 'Disable', action: 'api/update' },
      consequence: 'Nobody gets tokens for it any more. Those that are out are good until they expire.',
      body: { identifier, disable: true },
    });
  const remove = () =>
    confirm({
      ...{ title: `Delete ${name}?`, verb: 'Delete', action: 'api/delete', body: { identifier } },
      consequence: 'Its tokens are good until they expire. It can be made again, but not brought back.',
      insist:
        clients === 0
          ? undefined
          : {
              name: 'force',
              label: `Also take the grants of ${clients} ${clients === 1 ? 'client' : 'clients'}`,
            },
    });
  return (
    <div class="buttons">
      {api.disabled ? (
        <button
          type="button"
          class="small"
          disabled={busy}
          onClick={() => run('api/update', { identifier, enable: true })}
        >
          Enable
        </button>
      ) : (
        <button type="button" class="small" onClick={disable}>
          Disable…
        </button>
      )}
      <button type="button" class="small" onClick={remove}>
        Delete…
      </button>
    </div>
  );
}

function ChangeApi({ api, onDone }: { readonly api: Api; readonly onDone: () => void }) {
  const [lifetime, setLifetime] = useState(formatSeconds(api.token_lifetime).replace(' ', ''));
  const [dialect, setDialect] = useState(api.token_dialect);
  const [added, setAdded] = useState('');
  const [removed, setRemoved] = useState<readonly string[]>([]);
  const seconds = parseDuration(lifetime);
  const scope = linesOf(added);
  const body = {
    identifier: api.identifier,
    ...(scope.length > 0 && { scope }),
    ...(removed.length > 0 && { removeScope: [...removed] }),
    ...(seconds !== undefined && seconds !== api.token_lifetime && { lifetime: seconds }),
    ...(dialect !== api.token_dialect && { dialect }),
  };
  const missing =
    seconds === undefined
      ? 'Its lifetime is seconds, or a number with s, min, h or d, such as 1h.'
      : Object.keys(body).length === 1
        ? 'Nothing is changed yet.'
        : undefined;
  const toggle = (value: string) =>
    setRemoved(removed.includes(value) ? removed.filter((one) => one !== value) : [...removed, value]);
  return (
    <ActionForm action="api/update" body={body} label="Change API" missing={missing} onDone={onDone}>
      <div class="row">
        <label>
          Lifetime of its tokens
          <input type="text" value={lifetime} onInput={(event) => setLifetime(event.currentTarget.value)} />
        </label>
        <Choice label="Dialect" value={dialect} choices={TOKEN_DIALECTS} onChoose={setDialect} />
      </div>
      <label>
        Scopes to add, one a line, such as read:orders=Read orders
        <textarea rows={2} value={added} onInput={(event) => setAdded(event.currentTarget.value)} />
      </label>
      {api.scopes.length > 0 && (
        <fieldset class="checks">
          <legend>Scopes to remove, from all grants too</legend>
          {api.scopes.map(({ value }) => (
            <label key={value} class="check">
              <input type="checkbox" checked={removed.includes(value)} onInput={() => toggle(value)} />
              <span class="code">{value}</span>
            </label>
          ))}
        </fieldset>
      )}
    </ActionForm>
  );
}
