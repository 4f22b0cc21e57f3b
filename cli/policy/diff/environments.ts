/** The policies of two files, environment by environment: wrangler passes none on from one to another. */
import type { Policy } from '../../../src/policy/policy.ts';
import { CommandError } from '../../text/terminal.ts';
import {
  environmentOf,
  environmentsOf,
  hasPolicy,
  type PolicyFile,
  policyOf,
  type Section,
} from '../file/config.ts';

export interface PolicyPair {
  /** `undefined`: the top level. */
  readonly environment: string | undefined;
  readonly old: Policy;
  readonly now: Policy;
  /** The sections of the files that the policies stand in. */
  readonly sections: { readonly old: Section; readonly now: Section };
}

/** Stands for a policy that is not there: nothing gets in. */
const NO_POLICY: Policy = {
  settings: {
    logSubject: 'none',
    logSample: 1,
    logRequests: 'denied',
    blockedClients: new Set(),
    blockedKids: new Set(),
    healthPath: undefined,
    problemBase: undefined,
  },
  issuers: [],
  apis: [],
  hosts: new Map(),
  otherHosts: undefined,
  ownHeaders: new Set(),
};

/** @param wanted `undefined`: all that either file has; an empty name is the top level, as it is to wrangler */
export function pairPolicies(old: PolicyFile, now: PolicyFile, wanted: string | undefined): PolicyPair[] {
  const names = new Set([...environmentsOf(old), ...environmentsOf(now)]);
  const chosen = wanted === undefined ? [...names] : [wanted || undefined];
  for (const name of chosen) {
    if (names.has(name)) continue;
    const known = [...names].filter((one) => one !== undefined).join(', ') || 'no environments';
    throw new CommandError(`neither file has [env.${name}]; they have ${known}`);
  }
  return chosen.map((environment) => ({
    environment,
    old: policyIn(old, environment),
    now: policyIn(now, environment),
    sections: { old: sectionIn(old, environment), now: sectionIn(now, environment) },
  }));
}

const sectionIn = (file: PolicyFile, environment: string | undefined): Section =>
  environmentsOf(file).includes(environment) ? environmentOf(file, environment) : {};

/** A file may not have the environment, or not have had a policy yet. */
function policyIn(file: PolicyFile, environment: string | undefined): Policy {
  if (!environmentsOf(file).includes(environment)) return NO_POLICY;
  return hasPolicy(environmentOf(file, environment)) ? policyOf(file, environment) : NO_POLICY;
}
