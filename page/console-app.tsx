/** The page that a console serves. */
import { useState } from 'preact/hooks';
import { App } from './app.tsx';
import { readConsoleToken } from './console-client.ts';
import type { PageData } from './data.ts';
import { useConsole } from './use-console.ts';

const NO_POLICY: PageData = { file: 'console', version: '', environments: [] };

export function ConsoleApp() {
  const [hasToken] = useState(readConsoleToken);
  return hasToken ? <Connected /> : <Unknown />;
}

function Connected() {
  const { page, console: live } = useConsole();
  return <App data={page ?? NO_POLICY} console={live} />;
}

function Unknown() {
  return (
    <main>
      <h1>
        <span class="quiet">claimgate</span> console
      </h1>
      <p class="alert">
        This address lacks the token of its console. Open the whole address that the command printed, from
        http:// to its end.
      </p>
    </main>
  );
}
