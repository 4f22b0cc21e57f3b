/** The policy beside which a draft is to stand, as far as there is one. */
import { existsSync } from 'node:fs';
import type { Policy } from '../../../src/policy/policy.ts';
import {
  compileSection,
  environmentOf,
  hasPolicy,
  type PolicyFile,
  readPolicyFile,
  type Section,
} from '../../policy/file/config.ts';

export interface Given {
  readonly environment: string | undefined;
  readonly file: PolicyFile | undefined;
  /** Of the environment; without a policy, or with a broken one, there are none. */
  readonly section: Section;
  readonly policy: Policy | undefined;
  /** What a person must know of it. */
  readonly note: string;
}

/** Throws `CommandError` where the file is no TOML, or has no such environment. */
export function readGiven(config: string, environment: string | undefined): Given {
  const unread = (note: string, file?: PolicyFile): Given => ({
    environment,
    file,
    section: {},
    policy: undefined,
    note: `No policy was read: ${note}. Hosts, prefixes and routes that it has are not known here.`,
  });
  if (!existsSync(config)) return unread(`there is no ${config} (--config)`);
  const file = readPolicyFile(config);
  const section = environmentOf(file, environment);
  const where = environment === undefined ? config : `[env.${environment}] of ${config}`;
  if (!hasPolicy(section)) return unread(`${where} has none`, file);
  const compiled = compileSection(section);
  if (!compiled.ok) return unread(`${where} has errors, which claimgate check shows`, file);
  return {
    environment,
    file,
    section,
    policy: compiled.policy,
    note: `Drafted beside the policy in ${where}.`,
  };
}
