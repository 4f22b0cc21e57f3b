/** The policy.test.toml that `claimgate init` writes: each route and rule lets somebody through, and refuses somebody. */
import { renderTable } from '../formats/inline-toml.ts';
import type { Answers } from './answers.ts';
import { topicOf } from './policy-file.ts';

const HEAD = `# What the policy must let in, and what it must refuse: \`npx --no-install claimgate test\` runs this. Claims that a case leaves
# out are those of a good token. Every field: docs/policy-tests.md of the package.
`;

const SCOPES_MISSING = { expect: 403, reason: 'scopes_missing' };

export function renderCases(answers: Answers): string {
  const topic = topicOf(answers);
  const reads = [`GET /${topic}`, `GET /${topic}/1`];
  const writes = [`POST /${topic}`, `PUT /${topic}/1`, `DELETE /${topic}/1`];
  const reader = { scope: `read:${topic}` };
  const writer = { scope: `write:${topic}` };
  const cases = [
    { name: 'who may read, reads', request: reads, claims: reader, expect: 'allow' },
    { name: 'who may read, does not write', request: writes, claims: reader, ...SCOPES_MISSING },
    { name: 'who may write, writes', request: writes, claims: writer, expect: 'allow' },
    { name: 'who may write, does not read', request: reads, claims: writer, ...SCOPES_MISSING },
    { name: 'nobody without a token', request: [...reads, ...writes], expect: 401, reason: 'token_missing' },
    {
      name: 'no token for another API',
      request: `GET /${topic}`,
      claims: { aud: 'https://another.example.com', ...reader },
      expect: 401,
      reason: 'audience_mismatch',
    },
    {
      name: 'nothing that has no route',
      request: ['GET /', 'GET /other', `DELETE /${topic}`],
      claims: { scope: `${reader.scope} ${writer.scope}` },
      expect: 'deny',
    },
  ];
  return [HEAD, ...cases.map((one) => renderTable('[[case]]', one))].join('\n');
}
