import { fault } from '../../../../src/policy/compile/fault.ts';
import { isBeside } from '../../../../src/policy/compile/trial.ts';
import { hostKey, tableOf } from '../../../../src/policy/hosts.ts';
import type { Api, Policy } from '../../../../src/policy/policy.ts';
import { hasSameServer } from '../../../../src/policy/server.ts';
import { isTable } from '../../../text/json.ts';
import { countOf, listed } from '../../../text/words.ts';
import { apisOn, exampleHost, otherHost } from '../../what-if/targets.ts';
import type { Lint } from './subject.ts';

export const trial: Lint = {
  name: 'trial',
  finds: 'an API with `report_only = true`, its own or that of `GATEWAY`; an error after `report_only_until`',
  why: 'every request to it is let through, without a token too',
  remedy: 'end the trial when the log shows no `would_deny` that is not meant: adopting.md has the steps',
  *find({ withTrials, section, today }) {
    for (const api of withTrials.apis) {
      if (api.trial === undefined) continue;
      const { until } = api.trial;
      const own = section.vars?.[api.name];
      const table = isTable(own) && own['report_only'] !== undefined ? api.name : 'GATEWAY';
      const isOver = until !== undefined && until < today;
      const enforced = api.routes.filter(({ reportOnly }) => !reportOnly).length;
      const but =
        enforced === 0
          ? ''
          : `, but for ${countOf(enforced, 'route')} that ${enforced === 1 ? 'is' : 'are'} enforced`;
      const refused = stillRefused(withTrials, api);
      const open = `${api.name} is open to anyone${but}`;
      const problem = isOver
        ? `${open}, and its trial ended on ${until}`
        : `${open}: it is on trial${until === undefined ? '' : ` until ${until}`}${refused}`;
      const remedy = isOver
        ? 'enforce it (report_only = false), or move report_only_until'
        : until === undefined
          ? 'set report_only_until, after which this check fails'
          : 'enforce it when the log shows no would_deny that is not meant';
      // An API that has checked tokens itself would answer 401 to everybody.
      const isDropped = isTable(own) && own['forward_authorization'] === undefined;
      const keep = isDropped
        ? '; forward_authorization = true keeps tokens for an origin that checks them itself'
        : '';
      yield {
        ...fault([table, 'report_only'], problem, remedy + keep),
        ...(isOver && { severity: 'error' }),
      };
    }
  },
};

const isOpen = ({ trial, routes }: Api) => trial !== undefined && routes.every((one) => one.reportOnly);

/** Requests that are refused although the API is on trial, since they may be somebody else's. */
function stillRefused(policy: Policy, api: Api): string {
  const { hosts, name } = api;
  const [first] = hosts.map(hostKey);
  const host = first === undefined ? otherHost(policy.hosts) : exampleHost(first, policy.hosts);
  const fallback = tableOf(policy, host)?.fallback;
  const others = apisOn(policy, host).filter((one) => one.name !== name);
  if (fallback === undefined) {
    const tried = others.filter((one) => one.trial !== undefined).map((one) => one.name);
    return `; a path that has no route is refused, since it could be one of ${tried.join(' or ')}`;
  }
  const guarded = policy.apis.filter((one) => one.name !== name && isBeside(api, one) && !isOpen(one));
  const reachable = guarded.filter((one) => hasSameServer(api, one)).map((one) => one.name);
  const shared =
    reachable.length === 0
      ? ''
      : `; ${listed(reachable)} ${reachable.length === 1 ? 'has' : 'have'} the same origin, and can be reached through it`;
  if (api.trial?.isAlone === true) return '';
  return `${shared}; a path that can be read in two ways is refused, since something beside it is enforced`;
}
