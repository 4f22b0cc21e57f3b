/** Asks the console that served this page. Its token came in the address's fragment, which no server sees. */

let token: string | undefined;

/** Where it outlives a reload of this tab: no other tab, and no other port, can read it. */
const KEPT = 'console-token';

/** Takes the token out of the address. @returns whether there is one: without, this page is a file */
export function readConsoleToken(): boolean {
  const found = /^#token=([\w-]+)$/.exec(location.hash)?.[1];
  if (found !== undefined) {
    token = found;
    sessionStorage.setItem(KEPT, found);
    history.replaceState(null, '', location.pathname);
  }
  token ??= sessionStorage.getItem(KEPT) ?? undefined;
  return token !== undefined;
}

/** Rejects with an error whose message a person can read. */
export async function askConsole<Answer>(
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: {
        'x-console-token': token ?? '',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Error('The console does not answer: was it ended?');
  }
  const answer = (await response.json()) as Answer & { readonly error?: string };
  if (!response.ok) throw new Error(answer.error ?? `The console answered ${response.status}.`);
  return answer;
}
