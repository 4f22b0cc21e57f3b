/** The policies of two files, environment by environment: wrangler passes none on from one to another. */
import type { Policy } from '../../../src/policy/policy.ts';
import { CommandError } from '../../text/terminal.ts';
import {
  compileSection,
  environmentOf,
  environmentsOf,
  hasPolicy,
  type PolicyFile,
  policyOf,
  type Section,
} from '../file/config.ts';
import { alignHosts, type HostPairs } from './aligned-hosts.ts';

export interface PolicyPair {
  /** `undefined`: the top level. */
  readonly environment: string | undefined;
  /** Hosts of the old policy that were taken for hosts of the new one. */
  readonly hosts?: HostPairs;
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
    revocation: undefined,
    assertion: undefined,
  },
  issuers: [],
  transmitters: [],
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
    const alike = [...names].find((one) => one?.toLowerCase() === name?.toLowerCase());
    if (alike !== undefined)
      throw new CommandError(
        `neither file has [env.${name}], and names are compared with their case; did you mean [env.${alike}]?`,
      );
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

/**
 * One environment of the old file, and another one of the new. Where an API has as many hosts in both, its hosts are
 * taken for the same: the environments would have nothing in common otherwise. An empty name is the top level.
 */
export function pairEnvironments(
  old: PolicyFile,
  now: PolicyFile,
  names: { readonly old: string; readonly now: string },
): PolicyPair {
  const [before, after] = [names.old || undefined, names.now || undefined];
  if (before === after && old === now)
    throw new CommandError('--env and --against name the same environment; name two');
  const sections = { old: environmentOf(old, before), now: environmentOf(now, after) };
  for (const [file, name, section] of [
    [old, before, sections.old],
    [now, after, sections.now],
  ] as const)
    if (!hasPolicy(section))
      throw new CommandError(`${sideName(file, name)} has no policy; name another environment`);
  const aligned = alignHosts(sections.old, sections.now);
  const compiled = compileSection(aligned.section);
  return {
    environment: after,
    hosts: compiled.ok ? aligned.hosts : [],
    old: compiled.ok ? compiled.policy : policyOf(old, before),
    now: policyOf(now, after),
    sections,
  };
}

/** One side in messages. @param environment `undefined`: the top level */
export const sideName = ({ path }: PolicyFile, environment: string | undefined): string =>
  environment === undefined ? `${path} (top level)` : `${path} [env.${environment}]`;

const sectionIn = (file: PolicyFile, environment: string | undefined): Section =>
  environmentsOf(file).includes(environment) ? environmentOf(file, environment) : {};

/** A file may not have the environment, or not have had a policy yet. */
function policyIn(file: PolicyFile, environment: string | undefined): Policy {
  if (!environmentsOf(file).includes(environment)) return NO_POLICY;
  return hasPolicy(environmentOf(file, environment)) ? policyOf(file, environment) : NO_POLICY;
}
