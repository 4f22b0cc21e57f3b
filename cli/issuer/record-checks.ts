/** Finds APIs and clients that do not fit together, though each is a valid record. */
import type { Api } from '../../issuer/src/records.ts';
import type { DeclaredClient } from './declaration.ts';

export interface Mismatch {
  readonly what: string;
  /** The problem, and what to do. */
  readonly detail: string;
}

/** Some clients, that of the MCP SDK for one, send every resource in the form of the URL standard. */
export function findSpellingMismatch(identifier: string): string | undefined {
  const normal = URL.parse(identifier)?.href;
  return normal === undefined || normal === identifier
    ? undefined
    : `some clients will ask for ${normal} instead, and get no token`;
}

export function findMismatches(apis: readonly Api[], clients: readonly DeclaredClient[]): Mismatch[] {
  const byAudience = new Map(apis.map((api) => [api.identifier, api]));
  const ofApis = apis.flatMap(({ identifier }) => {
    const detail = findSpellingMismatch(identifier);
    return detail === undefined ? [] : [{ what: `API ${identifier}`, detail }];
  });
  const ofClients = clients.flatMap((client) =>
    Object.entries(client.grants).flatMap(([audience, { scope }]) => {
      const what = `client ${client.name}`;
      const api = byAudience.get(audience);
      if (api === undefined) return [{ what, detail: `it has a grant for ${audience}, which is no API` }];
      const unknown =
        scope === '*' ? [] : scope.filter((one) => !api.scopes.some(({ value }) => value === one));
      return unknown.length === 0
        ? []
        : [{ what, detail: `${audience} does not have the scopes ${unknown.join(', ')} of its grant` }];
    }),
  );
  return [...ofApis, ...ofClients];
}
