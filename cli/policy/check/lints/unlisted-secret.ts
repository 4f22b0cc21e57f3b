import { KEY_SECRETS } from '../../../../src/policy/assertion.ts';
import { fault, type Place } from '../../../../src/policy/compile/fault.ts';
import { listOf } from '../../../text/json.ts';
import type { Lint, Subject } from './subject.ts';

export const unlistedSecret: Lint = {
  name: 'unlisted-secret',
  finds: 'a secret that the policy names, and that `[secrets] required` does not list',
  why: 'the gateway answers 503 without it; wrangler refuses to deploy while a listed one is not set',
  remedy: 'write `required = ["NAME"]` under `[secrets]`, in each environment: none is inherited',
  *find(subject) {
    const listed = listOf(subject.section.secrets?.required).filter((name) => typeof name === 'string');
    const missing = [...namedSecrets(subject, listed)].filter(([name]) => !listed.includes(name));
    const [first] = missing;
    if (first === undefined) return;
    const names = missing.map(([name]) => name);
    const all = [...listed, ...names].map((name) => JSON.stringify(name)).join(', ');
    yield fault(
      first[1],
      `[secrets] required does not list ${names.join(', ')}`,
      `write required = [${all}] under [secrets] of this environment`,
    );
  },
};

const isKeySecret = (name: string) => (KEY_SECRETS as readonly string[]).includes(name);

/** The secrets without which the gateway refuses the policy, each where it is first named. */
function namedSecrets({ policy }: Subject, listed: readonly string[]): Map<string, Place> {
  const named = new Map<string, Place>();
  if (policy.settings.logSubject === 'hash') named.set('LOG_KEY', ['GATEWAY', 'log_subject']);
  // Either of the two will do.
  if (policy.settings.assertion !== undefined && !listed.some((name) => isKeySecret(name)))
    named.set(KEY_SECRETS[0], ['GATEWAY', 'assertion']);
  for (const { name, authorization, poll } of policy.transmitters)
    for (const [field, secret] of [
      ['authorization', authorization],
      ['poll_authorization', poll?.authorization],
    ] as const)
      if (secret !== undefined && !named.has(secret)) named.set(secret, ['GATEWAY', 'signals', name, field]);
  for (const { name, originHeaders } of policy.apis)
    for (const { header, secret } of originHeaders)
      if (!named.has(secret)) named.set(secret, [name, 'origin_headers', header]);
  return named;
}
