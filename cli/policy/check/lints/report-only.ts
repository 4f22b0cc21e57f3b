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
      const passesOn = route.forwardAuthorization
        ? ', and refused tokens reach the origin in Authorization'
        : '';
      yield fault(
        [...place, 'report_only'],
        `the route is open to anonymous requests${passesOn}`,
        'remove it when the log shows no would_deny',
      );
    }
  },
};
