import { fault } from '../../../../src/policy/compile/fault.ts';
import { isMeant } from '../../../../src/policy/hosts.ts';
import { parseUrl } from '../../../../src/policy/uri.ts';
import { listOf } from '../../../text/json.ts';
import type { Lint } from './subject.ts';

export const ownListHost: Lint = {
  name: 'own-list-host',
  finds: 'a host in `status_list_hosts` that is an origin, or a host that the policy itself serves',
  why: 'whoever issues tokens can have the Worker send a GET to any path there, around the rules of its routes',
  remedy: 'serve status lists from a host that serves nothing else',
  *find({ policy, section }) {
    for (const { variable, name } of policy.issuers) {
      const tables = section.vars?.[variable] as Record<string, { status_list_hosts?: unknown }> | undefined;
      for (const [i, host] of listOf(tables?.[name]?.status_list_hosts).entries()) {
        const api = policy.apis.find(({ hosts, origin }) => {
          const hostname = String(host).replace(/:[0-9]+$/, '');
          const isOrigin = origin.kind === 'url' && parseUrl(origin.base)?.hostname === hostname;
          return isOrigin || hosts.some((one) => isMeant(one, hostname));
        });
        if (api === undefined) continue;
        yield fault(
          [variable, name, 'status_list_hosts', i],
          `${String(host)} belongs to ${api.name}: its paths can be asked for around the rules`,
          'serve status lists from a host that serves nothing else',
        );
      }
    }
  },
};
