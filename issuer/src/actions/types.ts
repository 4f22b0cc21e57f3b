import type { DenialCode } from '../failure.ts';

/** What an action is told. All of it is a copy: changing it changes nothing. */
export interface CredentialsExchangeEvent {
  readonly accessToken: {
    /** Claims that earlier actions set. */
    readonly customClaims: Readonly<Record<string, unknown>>;
    /** The scopes of the token, as earlier actions left them. */
    readonly scope: readonly string[];
  };
  readonly client: {
    readonly client_id: string;
    readonly name: string;
    readonly metadata: Readonly<Record<string, string>>;
  };
  readonly request: {
    /** The parameters of the request, without credentials. */
    readonly body: Readonly<Record<string, string>>;
    /** Where the platform places the address: a guess, and absent for unknown ones. */
    readonly geoip: {
      readonly continentCode?: string;
      /** ISO 3166-1 alpha-2; "T1" for Tor. */
      readonly countryCode?: string;
      readonly cityName?: string;
      readonly timeZone?: string;
      readonly latitude?: number;
      readonly longitude?: number;
    };
    readonly hostname: string;
    readonly ip: string;
    readonly method: string;
    readonly user_agent?: string;
    readonly language?: string;
  };
  readonly resource_server: { readonly identifier: string };
  /** Worker secrets whose names begin with `HOOK_`, without that: `HOOK_API_TOKEN` is `secrets.API_TOKEN`. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The variable `TENANT`, else the issuer's host. */
  readonly tenant: { readonly id: string };
  readonly transaction: {
    /** The scopes that the request asked for; empty if it named none. */
    readonly requested_scopes: readonly string[];
    /** The same as `accessToken.scope`. */
    readonly target_scopes: readonly string[];
    /** The request's id in the log. */
    readonly correlation_id: string;
  };
}

/** What an action can do. */
export interface CredentialsExchangeApi {
  readonly access: {
    /** No token is issued; further actions don't run. The reason is told to the client. */
    deny(code: DenialCode, reason?: string): void;
  };
  readonly accessToken: {
    /** Sets a claim. Names that the issuer or standards give a meaning to are ignored, and logged. `undefined` removes. */
    setCustomClaim(name: string, value: unknown): void;
  };
  /** Scopes of the token. What the client's grant does not have is dropped in the end, and logged. */
  readonly transaction: {
    addTargetScope(scope: string): void;
    removeTargetScope(scope: string): void;
    setTargetScopes(scopes: readonly string[]): void;
    clearTargetScopes(): void;
  };
}

/**
 * Runs after client and grant have been checked and before the token is signed. No token is issued if it throws, or
 * takes longer than five seconds.
 */
export type CredentialsExchangeAction = (
  event: CredentialsExchangeEvent,
  api: CredentialsExchangeApi,
) => Promise<void> | void;
