/** The step behind all checks of a token that need no key. */
import { decodeToken } from '../../../src/token/decode.ts';
import type { SignatureReason } from '../../../src/token/signature.ts';
import type { Refused, Verified } from '../../../src/token/verify.ts';
import { shown } from '../../text/words.ts';
import { isAboutStatus } from './status-step.ts';
import { makeStep, type Step } from './step.ts';
import type { Signature } from './token-steps.ts';

/** @param verified what the verification said of a token that passed every other check */
export function signatureStep(token: string, signature: Signature, verified: Verified | Refused): Step {
  const decoded = decodeToken(token);
  const { alg, kid } = 'header' in decoded ? decoded.header : {};
  const saw = `alg ${alg}, kid ${shown(kid)}`;
  if (signature === 'unsigned')
    return makeStep('signature', 'none', 'not verified: these are claims that nobody has signed', {
      verdict: 'skipped',
    });
  if (signature === 'offline')
    return makeStep('signature', saw, 'not verified: no key is fetched with --offline', {
      verdict: 'skipped',
    });
  if (verified.kind === 'verified' || isAboutStatus(verified.reason))
    return makeStep('signature', saw, `verified with a key of ${verified.principal?.issuer.name}`);
  const { reason } = verified;
  const detail = reason.code === 'keys_unavailable' ? `: ${reason.cause.replaceAll('_', ' ')}` : '';
  return makeStep(
    'signature',
    saw,
    `${SIGNATURE_WORDS[reason.code as keyof typeof SIGNATURE_WORDS]}${detail}`,
    { reason },
  );
}

const SIGNATURE_WORDS: Readonly<Record<SignatureReason['code'], string>> = {
  keys_unavailable: "the issuer's keys can't be had",
  key_unknown: 'the issuer publishes no such key',
  key_ambiguous: 'the token does not say which key it is signed with, and more than 4 could be meant',
  key_blocked: 'the key is blocked',
  algorithm_not_allowed: 'the key is for another algorithm',
  signature_invalid: 'the signature is not that of the key, nor of any that could be meant',
};
