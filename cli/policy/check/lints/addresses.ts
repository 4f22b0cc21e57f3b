import { fault } from '../../../../src/policy/compile/fault.ts';
import { outsideVars } from '../findings.ts';
import type { Lint, Subject } from './subject.ts';
import { isOnWorkersDev } from './worker-routes.ts';

/** APIs whose hosts mean these hosts and no others. A host under workers.dev is meant as well. */
const namedHosts = ({ policy }: Subject) => {
  const named = policy.apis.filter(({ hosts }) => hosts.length > 0);
  return named.some(({ hosts }) => hosts.some((host) => host.endsWith('.workers.dev'))) ? [] : named;
};

const answersThere = ({ policy }: Subject) =>
  policy.otherHosts === undefined ? '' : ', and APIs without hosts answer there';

export const workersDev: Lint = {
  name: 'workers-dev',
  finds:
    'an address under `workers.dev` beside APIs with `hosts`. wrangler gives one to each Worker without `routes`, unless told otherwise',
  why: "firewall, bot and Access rules of the zone don't hold there",
  remedy: 'write `workers_dev = false`',
  *find(subject) {
    const [api] = namedHosts(subject);
    if (api === undefined || !isOnWorkersDev(subject.section)) return;
    const problem = `the Worker has an address under workers.dev too${answersThere(subject)}`;
    yield subject.section.workers_dev === undefined
      ? fault([api.name, 'hosts'], problem, 'add workers_dev = false to this environment')
      : outsideVars(['workers_dev'], problem, 'write workers_dev = false');
  },
};

export const previewUrls: Lint = {
  name: 'preview-urls',
  finds: '`preview_urls = true` beside APIs with `hosts`',
  why: 'each version keeps a public address with the policy that it had, after that was mended',
  remedy: 'write `preview_urls = false`, or put Access in front of them',
  *find(subject) {
    if (namedHosts(subject).length === 0 || subject.section.preview_urls !== true) return;
    yield outsideVars(
      ['preview_urls'],
      `each version has an address of its own${answersThere(subject)}`,
      'write preview_urls = false, or put Access in front of them',
    );
  },
};
