import { useState } from 'preact/hooks';
import type { ClientData } from '../cli/console/issuer-data.ts';
import { visible } from '../cli/text/visible.ts';
import { useIssuer } from './issuer-context.ts';
import { ActionForm } from './issuer-parts.tsx';
import { Name } from './name.tsx';

interface Props {
  readonly client: ClientData;
}

export function Grants({ client }: Props) {
  const { data, confirm } = useIssuer();
  const { client_id, name, grants } = client;
  if (grants.length === 0) return <p class="quiet">No API yet: it gets no token.</p>;
  const nameOf = (identifier: string) => data.apis.find((api) => api.identifier === identifier)?.name;
  const take = (audience: string) =>
    confirm({
      ...{ title: `Take ${nameOf(audience) ?? audience} from ${name}?`, verb: 'Take back' },
      consequence: 'It gets no more tokens for that API. Those that it has are good until they expire.',
      ...{ action: 'client/ungrant', body: { client: client_id, audience } },
    });
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">API</th>
          <th scope="col">Scopes, at most</th>
          <th scope="col">
            <span class="hidden">Change</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {grants.map(({ audience, scope }) => (
          <tr key={audience}>
            <td class="wide">
              <Name text={nameOf(audience) ?? '(no such API)'} />
              {nameOf(audience) !== audience && (
                <div class="quiet code">
                  <Name text={audience} />
                </div>
              )}
            </td>
            <td class="code" data-label="scopes">
              {scope === '*' ? 'all, also later ones' : scope.join(' ') || 'none'}
            </td>
            <td>
              <button type="button" class="small" onClick={() => take(audience)}>
                Take back…
                <span class="hidden"> {audience}</span>
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function GrantForm({ client }: Props) {
  const { data } = useIssuer();
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState('');
  const [scope, setScope] = useState<readonly string[]>([]);
  const [isAll, setIsAll] = useState(false);
  const api = data.apis.find(({ identifier }) => identifier === chosen) ?? data.apis[0];
  if (api === undefined) return <p class="quiet">There is no API that it could be granted.</p>;
  const audience = api.identifier;
  const choose = (identifier: string) => {
    const granted = client.grants.find((one) => one.audience === identifier)?.scope ?? [];
    setChosen(identifier);
    setIsAll(granted === '*');
    setScope(granted === '*' ? [] : granted);
  };
  const toggle = (value: string) =>
    setScope(scope.includes(value) ? scope.filter((one) => one !== value) : [...scope, value]);
  const isOpened = (event: { currentTarget: HTMLDetailsElement }) => {
    if (event.currentTarget.open && !open) choose(audience);
    setOpen(event.currentTarget.open);
  };
  // In the API's order, and none that it lacks by now.
  const held = api.scopes.map(({ value }) => value).filter((value) => scope.includes(value));
  const body = {
    client: client.client_id,
    audience,
    ...(isAll ? { allScopes: true } : held.length > 0 && { scope: held }),
  };
  const isOpen = !isAll && held.length === 0 && api.scopes.length > 0;
  const replaces = client.grants.some((one) => one.audience === audience);
  return (
    <details open={open} onToggle={isOpened}>
      <summary>Grant an API, or other scopes of one</summary>
      <ActionForm
        action="client/grant"
        body={body}
        label={replaces ? 'Replace grant' : 'Grant'}
        missing={isOpen ? 'Choose scopes, or all.' : undefined}
        onDone={() => setOpen(false)}
      >
        <label>
          API
          <select value={audience} onChange={(event) => choose(event.currentTarget.value)}>
            {data.apis.map(({ identifier, name }) => (
              <option key={identifier} value={identifier}>
                {visible(name === identifier ? name : `${name} (${identifier})`)}
              </option>
            ))}
          </select>
        </label>
        <fieldset class="checks">
          <legend>Scopes that it may have at most</legend>
          {api.scopes.map(({ value, description }) => (
            <label key={value} class="check">
              <input
                type="checkbox"
                disabled={isAll}
                checked={isAll || scope.includes(value)}
                onInput={() => toggle(value)}
              />
              <span>
                <span class="code">{value}</span> {description !== undefined && <Name text={description} />}
              </span>
            </label>
          ))}
          <label class="check">
            <input
              type="checkbox"
              checked={isAll}
              onInput={(event) => setIsAll(event.currentTarget.checked)}
            />
            <span>all, also those that the API gets later</span>
          </label>
        </fieldset>
      </ActionForm>
    </details>
  );
}
