import { useState } from 'preact/hooks';
import type { ClientData, CredentialData } from '../cli/console/issuer-data.ts';
import { formatTime, parseDuration } from '../cli/text/times.ts';
import { useIssuer } from './issuer-context.ts';
import { GrantForm, Grants } from './issuer-grants.tsx';
import { ActionForm } from './issuer-parts.tsx';
import { Name } from './name.tsx';

/** Fewer are found by looking. */
const MANY = 8;

export function ClientsView() {
  const { data } = useIssuer();
  const [isNew, setIsNew] = useState(false);
  const [wanted, setWanted] = useState('');
  const fits = ({ name, client_id }: ClientData) =>
    `${name} ${client_id}`.toLowerCase().includes(wanted.trim().toLowerCase());
  return (
    <>
      <details class="new" open={isNew} onToggle={(event) => setIsNew(event.currentTarget.open)}>
        <summary>New client</summary>
        {isNew && <NewClient onDone={() => setIsNew(false)} />}
      </details>
      {data.clients.length > MANY && (
        <label>
          Name or id
          <input type="search" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} />
        </label>
      )}
      {data.clients.length === 0 && <p class="quiet">No clients yet.</p>}
      {data.clients.filter(fits).map((client) => (
        <ClientItem key={client.client_id} client={client} />
      ))}
    </>
  );
}

function NewClient({ onDone }: { readonly onDone: () => void }) {
  const [name, setName] = useState('');
  const [id, setId] = useState('');
  const [hasSecret, setHasSecret] = useState(true);
  const body = { name, ...(id !== '' && { id }), ...(!hasSecret && { secret: false }) };
  return (
    <ActionForm
      action="client/create"
      body={body}
      label="Create client"
      missing={name === '' ? 'It needs a name.' : undefined}
      onDone={onDone}
    >
      <label>
        Name
        <input type="text" value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <label>
        Client id: left empty, a random one
        <input type="text" value={id} onInput={(event) => setId(event.currentTarget.value)} />
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={hasSecret}
          onInput={(event) => setHasSecret(event.currentTarget.checked)}
        />
        <span>Make a secret. It is shown once.</span>
      </label>
    </ActionForm>
  );
}

function ClientItem({ client }: { readonly client: ClientData }) {
  const [open, setOpen] = useState(false);
  const { name, client_id, credentials, grants, disabled } = client;
  const live = credentials.filter((one) => one.live).length;
  return (
    <details class="item client" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <strong>
          <Name text={name} />
        </strong>
        {disabled && <span class="tag bad">disabled</span>}
        <span class="quiet code">{client_id}</span>
        <span class={live === 0 ? 'warn' : 'quiet'}>
          {live === 0 ? 'no live credential' : live === 1 ? '1 credential' : `${live} credentials`}
        </span>
        <span class={grants.length === 0 ? 'warn' : 'quiet'}>
          {grants.length === 0 ? 'no API' : grants.length === 1 ? '1 API' : `${grants.length} APIs`}
        </span>
      </summary>
      {open && <ClientBody client={client} />}
    </details>
  );
}

function ClientBody({ client }: { readonly client: ClientData }) {
  const metadata = Object.entries(client.metadata);
  return (
    <>
      <h2 class="minor">May have tokens for</h2>
      <Grants client={client} />
      <GrantForm client={client} />
      <h2 class="minor">Credentials</h2>
      <Credentials client={client} />
      <NewSecret client={client} />
      {(metadata.length > 0 || client.default_audience !== null) && (
        <>
          <h2 class="minor">Besides</h2>
          <dl>
            {client.default_audience !== null && (
              <>
                <dt>default audience</dt>
                <dd>
                  <Name text={client.default_audience} />
                </dd>
              </>
            )}
            {metadata.map(([key, value]) => (
              <div key={key} class="pair">
                <dt>
                  <Name text={key} />
                </dt>
                <dd>
                  <Name text={value} />
                </dd>
              </div>
            ))}
          </dl>
        </>
      )}
      <ClientButtons client={client} />
    </>
  );
}

function Credentials({ client }: { readonly client: ClientData }) {
  const { confirm } = useIssuer();
  const { client_id, name, credentials } = client;
  if (credentials.length === 0) return <p class="quiet">None: it can't authenticate.</p>;
  const remove = ({ kind, id }: CredentialData) =>
    confirm({
      ...{ title: `Remove the ${kind} ${id} of ${name}?`, verb: 'Remove', action: `client/${kind}/remove` },
      consequence: 'Whoever uses it is refused a minute from now at the latest.',
      body: { client: client_id, id },
      insist: credentials.some((one) => one.id !== id && one.live)
        ? undefined
        : { name: 'force', label: 'Although it is the last live credential' },
    });
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Kind</th>
          <th scope="col">Id</th>
          <th scope="col">Ends with</th>
          <th scope="col">Made</th>
          <th scope="col">Ends</th>
          <th scope="col">
            <span class="hidden">Change</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {credentials.map((one) => (
          <tr key={one.id}>
            <td>{one.kind}</td>
            <td class="code" data-label="id">
              {one.id}
            </td>
            <td class="code">{one.kind === 'secret' ? `…${one.mark}` : `kid ${one.mark}`}</td>
            <td data-label="made">{formatTime(one.created_at)}</td>
            <td class={one.live ? '' : 'bad'} data-label="ends">
              {one.expires_at === null
                ? 'never'
                : `${one.live ? '' : 'expired '}${formatTime(one.expires_at)}`}
            </td>
            <td>
              <button type="button" class="small" onClick={() => remove(one)}>
                Remove…<span class="hidden"> {one.id}</span>
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function NewSecret({ client }: { readonly client: ClientData }) {
  const [open, setOpen] = useState(false);
  const [end, setEnd] = useState('');
  const seconds = end === '' ? undefined : parseDuration(end);
  const missing = end !== '' && seconds === undefined ? 'Write a time such as 30d or 12h.' : undefined;
  const body = { client: client.client_id, ...(seconds !== undefined && { expiresIn: seconds }) };
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Add a secret</summary>
      <ActionForm
        action="client/secret/add"
        body={body}
        label="Add secret"
        missing={missing}
        onDone={() => setOpen(false)}
      >
        <label>
          It ends after, such as 90d. Left empty: never.
          <input type="text" value={end} onInput={(event) => setEnd(event.currentTarget.value)} />
        </label>
      </ActionForm>
    </details>
  );
}

function ClientButtons({ client }: { readonly client: ClientData }) {
  const { run, confirm, busy } = useIssuer();
  const { client_id, name, disabled } = client;
  const body = { client: client_id };
  const disable = () =>
    confirm({
      ...{ title: `Disable ${name}?`, verb: 'Disable', action: 'client/disable', body },
      consequence:
        'It gets no more tokens. Those that it has are good until they expire; the answer tells how to stop them.',
    });
  const remove = () =>
    confirm({
      ...{ title: `Delete ${name}?`, verb: 'Delete', action: 'client/delete', body },
      consequence: 'Its credentials and grants go with it, for good.',
    });
  return (
    <div class="buttons">
      {disabled ? (
        <>
          <button type="button" class="small" disabled={busy} onClick={() => run('client/enable', body)}>
            Enable
          </button>
          <button type="button" class="small" onClick={remove}>
            Delete…
          </button>
        </>
      ) : (
        <button type="button" class="small" onClick={disable}>
          Disable…
        </button>
      )}
    </div>
  );
}
