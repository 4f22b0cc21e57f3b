/** The tables of docs/signals.md: what each event ends, and what its subject is to tokens. */
import { describe, expect, it } from 'vitest';
import { NOW_SECONDS } from '../support/issuer.ts';
import { ISSUER } from '../support/policy.ts';
import {
  CLAIMS_CHANGE,
  CREDENTIAL_CHANGE,
  MAX_AGE_SECONDS,
  makeWorld,
  risc,
  SESSION_REVOKED,
  TOLERANCE_SECONDS,
  USER,
} from './world.ts';

type Fields = Record<string, unknown>;
const IAT = NOW_SECONDS - 5;
const AT = NOW_SECONDS - 10;
const caep = (name: string) => `https://schemas.openid.net/secevent/caep/event-type/${name}`;

/** What an event enters, as `kind id before`, before in seconds from now; or why it does not. */
async function entered(claims: Fields, subjects?: Fields, more: Fields = {}): Promise<readonly string[]> {
  const { push, memory, lines } = makeWorld({
    signal: { ...(subjects && { subjects }), ...more },
  });
  expect((await push(claims)).status).toBe(202);
  const unmapped = lines().flatMap(({ event, why }) =>
    event === 'signal_unmapped' ? [`unmapped: ${why}`] : [],
  );
  const entries = memory.entries().map(({ kind, issuer, id, beforeSeconds }) => {
    expect(issuer).toBe(ISSUER);
    return `${kind} ${id} ${beforeSeconds - NOW_SECONDS}`;
  });
  return [...entries, ...unmapped];
}

describe('events', () => {
  it.each<[uri: string, payload: Fields, wanted: readonly string[]]>([
    [SESSION_REVOKED, {}, ['subject jane -9']],
    [CLAIMS_CHANGE, { claims: { role: 'ro-admin' } }, ['subject jane -9']],
    [CREDENTIAL_CHANGE, { credential_type: 'password', change_type: 'update' }, ['subject jane -9']],
    [CREDENTIAL_CHANGE, { credential_type: 'password', change_type: 'revoke' }, ['subject jane -9']],
    [CREDENTIAL_CHANGE, { credential_type: 'password', change_type: 'delete' }, ['subject jane -9']],
    // In doubt it is a change.
    [CREDENTIAL_CHANGE, {}, ['subject jane -9']],
    [CREDENTIAL_CHANGE, { credential_type: 'fido2-roaming', change_type: 'create' }, []],
    // Nobody knows who got tokens up to then.
    [risc('account-disabled'), { reason: 'hijacking' }, ['subject jane -4']],
    [risc('account-purged'), {}, ['subject jane -4']],
    [risc('account-credential-change-required'), {}, ['subject jane -4']],
    [risc('credential-compromise'), { credential_type: 'password' }, ['subject jane -4']],
    [risc('sessions-revoked'), {}, ['subject jane -4']],
    ['https://schemas.openid.net/secevent/oauth/event-type/tokens-revoked', {}, ['subject jane -4']],
    [risc('account-enabled'), {}, []],
    [risc('identifier-changed'), { 'new-value': 'x' }, []],
    [risc('opt-out-effective'), {}, []],
    [caep('device-compliance-change'), { current_status: 'not-compliant' }, []],
    [caep('assurance-level-change'), {}, []],
    [caep('session-established'), {}, []],
    ['https://example.com/own-event', {}, ['unmapped: event']],
    ['http://schemas.openid.net/event/backchannel-logout', {}, ['unmapped: event']],
    ['__proto__', {}, ['unmapped: event']],
    ['constructor', {}, ['unmapped: event']],
  ])('%s %o', async (uri, payload, wanted) => {
    const events = JSON.parse(
      `{${JSON.stringify(uri)}:${JSON.stringify({ event_timestamp: AT, ...payload })}}`,
    );
    expect(await entered({ events })).toEqual(wanted);
  });

  it('of several, each counts, and one entry is made of two that are the same', async () => {
    const events = { [SESSION_REVOKED]: {}, [CREDENTIAL_CHANGE]: {}, 'urn:x': {} };
    expect(await entered({ events })).toEqual(['subject jane -4', 'unmapped: event']);
  });

  it('of two that are the same, the later instant counts', async () => {
    const one = { [SESSION_REVOKED]: { event_timestamp: NOW_SECONDS - 1 } };
    const two = { [CREDENTIAL_CHANGE]: { event_timestamp: NOW_SECONDS - 100 } };
    expect(await entered({ events: { ...one, ...two } })).toEqual(['subject jane 0']);
    expect(await entered({ events: { ...two, ...one } })).toEqual(['subject jane 0']);
  });
});

describe('when it happened', () => {
  it.each<[why: string, claims: Fields, timestamp: unknown, before: number]>([
    ['is what it says', {}, NOW_SECONDS - 100, -99],
    ['is rounded up', {}, NOW_SECONDS - 100.5, -99],
    ['may be in milliseconds, as in drafts', {}, (NOW_SECONDS - 100) * 1000, -99],
    ['is never later than now', {}, NOW_SECONDS + 10_000, 1],
    ['is never later than now, in milliseconds', {}, (NOW_SECONDS + 10_000) * 1000, 1],
    ['is when it was issued, where it does not say', {}, undefined, -4],
    ['is when it was issued, where that is text', {}, '1615304991', -4],
    ['is when it was issued, where that is negative', {}, -1, -4],
    ['is toe, where the event does not say', { toe: NOW_SECONDS - 50 }, undefined, -49],
  ])('%s', async (_why, claims, timestamp, before) => {
    const payload = timestamp === undefined ? {} : { event_timestamp: timestamp };
    expect(await entered({ ...claims, events: { [SESSION_REVOKED]: payload } })).toEqual([
      `subject jane ${before}`,
    ]);
  });

  it('ends when the last token is over that it could match', async () => {
    const { push, memory } = makeWorld();
    await push();
    expect(memory.entries()[0]?.untilSeconds).toBe(IAT + MAX_AGE_SECONDS + 2 * TOLERANCE_SECONDS + 1);
  });
});

describe('simple subjects', () => {
  const email = { format: 'email', email: 'user@example.com' };
  /** RFC 9493 §3.2, and Shared Signals Framework §3.4, with the subjects of their examples. */
  it.each<[subject: unknown, subjects: Fields | undefined, wanted: string]>([
    [USER, undefined, 'subject jane -9'],
    [{ ...USER, iss: 'https://issuer.example.com/' }, undefined, 'unmapped: issuer'],
    [{ ...USER, iss: ISSUER.slice(0, -1) }, undefined, 'unmapped: issuer'],
    [{ ...USER, iss: undefined }, undefined, 'unmapped: malformed'],
    [{ ...USER, sub: 5 }, undefined, 'unmapped: malformed'],
    [{ ...USER, sub: '' }, undefined, 'unmapped: malformed'],
    [{ ...USER, sub: '\ud800' }, undefined, 'unmapped: malformed'],
    // Google's RISC, after the oldest drafts.
    [{ subject_type: 'iss-sub', iss: ISSUER, sub: 'jane' }, undefined, 'subject jane -9'],
    [{ format: 'jwt_id', iss: ISSUER, jti: 'B70BA622' }, undefined, 'token B70BA622 -9'],
    [
      { format: 'jwt_id', iss: 'https://idp.example.com/123456789/', jti: 'B70BA622' },
      undefined,
      'unmapped: issuer',
    ],
    [{ format: 'opaque', id: '11112222333344445555' }, undefined, 'unmapped: undeclared'],
    [{ format: 'opaque', id: '11112222333344445555' }, { opaque: 'sub' }, 'subject 11112222333344445555 -9'],
    [
      { format: 'opaque', id: 'dMTlD|1600802906337.16|16008.16' },
      { opaque: 'sid' },
      'session dMTlD|1600802906337.16|16008.16 -9',
    ],
    [{ format: 'opaque', id: 'x' }, { email: 'sub' }, 'unmapped: undeclared'],
    [email, undefined, 'unmapped: undeclared'],
    [email, { email: 'sub' }, 'subject user@example.com -9'],
    [{ format: 'email' }, { email: 'sub' }, 'unmapped: malformed'],
    [
      { format: 'phone_number', phone_number: '+12065550100' },
      { phone_number: 'sub' },
      'subject +12065550100 -9',
    ],
    [
      { format: 'account', uri: 'acct:example.user@service.example.com' },
      { account: 'sub' },
      'subject acct:example.user@service.example.com -9',
    ],
    [{ format: 'did', url: 'did:example:123456' }, { did: 'sub' }, 'subject did:example:123456 -9'],
    [
      { format: 'uri', uri: 'https://user.example.com/' },
      { uri: 'sub' },
      'subject https://user.example.com/ -9',
    ],
    [{ format: 'saml_assertion_id', issuer: 'x', assertion_id: 'y' }, undefined, 'unmapped: format'],
    [{ format: 'ip-addresses', 'ip-addresses': ['10.29.37.75'] }, undefined, 'unmapped: format'],
    [{ format: 'constructor' }, undefined, 'unmapped: format'],
    [{ format: 7 }, undefined, 'unmapped: format'],
    [{}, undefined, 'unmapped: format'],
    ['jane', undefined, 'unmapped: malformed'],
    [[], undefined, 'unmapped: malformed'],
    [undefined, undefined, 'unmapped: missing'],
    [null, undefined, 'unmapped: missing'],
  ])('%o with %o', async (subject, subjects, wanted) => {
    expect(await entered({ sub_id: subject, ...whileRevoked() }, subjects)).toEqual([wanted]);
  });

  it('aliases: each that can be found', async () => {
    const aliases = (...identifiers: unknown[]) => ({
      sub_id: { format: 'aliases', identifiers },
      ...whileRevoked(),
    });
    expect(await entered(aliases(email, USER, { ...USER, sub: 'j2' }))).toEqual([
      'subject jane -9',
      'subject j2 -9',
    ]);
    expect(await entered(aliases(email))).toEqual(['unmapped: undeclared']);
    expect(await entered(aliases())).toEqual(['unmapped: malformed']);
    expect(await entered(aliases({ format: 'aliases', identifiers: [USER] }))).toEqual([
      'unmapped: malformed',
    ]);
    expect(await entered(aliases(...Array(17).fill(USER)))).toEqual(['unmapped: malformed']);
  });

  it('one without an issuer is of each that revokes names, until the tokens of each are over', async () => {
    const issuers = { other: { issuer: 'https://other.example/', max_token_age: 60, clock_tolerance: 0 } };
    const signal = { revokes: ['main', 'other'], subjects: { email: 'sub' } };
    const { push, memory } = makeWorld({ signal, issuers, api: { issuer: 'main' } });
    await push({ sub_id: email });
    const lives = [MAX_AGE_SECONDS + 2 * TOLERANCE_SECONDS + 1, 61];
    expect(memory.entries().map(({ issuer, untilSeconds }) => [issuer, untilSeconds - IAT])).toEqual([
      [ISSUER, lives[0]],
      ['https://other.example/', lives[1]],
    ]);
    expect(memory.events[0]?.rememberSeconds).toBe(IAT + (lives[0] ?? 0));
    await push({ sub_id: { ...USER, iss: 'https://other.example/' } });
    expect(memory.entries().at(-1)).toMatchObject({ issuer: 'https://other.example/', id: 'jane' });
  });

  it('may stand in the event, as in drafts, or be sub', async () => {
    const inside = { [SESSION_REVOKED]: { subject: USER, event_timestamp: AT } };
    expect(await entered({ sub_id: undefined, events: inside })).toEqual(['subject jane -9']);
    // The one beside the events counts first, and the other where it can't be found.
    expect(await entered({ sub_id: { ...USER, sub: 'joe' }, events: inside })).toEqual(['subject joe -9']);
    expect(await entered({ sub_id: email, events: inside })).toEqual(['subject jane -9']);
    const sub = { sub_id: undefined, sub: 'jane', ...whileRevoked() };
    expect(await entered(sub)).toEqual(['unmapped: issuer']);
  });
});

describe('complex subjects', () => {
  const session = { format: 'opaque', id: 's1' };
  const tenant = { format: 'opaque', id: '123456789' };
  const complex = (members: Fields) => ({ sub_id: { format: 'complex', ...members }, ...whileRevoked() });
  it.each<[members: Fields, subjects: Fields | undefined, wanted: string]>([
    [{ user: USER, session, tenant }, { session: 'sid' }, 'session s1 -9'],
    // A session that tokens don't have: all of the user is refused.
    [{ user: USER, session, tenant }, undefined, 'subject jane -9'],
    [{ user: USER, device: USER, tenant }, undefined, 'subject jane -9'],
    [{ session }, { session: 'sid' }, 'session s1 -9'],
    [{ session: { format: 'iss_sub', iss: ISSUER, sub: 's1' } }, { session: 'sid' }, 'session s1 -9'],
    [
      { session: { format: 'iss_sub', iss: 'https://x.example/', sub: 's1' } },
      { session: 'sid' },
      'unmapped: issuer',
    ],
    [{ session }, undefined, 'unmapped: undeclared'],
    [{ application: { format: 'opaque', id: 'app-1' } }, { application: 'client_id' }, 'client app-1 -9'],
    [{ application: { format: 'opaque', id: 'app-1' } }, undefined, 'unmapped: undeclared'],
    [
      { user: { format: 'email', email: 'bar@example.com' }, tenant },
      { email: 'sub' },
      'subject bar@example.com -9',
    ],
    // Nobody is shut out for the sake of a whole tenant.
    [{ tenant }, undefined, 'unmapped: format'],
    [{ device: USER, group: USER }, undefined, 'unmapped: format'],
    [{ user: 'jane' }, undefined, 'unmapped: malformed'],
    [{}, undefined, 'unmapped: format'],
  ])('%o with %o', async (members, subjects, wanted) => {
    expect(await entered(complex(members), subjects)).toEqual([wanted]);
  });

  it('of an account or a credential, the user comes before the session', async () => {
    for (const uri of [risc('account-disabled'), CREDENTIAL_CHANGE]) {
      const claims = { ...complex({ user: USER, session }), events: { [uri]: {} } };
      expect(await entered(claims, { session: 'sid' }), uri).toEqual(['subject jane -4']);
    }
  });

  it('may lack their format, as in drafts', async () => {
    expect(await entered({ sub_id: { user: USER, tenant }, ...whileRevoked() })).toEqual(['subject jane -9']);
  });
});

function whileRevoked(): Fields {
  return { events: { [SESSION_REVOKED]: { event_timestamp: AT } } };
}
