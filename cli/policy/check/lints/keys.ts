import { fault } from '../../../../src/policy/compile/fault.ts';
import { isTable, listOf } from '../../../text/json.ts';
import type { Lint, Subject } from './subject.ts';

/** A missing thing has no place of its own: it is shown at the issuers, whose keys it is for. */
const issuersPlace = ({ policy }: Subject) => [
  policy.issuers[0]?.variable ?? 'ISSUERS',
  policy.issuers[0]?.name ?? '',
];

export const noKeyStore: Lint = {
  name: 'no-key-store',
  finds: 'no KV namespace `KEYS`',
  why: 'each isolate fetches the keys by itself, and an outage of the issuer becomes one of the gateway',
  remedy: 'add `[[kv_namespaces]]` with `binding = "KEYS"`, in each environment',
  *find(subject) {
    const namespaces = listOf(subject.section.kv_namespaces).filter(isTable);
    if (namespaces.some((one) => one['binding'] === 'KEYS')) return;
    yield fault(
      issuersPlace(subject),
      'no KV namespace KEYS keeps the keys of the issuers',
      'add [[kv_namespaces]] with binding = "KEYS"',
    );
  },
};

export const noKeyRefresh: Lint = {
  name: 'no-key-refresh',
  finds: 'no cron trigger',
  why: 'nothing fetches keys ahead of time: requests wait for them, and a new key is unknown for longer. Security events are not asked for (`poll_uri`)',
  remedy: 'add `[triggers]` with `crons = ["*/5 * * * *"]`',
  *find(subject) {
    if (listOf(subject.section.triggers?.crons).length > 0) return;
    const polled = subject.policy.transmitters.find(({ poll }) => poll !== undefined);
    if (polled !== undefined)
      return yield fault(
        ['GATEWAY', 'signals', polled.name, 'poll_uri'],
        'no cron trigger asks for its events, nor fetches the keys of the issuers',
        'add [triggers] with crons = ["* * * * *"]',
      );
    yield fault(
      issuersPlace(subject),
      'no cron trigger fetches the keys of the issuers ahead of time',
      'add [triggers] with crons = ["*/5 * * * *"]',
    );
  },
};

export const unusedIssuer: Lint = {
  name: 'unused-issuer',
  finds: 'an issuer that no API accepts',
  why: 'its tokens pass nowhere, and its keys are fetched for nothing',
  remedy: 'name it in `issuer` of an API, or remove its table',
  *find({ policy }) {
    const used = new Set(policy.apis.flatMap(({ issuers }) => issuers));
    for (const issuer of policy.issuers) {
      if (used.has(issuer)) continue;
      yield fault(
        [issuer.variable, issuer.name],
        'no API accepts this issuer',
        `add ${JSON.stringify(issuer.name)} to issuer of an API, or remove the table`,
      );
    }
  },
};
