/** The log's events about reading revocations: each change once. */
export type RevocationEvent =
  | {
      readonly event: 'revocations_read_failed';
      readonly from: 'kv' | 'object';
      readonly message: string;
    }
  | { readonly event: 'revocations_recovered'; readonly from: 'kv' | 'object' };
