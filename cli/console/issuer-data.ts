/** What the issuer's pages get. No secret, no hash of one, no private key. */
import type { Api, SigningAlgorithm } from '../../issuer/src/records.ts';

export interface IssuerData {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly remote: boolean;
  readonly environment: string | null;
  /** The flags by which commands are told where it is. */
  readonly flags: readonly string[];
  readonly nowSeconds: number;
  readonly apis: readonly Api[];
  readonly clients: readonly ClientData[];
  readonly keys: readonly KeyData[];
  /** What could not be read, and what to do. */
  readonly problems: readonly string[];
}

export interface ClientData {
  readonly client_id: string;
  readonly name: string;
  readonly disabled: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly default_audience: string | null;
  readonly credentials: readonly CredentialData[];
  readonly grants: readonly { readonly audience: string; readonly scope: '*' | readonly string[] }[];
}

export interface CredentialData {
  readonly kind: 'secret' | 'key';
  readonly id: string;
  /** A secret's last digits, a key's kid. */
  readonly mark: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly live: boolean;
}

export interface KeyData {
  readonly algorithm: SigningAlgorithm;
  readonly status: 'next' | 'current' | 'previous';
  readonly kid: string;
  readonly since: number;
  /** When the next key may sign, and when nothing depends on a previous one any more. */
  readonly ready_at: number | null;
}

/** What a change answers. A new secret is in this answer, and in no other. */
export interface IssuerChange {
  /** The command that does the same. */
  readonly command: string;
  readonly said: readonly string[];
  readonly credentials: { readonly client_id: string; readonly client_secret: string } | null;
  /** What stops at once what the issuer can't stop. */
  readonly gateway: { readonly what: string; readonly lines: readonly string[] } | null;
  readonly next: readonly string[];
  readonly notes: readonly string[];
}
