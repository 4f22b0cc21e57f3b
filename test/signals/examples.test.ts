/**
 * The examples of the standards, with their claims as they are printed; the tests sign them with keys of their own, since
 * the standards publish none. Seen in: RFC 8935 §2.1 (its signed SET), and in the repository openid/sharedsignals, commit
 * e47d2a0: openid-caep-1_0.md §3, openid-risc-1_0.xml §2, openid-sharedsignals-framework-1_0.md §8.1.
 */
import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import { sign } from '../support/issuer.ts';
import { makeWorld, PATH, transmitterKey } from './world.ts';

type Fields = Record<string, unknown>;
const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/';
const RISC = 'https://schemas.openid.net/secevent/risc/event-type/';
const SSF = 'https://schemas.openid.net/secevent/ssf/event-type/';
const DAY_SECONDS = 86_400;

const RFC_8935 = [
  'eyJ0eXAiOiJzZWNldmVudCtqd3QiLCJhbGciOiJIUzI1NiJ9Cg',
  'eyJpc3MiOiJodHRwczovL2lkcC5leGFtcGxlLmNvbS8iLCJqdGkiOiI3NTZFNjk3MTc1NjUyMDY5NjQ2NTZFNzQ2OTY2Njk2NTcyIiwiaWF0IjoxNTA4MTg0ODQ1LCJhdWQiOiI2MzZDNjk2NTZFNzQ1RjY5NjQiLCJldmVudHMiOnsiaHR0cHM6Ly9zY2hlbWFzLm9wZW5pZC5uZXQvc2VjZXZlbnQvcmlzYy9ldmVudC10eXBlL2FjY291bnQtZGlzYWJsZWQiOnsic3ViamVjdCI6eyJzdWJqZWN0X3R5cGUiOiJpc3Mtc3ViIiwiaXNzIjoiaHR0cHM6Ly9pZHAuZXhhbXBsZS5jb20vIiwic3ViIjoiNzM3NTYyNkE2NTYzNzQifSwicmVhc29uIjoiaGlqYWNraW5nIn19fQ',
  'Y4rXxMD406P2edv00cr9Wf3_XwNtLjB9n-jTqN1_lLc',
].join('.');

const base = (iss: string, aud: string, rest: Fields): Fields => ({
  iss,
  jti: '1',
  iat: 1615305159,
  aud,
  txn: '8675309',
  ...rest,
});
const SP = 'https://sp.example.com/caep';
const SP_2 = 'https://sp.example2.net/caep';
const session = { format: 'opaque', id: 'dMTlD|1600802906337.16|16008.16' };
const tenant = { format: 'opaque', id: '123456789' };
const IDP = 'https://idp.example.com/123456789/';
const stream = { format: 'opaque', id: 'f67e39a0a4d34d56b3aa1bc4cff0069f' };

const EXAMPLES: readonly (readonly [
  name: string,
  claims: Fields,
  subjects: Fields,
  wanted: readonly string[],
])[] = [
  [
    'CAEP: session revoked, simple subject',
    base(IDP, SP, {
      sub_id: session,
      events: { [`${CAEP}session-revoked`]: { event_timestamp: 1615304991 } },
    }),
    { opaque: 'sid' },
    ['session dMTlD|1600802906337.16|16008.16 before 1615304992'],
  ],
  [
    'CAEP: session revoked, session, user and tenant',
    base(IDP, SP, {
      sub_id: {
        format: 'complex',
        session,
        user: { format: 'iss_sub', iss: IDP, sub: '99beb27c-c1c2-4955-882a-e0dc4996fcbc' },
        tenant,
      },
      events: {
        [`${CAEP}session-revoked`]: {
          initiating_entity: 'policy',
          reason_admin: { en: 'Landspeed Policy Violation: C076E82F' },
          reason_user: { en: 'Access attempt from multiple regions.' },
          event_timestamp: 1615304991,
        },
      },
    }),
    {},
    ['subject 99beb27c-c1c2-4955-882a-e0dc4996fcbc before 1615304992'],
  ],
  [
    'CAEP: session revoked, user, device and tenant',
    base(IDP, SP, {
      sub_id: {
        format: 'complex',
        user: { format: 'iss_sub', iss: IDP, sub: 'jane.smith@example.com' },
        device: { format: 'iss_sub', iss: IDP, sub: 'e9297990-14d2-42ec-a4a9-4036db86509a' },
        tenant,
      },
      events: { [`${CAEP}session-revoked`]: { initiating_entity: 'policy', event_timestamp: 1615304991 } },
    }),
    {},
    ['subject jane.smith@example.com before 1615304992'],
  ],
  [
    'CAEP: token claims change, of a JWT',
    base('https://idp.example.com/987654321/', SP_2, {
      sub_id: {
        format: 'jwt_id',
        iss: 'https://idp.example.com/987654321/',
        jti: 'f61t6e20zdo3px56gepu8rzlsp4c1dpc0fx7',
      },
      events: {
        [`${CAEP}token-claims-change`]: { event_timestamp: 1615304991, claims: { role: 'ro-admin' } },
      },
    }),
    {},
    ['token f61t6e20zdo3px56gepu8rzlsp4c1dpc0fx7 before 1615304992'],
  ],
  [
    'CAEP: token claims change, of a SAML assertion',
    base('https://idp.example.com/987654321/', SP_2, {
      sub_id: {
        format: 'saml_assertion_id',
        issuer: 'https://idp.example.com/987654321/',
        assertion_id: '_a75adf55-01d7-dbd8372ebdfc',
      },
      events: { [`${CAEP}token-claims-change`]: { event_timestamp: 1615304991, claims: {} } },
    }),
    {},
    ['signal_unmapped: format'],
  ],
  [
    'CAEP: credential change, a new authenticator',
    base('https://idp.example.com/3456789/', SP_2, {
      sub_id: { format: 'iss_sub', iss: 'https://idp.example.com/3456789/', sub: 'jane.smith@example.com' },
      events: {
        [`${CAEP}credential-change`]: {
          credential_type: 'fido2-roaming',
          change_type: 'create',
          fido2_aaguid: 'accced6a-63f5-490a-9eea-e59bc1896cfc',
          friendly_name: "Jane's USB authenticator",
          initiating_entity: 'user',
          event_timestamp: 1615304991,
        },
      },
    }),
    {},
    ['signal_received: 0'],
  ],
  [
    'RISC: account credential change required',
    {
      iss: 'https://idp.example.com/',
      jti: '756E69717565206964656E746966696572',
      iat: 1508184845,
      aud: '636C69656E745F6964',
      sub_id: { format: 'iss_sub', iss: 'https://idp.example.com/', sub: '7375626A656374' },
      events: { [`${RISC}account-credential-change-required`]: {} },
    },
    {},
    ['subject 7375626A656374 before 1508184846'],
  ],
  [
    'RISC: identifier recycled',
    {
      iss: 'https://idp.example.com/',
      jti: '756E69717565206964656E746966696572',
      iat: 1508184845,
      aud: '636C69656E745F6964',
      sub_id: { format: 'email', email: 'foo@example.com' },
      events: { [`${RISC}identifier-recycled`]: {} },
    },
    {},
    ['signal_received: 0'],
  ],
  ['RFC 8935: account disabled', decodeJwt(RFC_8935), {}, ['subject 7375626A656374 before 1508184846']],
  [
    'SSF: verification',
    {
      jti: '123456',
      iss: 'https://transmitter.example.com',
      aud: 'receiver.example.com',
      iat: 1493856000,
      sub_id: stream,
      events: { [`${SSF}verification`]: { state: 'VGhpcyBpcyBhbiBleGFtcGxlIHN0YXRlIHZhbHVlLgo=' } },
    },
    {},
    ['signal_received: 0'],
  ],
  [
    'SSF: stream updated',
    {
      jti: '123456',
      iss: 'https://transmitter.example.com',
      aud: 'receiver.example.com',
      iat: 1493856000,
      sub_id: stream,
      events: { [`${SSF}stream-updated`]: { status: 'paused', reason: 'Internal error' } },
    },
    {},
    ['signal_received: 0'],
  ],
];

/** A receiver of these events, shortly after they were issued. */
function receiverOf(claims: Fields, subjects: Fields) {
  const world = makeWorld({
    signal: { issuer: claims['iss'], audience: claims['aud'], subjects },
    issuer: { issuer: claims['iss'], max_token_age: DAY_SECONDS },
  });
  world.state.nowMs = ((claims['iat'] as number) + 10) * 1000;
  return world;
}

describe('the examples', () => {
  it.each(EXAMPLES)('%s', async (_name, claims, subjects, wanted) => {
    const { send, memory, lines } = receiverOf(claims, subjects);
    const set = await sign(transmitterKey, claims, { typ: 'secevent+jwt' });
    expect((await send(set)).status).toBe(202);
    const entries = memory
      .entries()
      .map(({ kind, id, beforeSeconds }) => `${kind} ${id} before ${beforeSeconds}`);
    const told = lines().map(({ event, why, entries: count }) => `${event}: ${why ?? count}`);
    expect(entries.length > 0 ? entries : told).toEqual(wanted);
  });

  it('the signed one of RFC 8935 is not taken: a shared secret proves nothing here', async () => {
    const { send, memory } = receiverOf(decodeJwt(RFC_8935), {});
    const response = await send(
      RFC_8935,
      { accept: 'application/json', 'accept-language': 'en-US, en;q=0.5' },
      `POST ${PATH}`,
    );
    expect([response.status, await response.json()]).toEqual([
      400,
      { err: 'invalid_key', description: 'The signature algorithm is not accepted.' },
    ]);
    expect(memory.state.calls).toBe(0);
  });
});
