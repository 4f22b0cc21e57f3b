import type { IssuerReasons } from './explained.ts';
import { CLIENT } from './issuer/client.ts';
import { GRANT } from './issuer/grant.ts';
import { REQUEST } from './issuer/request.ts';

/** Every failure of the issuer, in the order in which requests meet them. */
export const ISSUER_REASONS: IssuerReasons = { ...REQUEST, ...CLIENT, ...GRANT };
