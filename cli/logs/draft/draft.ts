/** From the requests of a log to a draft. */
import type { Summary } from '../count/summary.ts';
import { createCollector } from './collect.ts';
import { createOwners } from './owners.ts';
import { readGiven } from './policy.ts';
import { proposeRoutes } from './propose.ts';
import { siftDraft } from './sift.ts';
import { renderDraft } from './write.ts';

/** Throws `CommandError` where the policy file is no TOML, or has no such environment. */
export function createDraft(config: string, environment: string | undefined) {
  const given = readGiven(config, environment);
  const collector = createCollector(createOwners(given.policy));
  const propose = () => siftDraft(proposeRoutes(collector.read(), given), given);
  return {
    add: collector.add,
    render: (summary: Summary): string[] => renderDraft(propose(), collector.read(), summary, given, config),
    json({ from, to, sampled, sampled_why, broken, copies }: Summary) {
      const { unplaced, requests } = collector.read();
      const policy = given.policy === undefined ? null : config;
      const apis = propose();
      return { from, to, requests, policy, apis, left_out: unplaced, sampled, sampled_why, broken, copies };
    },
  };
}
