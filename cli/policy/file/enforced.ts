/** The policy as it will be once its trials are over. */
import type { Policy } from '../../../src/policy/policy.ts';
import { isTable, without } from '../../text/json.ts';
import { compileSection, type Section } from './config.ts';

/** The section without trials of whole APIs. APIs without a route are left out: they have nothing to enforce. */
export function enforcedSection({ apis }: Policy, section: Section): Section {
  const hasRoutes = (name: string) => apis.some((api) => api.name === name && api.routes.length > 0);
  const vars = Object.entries(section.vars ?? {}).flatMap(([name, table]) => {
    const isApi = name.startsWith('API_') && isTable(table) && table['extends'] === undefined;
    if (isApi && !hasRoutes(name)) return [];
    const isTried = isTable(table) && (isApi || name === 'GATEWAY');
    return [[name, isTried ? without(table, 'report_only', 'report_only_until') : table]];
  });
  return { ...section, vars: Object.fromEntries(vars) };
}

/** @param deployed the policy of the section. It comes back where nothing is on trial, or nothing could be enforced. */
export function enforcedPolicy(deployed: Policy, section: Section): Policy {
  if (deployed.apis.every(({ trial }) => trial === undefined)) return deployed;
  const compiled = compileSection(enforcedSection(deployed, section));
  return compiled.ok ? compiled.policy : deployed;
}
