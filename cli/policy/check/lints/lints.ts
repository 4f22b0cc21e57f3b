/** All lints. Each looks for one thing, and is described in docs/check.md. */
import { previewUrls, workersDev } from './addresses.ts';
import { anyAudience, issuerAsAudience } from './any-audience.ts';
import { foreignAssertionIssuer, idleAssertion, twiceSentClaims } from './assertion.ts';
import { localPages, nullOrigin, sharedSuffix, unansweredPreflight } from './cors.ts';
import { foreignSpelling } from './foreign-spelling.ts';
import { formMethod } from './form-method.ts';
import { hiddenMethod, noRoot } from './hidden-method.ts';
import { idleAlternative } from './idle-alternative.ts';
import { noKeyRefresh, noKeyStore, unusedIssuer } from './keys.ts';
import { largeVariable } from './large-variable.ts';
import { loopback } from './loopback.ts';
import { metadata } from './metadata.ts';
import { neverMatches } from './never-matches.ts';
import {
  issuerKeys,
  openOrigin,
  originUnreachable,
  unknownClaim,
  unsoundKey,
  unusedAlgorithm,
} from './online.ts';
import { onlyNot } from './only-not.ts';
import { openWrite } from './open-write.ts';
import { assetsFirst, httpOrigin, openCredential, workersDevOrigin, zoneGap } from './origins.ts';
import { readScope } from './read-scope.ts';
import { reportOnly } from './report-only.ts';
import { longRevocation, strictRead } from './revocation.ts';
import { scopeTypo } from './scope-typo.ts';
import { lostCopy, unjudgedMethod } from './second-targets.ts';
import { uncountedSignals } from './signals.ts';
import { ownListHost } from './status-list.ts';
import type { Lint } from './subject.ts';
import { tokenPlace } from './token-place.ts';
import { trial } from './trial.ts';
import { undeclaredScope, unknownAudience } from './undeclared.ts';
import { unlistedSecret } from './unlisted-secret.ts';
import { unrouted } from './unrouted.ts';
import { weakNeighbour } from './weak-neighbour.ts';
import { weakQuery } from './weak-query.ts';
import { weakerWrite } from './weaker-write.ts';

export const LINTS: readonly Lint[] = [
  weakNeighbour,
  weakQuery,
  weakerWrite,
  openWrite,
  hiddenMethod,
  unansweredPreflight,
  noRoot,
  neverMatches,
  idleAlternative,
  onlyNot,
  foreignSpelling,
  unrouted,
  formMethod,
  unjudgedMethod,
  lostCopy,
  tokenPlace,
  metadata,
  scopeTypo,
  readScope,
  trial,
  reportOnly,
  longRevocation,
  strictRead,
  unknownAudience,
  undeclaredScope,
  unknownClaim,
  nullOrigin,
  localPages,
  sharedSuffix,
  httpOrigin,
  openCredential,
  idleAssertion,
  foreignAssertionIssuer,
  twiceSentClaims,
  workersDevOrigin,
  zoneGap,
  assetsFirst,
  workersDev,
  previewUrls,
  anyAudience,
  issuerAsAudience,
  ownListHost,
  noKeyStore,
  noKeyRefresh,
  unusedIssuer,
  uncountedSignals,
  largeVariable,
  unlistedSecret,
  loopback,
  issuerKeys,
  unsoundKey,
  unusedAlgorithm,
  originUnreachable,
  openOrigin,
];
