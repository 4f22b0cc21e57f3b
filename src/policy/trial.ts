import type { Route } from './policy.ts';

/**
 * Whether nothing is refused that falls under this route, and requests go on as they came: its API is on trial, and the
 * route is not one that is enforced already. A route with `report_only` of its own keeps its limits, and its path.
 */
export const isOnTrial = ({ reportOnly, api }: Route): boolean => reportOnly && api.trial !== undefined;
