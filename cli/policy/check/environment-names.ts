import { fault } from '../../../src/policy/compile/fault.ts';
import { environmentsOf, type PolicyFile } from '../file/config.ts';
import type { Source } from '../file/source.ts';
import type { Finding, Rule } from './findings.ts';

export const ENVIRONMENT_CASE: Rule = {
  name: 'environment-case',
  finds: 'two environments whose names differ in upper and lower case only',
  why: 'people take one for the other, and wrangler deploys the one that is written',
  remedy: 'rename one, or remove it',
};

/** @param source reads the file, where there is something to show */
export function findAlikeNames(file: PolicyFile, source: () => Source): Finding[] {
  const seen = new Map<string, string>();
  return environmentsOf(file).flatMap((name): Finding[] => {
    if (name === undefined) return [];
    const first = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), first ?? name);
    if (first === undefined) return [];
    const { name: rule, why, remedy } = ENVIRONMENT_CASE;
    const region = source().regionOf(['env', name]);
    const problem = `[env.${name}] and [env.${first}] differ in upper and lower case only`;
    return [{ ...fault(['env', name], problem, remedy), rule, severity: 'warning', why, region }];
  });
}
