/** How the gateway's issuers fare, by its own word (`health_path`). */
import type { IssuerKeysData, KeysData } from '../../page/live-data.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { isTable, parseJson, type Table, textOf } from '../text/json.ts';

const TIMEOUT_MS = 3_000;
const MAX_LENGTH = 256 * 1024;

/** Never rejects: a gateway that is stopped is something to say. @param gateway its URL, where it is known */
export async function readKeys(
  policy: Policy | undefined,
  gateway: string | undefined,
  fetchFor: typeof fetch = fetch,
): Promise<KeysData> {
  const path = policy?.settings.healthPath;
  if (path === undefined)
    return nothing(
      'The policy has no GATEWAY.health_path: with one, the gateway tells the age of its keys here.',
    );
  if (gateway === undefined) return nothing('Where the gateway is, --gateway URL says.');
  const url = new URL(path, gateway);
  try {
    const response = await fetchFor(url, {
      headers: { accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body = await response.text();
    const health = body.length > MAX_LENGTH ? undefined : parseJson(body);
    if (!response.ok || !isTable(health) || !isTable(health['issuers']))
      return nothing(
        `${url.href} answers ${response.status}, and not with its health: is this the gateway, with this policy?`,
      );
    const issuers = Object.entries(health['issuers']).flatMap(([name, one]) =>
      isTable(one) ? [issuerOf(name, one)] : [],
    );
    return { kind: 'keys', status: textOf(health['status']) ?? '', issuers };
  } catch (error) {
    const { cause, message } = error as Error;
    const code = (cause as { code?: string } | undefined)?.code ?? message;
    return nothing(`The gateway does not answer on ${url.origin} (${code}): is it running?`);
  }
}

const nothing = (why: string): KeysData => ({ kind: 'nothing', why });

function issuerOf(name: string, one: Table): IssuerKeysData {
  const { status, keys, age_s: age, last_failure: failure } = one;
  const cause = isTable(failure) ? [textOf(failure['cause']), textOf(failure['at'])].join(', ') : null;
  return {
    name: name.slice(0, 100),
    status: textOf(status)?.slice(0, 100) ?? '',
    keys: typeof keys === 'number' ? keys : 0,
    ageSeconds: typeof age === 'number' ? age : null,
    failure: cause?.slice(0, 200) ?? null,
  };
}
