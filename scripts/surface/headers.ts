/** The headers that origins and clients get from the gateway, by the places in the source that set them. */
import { globSync, readFileSync } from 'node:fs';
import { ASSERTION_HEADER } from '../../src/policy/assertion.ts';
import { IDENTITY_HEADERS } from '../../src/policy/headers.ts';

/** Names that the source sets as text. */
const SET = /\b\w*[hH]eaders\.(?:set|append)\(\s*'([\w-]+)'/g;

const TO_ORIGIN = ['src/outbound.ts', 'src/send.ts', 'src/origin/forward.ts'];
const TO_CLIENT = ['src/reply.ts', 'src/origin/websocket.ts', 'src/origin/location.ts', 'src/http/*.ts'];

export const headerLines = (): string[] => [
  ...[...IDENTITY_HEADERS, ASSERTION_HEADER, 'x-claim-…', ...setIn(TO_ORIGIN)].map(
    (name) => `origin ${name}`,
  ),
  ...setIn(TO_CLIENT).map((name) => `client ${name}`),
];

const setIn = (files: readonly string[]) =>
  globSync(files).flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(SET)].map(([, name = '']) => name),
  );
