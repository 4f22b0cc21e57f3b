/** `rate_limit`: a binding of the platform, and whose requests it counts together. */
import { parseSelector } from '../claims.ts';
import type { RouteLimit } from '../policy.ts';
import { type Bindings, checkBinding } from './bindings.ts';
import type { Place } from './fault.ts';
import type { Faults } from './faults.ts';
import { type LimitConfig, limitSchema } from './schema.ts';
import { compileSelector } from './selectors.ts';

type Written = string | LimitConfig;

export function checkLimit(config: Written | undefined, bindings: Bindings, at: Faults): void {
  if (typeof config === 'object') {
    checkBinding('rateLimits', config.binding, bindings, at.at('binding'));
    if (typeof config.by === 'object') compileSelector(config.by.claim, at.at('by', 'claim'));
  } else checkBinding('rateLimits', config, bindings, at);
}

/** @param scope the name of what counts for itself */
export function compileLimit(config: Written, scope: string): RouteLimit {
  const { binding, by } = typeof config === 'object' ? config : { binding: config, by: undefined };
  return { binding, scope, by: typeof by === 'object' ? parseSelector(by.claim) : by };
}

/** @param path below `rate_limit` */
export const limitFieldsAt = (path: Place): readonly string[] =>
  path[0] === 'by' ? ['claim'] : Object.keys(limitSchema.shape);
