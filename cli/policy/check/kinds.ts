/** All kinds of findings, for reports and for docs/check.md. */
import { ENVIRONMENT_CASE } from './environment-names.ts';
import { FILE_CHECKS } from './file-checks.ts';
import type { Rule } from './findings.ts';
import { LINTS } from './lints/lints.ts';
import { UNREAD_FILE } from './which-file.ts';

/** Errors that the gateway itself reports. */
export const POLICY_ERROR: Rule = {
  name: 'policy',
  severity: 'error',
  finds: 'a policy that does not compile: a misspelt field, a name that nothing has, rules that contradict',
  why: 'the gateway would answer 503 to every request',
  remedy: 'each finding says it; every field is in [policy.md](policy.md)',
};

export const UNKNOWN_ALLOW: Rule = {
  name: 'unknown-allow',
  finds: 'a comment `# claimgate: allow …` that names no warning',
  why: 'it looks as if something were accepted, and silences nothing',
  remedy: 'correct the name, or remove the comment',
};

export const RULES: readonly Rule[] = [
  POLICY_ERROR,
  ...FILE_CHECKS,
  UNREAD_FILE,
  ...LINTS,
  ENVIRONMENT_CASE,
  UNKNOWN_ALLOW,
];
