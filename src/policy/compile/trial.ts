/** Trials of whole APIs: `report_only` and `report_only_until`, of an API or for all of them. */
import { hostKey, isMeant } from '../hosts.ts';
import type { Api, Route, Trial } from '../policy.ts';
import { hasSameServer } from '../server.ts';
import type { Faults } from './faults.ts';
import { openRoute } from './open-route.ts';
import type { ApiConfig, SettingsConfig } from './schema.ts';

export type TrialConfig = Pick<SettingsConfig & ApiConfig, 'report_only' | 'report_only_until'>;

export const isTried = (config: TrialConfig, defaults: TrialConfig): boolean =>
  config.report_only ?? defaults.report_only ?? false;

/**
 * @param defaults what `GATEWAY` says for all APIs
 * @param at the API's table
 */
export function compileTrial(
  config: TrialConfig,
  defaults: TrialConfig,
  api: Api,
  at: Faults,
): Trial | undefined {
  const isOnTrial = isTried(config, defaults);
  checkTrialDate(config.report_only_until, isOnTrial ? [{ trial: true }] : [], at.at('report_only_until'));
  if (!isOnTrial) return undefined;
  const until = config.report_only_until ?? defaults.report_only_until;
  return { until, anything: anythingOf(api), isAlone: false };
}

/** @param apis those that the date is for */
export function checkTrialDate(
  until: string | undefined,
  apis: readonly { readonly trial?: unknown }[],
  at: Faults,
): void {
  if (until === undefined) return;
  const date = new Date(`${until}T00:00:00Z`);
  if (Number.isNaN(date.getTime()) || !date.toISOString().startsWith(until))
    at.add(`there is no day ${until}`, 'write a day such as "2027-01-31"');
  if (apis.every(({ trial }) => trial === undefined))
    at.add('nothing is on trial', 'remove it, or add report_only = true');
}

/** The route for whatever has none. As a key it would be the weakest there is. */
const anythingOf = (api: Api): Route => ({
  ...openRoute(api, '* /*', 'trial'),
  forwardAuthorization: !api.originHeaders.some(({ header }) => header === 'authorization'),
  reportOnly: true,
});

/**
 * Who takes what no route of a host takes: the API on trial. Where there are several, nobody knows whose it is, unless
 * they are asked in the same way.
 */
export function fallbackOf(apis: readonly Api[]): Route | undefined {
  const onTrial = apis
    .flatMap(({ trial }) => trial?.anything ?? [])
    .sort((a, b) => (a.api.name < b.api.name ? -1 : 1));
  const manners = new Set(
    onTrial.map(({ api: { origin, prefix, originHeaders, mtls } }) =>
      JSON.stringify([origin, prefix, originHeaders, mtls]),
    ),
  );
  return manners.size === 1 ? onTrial[0] : undefined;
}

/** Finds out which APIs on trial share neither a host nor a server with something that is enforced. */
export function markAlone(apis: readonly Api[]): void {
  const isOpen = ({ trial, routes }: Api) => trial !== undefined && routes.every((one) => one.reportOnly);
  const guarded = apis.filter((api) => !isOpen(api));
  for (const { trial, ...api } of apis)
    if (trial !== undefined)
      (trial as { isAlone: boolean }).isAlone = !guarded.some((other) => isBeside(api, other));
}

/** Whether a request for the one could reach what the other protects. */
export const isBeside = (one: Pick<Api, 'hosts' | 'origin'>, other: Pick<Api, 'hosts' | 'origin'>): boolean =>
  (one.hosts.length === 0 && other.hosts.length === 0) ||
  one.hosts.some((host) =>
    other.hosts.some((its) => isMeant(its, host) || isMeant(host, its) || hostKey(its) === hostKey(host)),
  ) ||
  hasSameServer(one, other);
