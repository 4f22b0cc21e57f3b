import type { Lint } from './lint.ts';

export const reportOnly: Lint = {
  name: 'report-only',
  severity: 'warning',
  finds: 'a route with `report_only = true`',
  why: 'whoever its rules would refuse is let through, without a token too',
  remedy: 'remove it when the log shows no `would_deny`',
  find: ({ policy }) => policy.warnings.filter(({ place }) => place.at(-1) === 'report_only'),
};
