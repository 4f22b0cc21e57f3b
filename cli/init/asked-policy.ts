/** What `claimgate init --issuer` needs to know of a policy that is there: for whom the new issuer's tokens are. */
import { valuesOf } from '../../src/policy/demands.ts';
import { compileConfig } from '../policy/file/config.ts';
import { CommandError } from '../text/terminal.ts';

export interface AskedPolicy {
  /** The first API. */
  readonly api: string;
  readonly audience: string;
  /** The scopes that its routes ask for. */
  readonly scopes: readonly string[];
  /** The names of the issuers that the API trusts. */
  readonly issuers: readonly string[];
}

/** `undefined` where the file has no policy that compiles: the issuer is written all the same. */
export function readAskedPolicy(path: string): AskedPolicy | undefined {
  try {
    const compiled = compileConfig(path, undefined);
    if (!compiled.ok) return undefined;
    const [api] = compiled.policy.apis;
    const [audience] = api?.routes.flatMap(({ audiences }) => audiences) ?? [];
    if (api === undefined || audience === undefined) return undefined;
    const demands = api.routes.flatMap((route) => route.demands);
    return {
      api: api.name,
      audience,
      scopes: [...new Set(valuesOf(demands, 'scope'))],
      issuers: api.issuers.map(({ name }) => name),
    };
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}
