import { fault } from '../../../../src/policy/compile/fault.ts';
import type { Lint } from './subject.ts';

export const reportOnly: Lint = {
  name: 'report-only',
  finds: 'a route with `report_only = true`',
  why: 'whoever its rules would refuse is let through, without a token too',
  remedy: 'remove it when the log shows no `would_deny`',
  *find({ routes }) {
    for (const { route, place } of routes) {
      if (!route.reportOnly) continue;
      const dropped = route.forwardAuthorization
        ? ''
        : ', and an origin that checks tokens by itself gets none';
      yield fault(
        [...place, 'report_only'],
        `the route is open to anonymous requests${dropped}`,
        route.forwardAuthorization
          ? 'remove it when the log shows no would_deny'
          : 'remove forward_authorization = false during the trial',
      );
    }
  },
};
