/** How a client gets a token and calls an API with it, in programs to copy. */
import { useState } from 'preact/hooks';
import { visible } from '../cli/text/visible.ts';
import { useIssuer } from './issuer-context.ts';
import { Copyable } from './issuer-parts.tsx';
import { type Language, READ_SECRET, SAMPLES } from './issuer-samples.ts';
import { Tabs } from './tabs.tsx';

const LANGUAGES = Object.keys(SAMPLES) as Language[];
const NAMES = Object.fromEntries(LANGUAGES.map((one) => [one, one])) as Record<Language, string>;

/** Where the audience is not a URL, it says nothing of where the API is. */
const urlOf = (audience: string) => (/^https?:\/\//.test(audience) ? audience : 'https://api.example.com/');

export function TestView() {
  const { data } = useIssuer();
  const [clientId, setClientId] = useState('');
  const [audience, setAudience] = useState<string | undefined>(undefined);
  const [typedUrl, setTypedUrl] = useState<string | undefined>(undefined);
  const [language, setLanguage] = useState<Language>('curl');
  const client = data.clients.find(({ client_id }) => client_id === clientId) ?? data.clients[0];
  const wanted = audience ?? client?.grants[0]?.audience;
  const api = data.apis.find(({ identifier }) => identifier === wanted) ?? data.apis[0];
  if (client === undefined || api === undefined)
    return <p>Make an API and a client first: here is then how the client calls the API.</p>;
  const { identifier } = api;
  const grant = client.grants.find((one) => one.audience === identifier);
  const url = typedUrl ?? urlOf(identifier);
  const values = { tokenEndpoint: data.tokenEndpoint, clientId: client.client_id, audience: identifier, url };
  const hasSecret = client.credentials.some((one) => one.kind === 'secret' && one.live);
  const problems = [
    ...(client.disabled ? ['This client is disabled: it gets no token.'] : []),
    ...(api.disabled ? ['This API is disabled: nobody gets tokens for it.'] : []),
    ...(grant === undefined ? ['This client has no grant for this API: grant it one, on Clients.'] : []),
    ...(hasSecret ? [] : ['This client has no live secret, which these programs send: add one, on Clients.']),
  ];
  return (
    <>
      <div class="row">
        <label>
          Client
          <select value={client.client_id} onChange={(event) => setClientId(event.currentTarget.value)}>
            {data.clients.map(({ client_id, name }) => (
              <option key={client_id} value={client_id}>
                {visible(name)}
              </option>
            ))}
          </select>
        </label>
        <label>
          API
          <select value={identifier} onChange={(event) => setAudience(event.currentTarget.value)}>
            {data.apis.map((one) => (
              <option key={one.identifier} value={one.identifier}>
                {visible(one.name)}
              </option>
            ))}
          </select>
        </label>
        <label>
          What to call
          <input
            type="text"
            value={url}
            spellcheck={false}
            onInput={(event) => setTypedUrl(event.currentTarget.value)}
          />
        </label>
      </div>
      {problems.map((problem) => (
        <p key={problem} class="warn">
          {problem}
        </p>
      ))}
      {grant !== undefined && (
        <p class="quiet">
          The token has{' '}
          {grant.scope === '*' ? 'all scopes of the API' : `the scopes ${grant.scope.join(' ') || '(none)'}`}.
          Keep it until shortly before it expires.
        </p>
      )}
      <Tabs id="language" label="Languages" names={NAMES} shown={language} onShow={setLanguage}>
        <h2 class="minor">Type the secret, where no history keeps it</h2>
        <Copyable text={READ_SECRET} what="the line for the secret" />
        {SAMPLES[language](values).map(({ title, code }) => (
          <div key={title}>
            <h2 class="minor">{title}</h2>
            <Copyable text={code} what={`${language}: ${title}`} />
          </div>
        ))}
      </Tabs>
    </>
  );
}
