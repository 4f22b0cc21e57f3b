/** The policy.test.toml that `claimgate init` writes: each route and rule lets somebody through, and refuses somebody. */
import type { Answers } from './answers.ts';
import { topicOf } from './policy-file.ts';

export function renderCases(answers: Answers): string {
  const topic = topicOf(answers);
  const reads = `"GET /${topic}", "GET /${topic}/1"`;
  const writes = `"POST /${topic}", "PUT /${topic}/1", "DELETE /${topic}/1"`;
  return `# What the policy must let in, and what it must refuse: \`npx claimgate test\` runs this. Claims that a case leaves
# out are those of a good token. Every field: docs/policy-tests.md of the package.

[[case]]
name = "who may read, reads"
request = [${reads}]
claims = { scope = "read:${topic}" }
expect = "allow"

[[case]]
name = "who may read, does not write"
request = [${writes}]
claims = { scope = "read:${topic}" }
expect = 403
reason = "scopes_missing"

[[case]]
name = "who may write, writes"
request = [${writes}]
claims = { scope = "write:${topic}" }
expect = "allow"

[[case]]
name = "who may write, does not read"
request = [${reads}]
claims = { scope = "write:${topic}" }
expect = 403
reason = "scopes_missing"

[[case]]
name = "nobody without a token"
request = [${reads}, ${writes}]
expect = 401
reason = "token_missing"

[[case]]
name = "no token for another API"
request = "GET /${topic}"
claims = { aud = "https://another.example.com", scope = "read:${topic}" }
expect = 401
reason = "audience_mismatch"

[[case]]
name = "nothing that has no route"
request = ["GET /", "GET /other", "DELETE /${topic}"]
claims = { scope = "read:${topic} write:${topic}" }
expect = "deny"
`;
}
