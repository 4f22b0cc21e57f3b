import type { DenialCode, Failure } from '../failure.ts';
import { isScopeToken, MAX_SCOPE_LENGTH } from '../records.ts';
import { isRestricted } from './restricted.ts';
import type { CredentialsExchangeAction, CredentialsExchangeApi, CredentialsExchangeEvent } from './types.ts';

/** Time for all actions of a request together. */
const TIME_LIMIT_MS = 5_000;
/** A token has to fit into an Authorization header. */
const MAX_CLAIMS_BYTES = 4_096;

const DENIAL_CODES: readonly DenialCode[] = ['invalid_scope', 'invalid_request', 'server_error'];

/** What the token will hold, and what was not taken over, for the log. */
export interface ActionResult {
  readonly scopes: readonly string[];
  readonly customClaims: Readonly<Record<string, unknown>>;
  readonly ignoredClaims: readonly string[];
  readonly droppedScopes: readonly string[];
}

/** The part of the event that no action changes. */
export type EventBase = Omit<CredentialsExchangeEvent, 'accessToken' | 'transaction'> & {
  readonly transaction: Omit<CredentialsExchangeEvent['transaction'], 'target_scopes'>;
};

/** What hooks of the old kind may do besides: their scopes are not held to the client's grant. */
export const SET_SCOPES_BEYOND_GRANT = Symbol('setScopesBeyondGrant');
export interface LegacyApi extends CredentialsExchangeApi {
  [SET_SCOPES_BEYOND_GRANT](scopes: readonly string[]): void;
}

/**
 * Runs the actions in order; each sees what those before it did.
 *
 * @param scopes those that the token would have
 * @param granted those that it may have at most
 * @returns a failure if one denies, throws or takes too long: then no token may be issued
 */
export async function runActions(
  actions: readonly CredentialsExchangeAction[],
  base: EventBase,
  scopes: readonly string[],
  granted: readonly string[],
  timeLimitMs = TIME_LIMIT_MS,
): Promise<ActionResult | Failure> {
  const draft = createDraft(scopes, granted);
  const deadline = startDeadline(actions.length === 0 ? undefined : timeLimitMs);
  try {
    for (const action of actions) {
      const done = Promise.resolve(action(structuredClone(draft.event(base)), draft.api));
      if ((await Promise.race([done, deadline.passed])) === TIMED_OUT) {
        done.catch(() => {}); // nobody waits for it any more
        return { code: 'action_failed', cause: 'timeout' };
      }
      const denial = draft.denial();
      if (denial !== undefined) return { code: 'action_denied', ...denial };
    }
    return draft.finish();
  } catch (error) {
    // The message could quote a secret of the hook.
    return { code: 'action_failed', cause: error instanceof Error ? error.name : typeof error };
  } finally {
    deadline.end();
  }
}

function createDraft(initialScopes: readonly string[], granted: readonly string[]) {
  let scopes: readonly string[] = initialScopes;
  const ceiling = new Set(granted);
  const claims = new Map<string, unknown>();
  const ignored = new Set<string>();
  let denied: { error: DenialCode; reason: string | undefined } | undefined;

  const setScopes = (wanted: readonly string[]) => {
    scopes = [...new Set(wanted)];
  };
  const api: LegacyApi = {
    access: {
      deny(error, reason) {
        // Operators write JavaScript too.
        const known = DENIAL_CODES.some((code) => code === error);
        denied ??= {
          error: known ? error : 'server_error',
          reason: reason === undefined ? undefined : String(reason),
        };
      },
    },
    accessToken: {
      setCustomClaim(name, value) {
        if (isRestricted(name)) ignored.add(name);
        else if (value === undefined) claims.delete(name);
        else claims.set(name, value);
      },
    },
    transaction: {
      addTargetScope: (scope) => setScopes([...scopes, scope]),
      removeTargetScope: (scope) => setScopes(scopes.filter((other) => other !== scope)),
      setTargetScopes: setScopes,
      clearTargetScopes: () => setScopes([]),
    },
    [SET_SCOPES_BEYOND_GRANT](wanted) {
      setScopes(wanted);
      for (const scope of wanted) ceiling.add(scope);
    },
  };

  return {
    api,
    denial: () => denied,
    event: (base: EventBase): CredentialsExchangeEvent => ({
      ...base,
      accessToken: { customClaims: Object.fromEntries(claims), scope: scopes },
      transaction: { ...base.transaction, target_scopes: scopes },
    }),
    finish(): ActionResult | Failure {
      const customClaims = Object.fromEntries(claims);
      const bytes = new TextEncoder().encode(JSON.stringify(customClaims)).length;
      if (bytes > MAX_CLAIMS_BYTES) return { code: 'action_failed', cause: 'claims_too_large' };
      if (!scopes.every((scope) => typeof scope === 'string' && isScopeToken(scope)))
        return { code: 'action_failed', cause: 'scope_malformed' };
      if (scopes.join(' ').length > MAX_SCOPE_LENGTH)
        return { code: 'action_failed', cause: 'scopes_too_large' };
      return {
        scopes: scopes.filter((scope) => ceiling.has(scope)),
        customClaims,
        ignoredClaims: [...ignored],
        droppedScopes: scopes.filter((scope) => !ceiling.has(scope)),
      };
    },
  };
}

const TIMED_OUT = Symbol('timed out');

function startDeadline(limitMs: number | undefined) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const passed = new Promise<typeof TIMED_OUT>((resolve) => {
    if (limitMs !== undefined) timer = setTimeout(() => resolve(TIMED_OUT), limitMs);
  });
  return { passed, end: () => timer !== undefined && clearTimeout(timer) };
}
