import type { JWK } from 'jose';

/**
 * Public keys whose private halves were thrown away. An assertion of a client that has no key is verified with one of
 * them, so that the time of the answer does not tell whether there is such a client.
 */
export const DECOY_KEYS: Readonly<Record<'RSA' | 'EC' | 'OKP', JWK>> = {
  RSA: {
    kty: 'RSA',
    n: 'nvHm2zt6j6Kf3PJ5LkonHLV8t1VaG0Zfa5Uoh9SPGdAjUWLZWMMSH8tF1-G4O8bOw1Acaq_5qCa9oRdpPcjOBw_stF8dg25WP7G6wgWEaG0ktfwud3y4YuaqbNqQc2AOnAPB_fD1TnxjSSK2SlO_QCQrnk1263RhP17DL7QT_cutLGBQHFnkzTvnO56RngH_vZMp_aTqfbHSqgubwyDLdzbXyn4vR0n1ekBkQiJhunPwphNKZ3HV50QbD-z97mvOuB-NfGy6JwvzZAeRzrhvzYIhW6qM0UBT32BOm49UMe_NP9ywagVzHPxuKnLHZ4kUTt4l7E3_tU-8Nc_8FT14_w',
    e: 'AQAB',
  },
  EC: {
    kty: 'EC',
    x: 'HOfww4Pph8ShwUvaQQRue8tE8ZAjyl3NUa00HFtluNg',
    y: 'C3eJeN87exIrhRvz82Ak4kuJrKaDVDFRDwiSO2pBBP0',
    crv: 'P-256',
  },
  OKP: { crv: 'Ed25519', x: 'dnZa1A5JiiRbUA2u8VtA2E_GcZ1lg2q8Z6kflMCNRbU', kty: 'OKP' },
};
