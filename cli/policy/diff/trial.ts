/** Asks a policy about one request: the gateway's own code decides, and takes every signature for good. */
import { decide } from '../../../src/decide.ts';
import type { ReasonCode } from '../../../src/decision.ts';
import { PROBLEMS } from '../../../src/http/problem.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { bearer } from '../../../src/token/bearer.ts';
import { encodeUnsigned, type TokenSketch } from '../what-if/token.ts';
import { withoutSignature } from '../what-if/without-signature.ts';

export interface TriedRequest {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** `undefined`: none; `bad`: one that no issuer made. */
  readonly token: TokenSketch | 'bad' | undefined;
}

export type Answer =
  | { readonly letIn: true; readonly identified: boolean }
  | { readonly letIn: false; readonly code: ReasonCode; readonly status: number };

/** How long a token is good that says nothing about it. */
const LIFETIME_SECONDS = 300;

export async function tryRequest(
  policy: Policy,
  { method, host, path, token }: TriedRequest,
  nowSeconds: number,
): Promise<Answer> {
  const text =
    typeof token !== 'object'
      ? token
      : encodeUnsigned({ ...token, claims: { exp: nowSeconds + LIFETIME_SECONDS, ...token.claims } });
  const credentials = () => bearer(text === undefined ? null : `Bearer ${text}`);
  const headers = new Headers();
  const verify = withoutSignature(policy, () => nowSeconds * 1000);
  const asked = { url: `https://${host}${path}`, method, headers, credentials };
  const decision = await decide(asked, policy, verify);
  if (decision.kind === 'allow') return { letIn: true, identified: decision.principal !== undefined };
  const { code } = decision.reason;
  return { letIn: false, code, status: PROBLEMS[code].status };
}
