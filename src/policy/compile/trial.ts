/** Trials of whole APIs: `report_only` and `report_only_until`, of an API or for all of them. */
import type { Api, Fallback, Route, Trial } from '../policy.ts';
import type { Faults } from './faults.ts';
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
  return { until: config.report_only_until ?? defaults.report_only_until, anything: anythingOf(api) };
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
function anythingOf(api: Api): Route {
  return {
    key: '* /*',
    api,
    auth: 'none',
    issuers: new Map(),
    audiences: [],
    demands: [],
    forwardAuthorization: true,
    rateLimit: undefined,
    report: undefined,
    reportOnly: true,
    ruleKey: JSON.stringify([api.name, 'trial']),
  };
}

/**
 * Who takes what no route of a host takes: the API on trial. Where there are several, nobody knows whose it is, unless
 * they have one origin.
 */
export function fallbackOf(apis: readonly Api[]): Fallback | undefined {
  const onTrial = apis
    .flatMap(({ trial }) => trial?.anything ?? [])
    .sort((a, b) => (a.api.name < b.api.name ? -1 : 1));
  const origins = new Set(onTrial.map(({ api: { origin, prefix } }) => JSON.stringify([origin, prefix])));
  const [route] = onTrial;
  if (route === undefined || origins.size > 1) return undefined;
  const isOpen = ({ trial, routes }: Api) => trial !== undefined && routes.every((one) => one.reportOnly);
  return { route, takesUnread: apis.every(isOpen) };
}
