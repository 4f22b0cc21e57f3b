/**
 * Claims that an action can't set: the issuer sets them, standards give them a meaning that must be checked, or
 * verifiers read scopes or clients from them.
 */
export const RESTRICTED = new Set(
  `acr act active amr appid at_hash ath attest aud auth_time authorization_details azp c_hash cid client_id cnf cty dest
  entitlements events exp groups gty htm htu iat internalService iss jcard jku jti jwe jwk kid may_act mky nbf nonce
  object_id org_id org_name orig origid permissions roles rph s_hash scope scp sid sub sub_jwk toe txn typ uuid vot vtm
  x5t#S256`.split(/\s+/),
);

export function isRestricted(name: string): boolean {
  return RESTRICTED.has(name) || name.startsWith('sip_');
}
