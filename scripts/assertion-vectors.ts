/**
 * Writes docs/assertion-vectors.json, with keys that are made for it and forgotten:
 *
 *     node scripts/assertion-vectors.ts
 */
import { writeFileSync } from 'node:fs';
import { CONTENTS } from './vectors/contents.ts';
import { FORMS } from './vectors/forms.ts';
import { SECRETS, STARTS } from './vectors/secrets.ts';
import { SIGNED } from './vectors/signatures.ts';
import { AUDIENCE, ISSUER, KEY_SET } from './vectors/vector.ts';

const ABOUT =
  'Vectors for verifiers of the assertion that docs/assertion.md describes. `assertion`: a verifier with issuer, ' +
  'audience, keys (or `keys_url`) and `bind`, at the time `now`, gives what `accept` says or refuses with the code ' +
  '`refuse`; with `seen`, a memory is given that has these ids. `secret`: the same with a secret in a header. ' +
  '`start`: a verifier with these options must not start. null stands for what is absent.';

/** One vector a line, so that changes can be read. */
const list = (vectors: readonly object[]) =>
  `[\n${vectors.map((one) => `    ${JSON.stringify(one)}`).join(',\n')}\n  ]`;

const members = {
  about: JSON.stringify(ABOUT),
  issuer: JSON.stringify(ISSUER),
  audience: JSON.stringify(AUDIENCE),
  keys: JSON.stringify(KEY_SET),
  assertion: list([...FORMS, ...SIGNED, ...CONTENTS]),
  secret: list(SECRETS),
  start: list(STARTS),
};
const lines = Object.entries(members).map(([name, text]) => `  ${JSON.stringify(name)}: ${text}`);
writeFileSync('docs/assertion-vectors.json', `{\n${lines.join(',\n')}\n}\n`);
