/** What an assertion says: claims, parties, times, and the request that it is bound to. */
import { createHash } from 'node:crypto';
import {
  ACCEPTED,
  type AssertionVector,
  assertion,
  bad,
  type Caller,
  CLAIMS,
  claims,
  good,
  NOW,
  TARGET,
} from './vector.ts';

const CALLER = ACCEPTED.caller as Caller;
const of = (changes: Record<string, unknown>) => assertion(claims(changes));
const malformed = (id: string, why: string, changes: Record<string, unknown>) =>
  bad(id, 'claims_malformed', why, of(changes));

const TYPES: readonly AssertionVector[] = [
  good(
    'no-token',
    'a public route: nobody calls',
    of({ sub: undefined, client_id: undefined, scope: undefined, tctx: undefined }),
    { accept: { caller: null } },
  ),
  good(
    'only-issuer',
    'a token that says no more than who issued it',
    of({ sub: undefined, client_id: undefined, scope: undefined, tctx: { iss: 'i' } }),
    {
      accept: { caller: { issuer: 'i', subject: null, client: null, scopes: [], claims: {} } },
    },
  ),
  good('no-request-id', 'without txn', of({ txn: undefined }), { accept: { request_id: null } }),
  good('blanks-in-scope', 'two blanks between scopes, and at the ends', of({ scope: ' a  b ' }), {
    accept: { caller: { ...CALLER, scopes: ['a', 'b'] } },
  }),
  good(
    'unicode',
    'characters beyond ASCII, and of two units',
    of({ sub: 'Zoë 漢字 😀', tctx: { iss: CALLER.issuer, claims: { name: '😀\u0000\n"' } } }),
    {
      accept: { caller: { ...CALLER, subject: 'Zoë 漢字 😀', claims: { name: '😀\u0000\n"' } } },
    },
  ),
  good(
    'unicode-escaped',
    'the same subject, escaped',
    assertion(JSON.stringify(claims({ sub: 'x' })).replace('"x"', '"\\ud83d\\ude00 \\\\ud83d"')),
    {
      accept: { caller: { ...CALLER, subject: '😀 \\ud83d' } },
    },
  ),
  good(
    'claims-of-all-types',
    'claims of any type',
    of({ tctx: { iss: CALLER.issuer, claims: { a: null, b: [1, { c: true }], d: 1.5, e: '', f: {} } } }),
    {
      accept: { caller: { ...CALLER, claims: { a: null, b: [1, { c: true }], d: 1.5, e: '', f: {} } } },
    },
  ),
  good(
    'whole-number',
    'times with a fraction of zero',
    assertion(JSON.stringify(CLAIMS).replace(String(NOW), `${NOW}.0`)),
  ),
  malformed('iss-number', 'iss is a number', { iss: 1 }),
  malformed('iss-missing', 'no iss', { iss: undefined }),
  malformed('aud-missing', 'no aud', { aud: undefined }),
  malformed('aud-number', 'aud is a number', { aud: 1 }),
  malformed('aud-mixed', 'aud has a number in it', { aud: [CLAIMS.aud, 1] }),
  malformed('jti-missing', 'no jti', { jti: undefined }),
  malformed('jti-empty', 'an empty jti', { jti: '' }),
  malformed('jti-number', 'jti is a number', { jti: 1 }),
  malformed('iat-missing', 'no iat', { iat: undefined }),
  malformed('iat-fraction', 'iat is no whole number', { iat: NOW + 0.5 }),
  malformed('exp-missing', 'no exp', { exp: undefined }),
  malformed('exp-text', 'exp is a text', { exp: String(CLAIMS.exp) }),
  malformed('exp-true', 'exp is true', { exp: true }),
  malformed('exp-null', 'exp is null', { exp: null }),
  bad(
    'exp-infinite',
    'claims_malformed',
    'exp is too large for a number',
    assertion(JSON.stringify(CLAIMS).replace(String(CLAIMS.exp), '1e400')),
  ),
  malformed('txn-number', 'txn is a number', { txn: 1 }),
  malformed('sub-number', 'sub is a number', { sub: 7 }),
  malformed('sub-null', 'sub is null', { sub: null }),
  malformed('client-list', 'client_id is a list', { client_id: ['client-1'] }),
  malformed('scope-list', 'scope is a list', { scope: ['admin'] }),
  malformed('tctx-text', 'tctx is a text', { tctx: 'admin' }),
  malformed('tctx-null', 'tctx is null', { tctx: null }),
  malformed('tctx-no-issuer', 'tctx names no issuer', { tctx: { claims: {} } }),
  malformed('tctx-claims-list', 'tctx.claims is a list', { tctx: { iss: 'i', claims: [] } }),
  malformed('req-list', 'req is a list', { req: ['GET', TARGET] }),
  malformed('req-null', 'req is null', { req: null }),
  malformed('req-no-method', 'req has no method', { req: { target: TARGET } }),
  malformed('req-target-number', 'req.target is a number', { req: { method: 'GET', target: 1 } }),
  malformed('req-digest-true', 'req.digest is true', { req: { ...CLAIMS.req, digest: true } }),
];

const PARTIES: readonly AssertionVector[] = [
  bad('iss-other', 'issuer_mismatch', 'another issuer', of({ iss: 'https://api.example.org' })),
  bad('iss-slash', 'issuer_mismatch', 'a slash more', of({ iss: `${CLAIMS.iss}/` })),
  bad('iss-of-caller', 'issuer_mismatch', 'the issuer of the caller’s token', of({ iss: CALLER.issuer })),
  bad('aud-other', 'audience_mismatch', 'for another origin', of({ aud: 'billing.internal.example' })),
  bad('aud-longer', 'audience_mismatch', 'a longer audience', of({ aud: `${CLAIMS.aud}.evil.example` })),
  bad('aud-empty', 'audience_mismatch', 'for nobody', of({ aud: [] })),
  bad('aud-two', 'audience_mismatch', 'for two origins', of({ aud: [CLAIMS.aud, 'other'] })),
  bad('aud-two-same', 'audience_mismatch', 'for one origin, twice', of({ aud: [CLAIMS.aud, CLAIMS.aud] })),
  good('aud-list', 'a list that has the audience alone', of({ aud: [CLAIMS.aud] })),
];

const at = (now: number) => ({ now });
const USUAL = assertion();

const TIMES: readonly AssertionVector[] = [
  good('lifetime-longest', '120 s', of({ exp: NOW + 120 }), { accept: { expires_at: NOW + 120 } }),
  bad('lifetime-longer', 'lifetime_too_long', '121 s', of({ exp: NOW + 121 })),
  bad(
    'lifetime-before-expired',
    'lifetime_too_long',
    'a day, that ended',
    of({ iat: NOW - 90_000, exp: NOW - 3_600 }),
  ),
  good('iat-ahead', 'this clock is 5 s slow', USUAL, at(NOW - 5)),
  bad('iat-too-far', 'not_yet_valid', '6 s slow', USUAL, at(NOW - 6)),
  bad('iat-fraction-too-far', 'not_yet_valid', '5.5 s slow', USUAL, at(NOW - 5.5)),
  good('exp-just-past', '4 s after the end', USUAL, at(NOW + 34)),
  good('exp-fraction-past', '4.5 s after the end', USUAL, at(NOW + 34.5)),
  bad('exp-past', 'expired', '5 s after the end', USUAL, at(NOW + 35)),
  bad('exp-long-past', 'expired', 'yesterday’s', USUAL, at(NOW + 86_400)),
];

const forTarget = (target: string) => of({ req: { method: 'GET', target } });
const asked = (target: string, method = 'GET') => ({ request: { target, method } });
const differs = (id: string, why: string, target: string, signed = TARGET) =>
  bad(id, 'target_mismatch', why, forTarget(signed), asked(target));

const BOUND: readonly AssertionVector[] = [
  bad('unbound', 'unbound', 'bound to nothing', of({ req: undefined })),
  bad('unbound-body', 'unbound', 'bound to nothing, where the body is demanded', of({ req: undefined }), {
    bind: 'body',
  }),
  good('unbound-allowed', 'bound to nothing, as agreed', of({ req: undefined }), { bind: 'none' }),
  good('bound-not-demanded', 'bound, though nobody demands it', USUAL, { bind: 'none' }),
  bad('bound-not-demanded-other', 'target_mismatch', 'the same, for another request', USUAL, {
    bind: 'none',
    ...asked('/orders/8'),
  }),
  bad('method-other', 'method_mismatch', 'for another method', USUAL, asked(TARGET, 'DELETE')),
  bad('method-case', 'method_mismatch', 'methods have case', USUAL, asked(TARGET, 'get')),
  bad('method-head', 'method_mismatch', 'HEAD is not GET', USUAL, asked(TARGET, 'HEAD')),
  differs('target-other', 'for another path', '/orders/8?a=1&b=2'),
  differs('target-query', 'for another query', '/orders/7?a=1&b=3'),
  differs('target-query-order', 'the query in another order', '/orders/7?b=2&a=1'),
  differs('target-no-query', 'without its query', '/orders/7'),
  differs('target-case', 'in another case', '/Orders/7?a=1&b=2'),
  differs('target-escaped', 'another spelling of the same path', '/%6frders/7?a=1&b=2'),
  differs('target-escape-case', 'escapes in another case', '/a%2fb', '/a%2Fb'),
  differs('target-plus', 'another spelling of a blank', '/a?q=x%20y', '/a?q=x+y'),
  differs('target-slash', 'a slash at the end', '/orders/', '/orders'),
  differs('target-double-slash', 'two slashes', '//orders', '/orders'),
  differs('target-dot', 'a dot segment', '/orders/./7?a=1&b=2'),
  differs('target-empty-query', 'an empty query', '/orders?', '/orders'),
  differs('target-prefix', 'with a prefix that the gateway takes off', `/api${TARGET}`),
  differs('target-absolute', 'in absolute form', `https://orders.internal.example${TARGET}`),
  good(
    'target-escaped-same',
    'escapes as they were signed',
    forTarget('/a%2Fb?q=%C3%BC+%20'),
    asked('/a%2Fb?q=%C3%BC+%20'),
  ),
  good('target-empty-query-same', 'an empty query, as it was signed', forTarget('/a?'), asked('/a?')),
];

const digestOf = (body: string | Buffer) => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
const POST = { method: 'POST', target: '/orders' };
const forBody = (digest: unknown) => of({ req: { ...POST, digest } });
const sent = (body?: string | Buffer) =>
  ({
    bind: 'body',
    request: { ...POST, ...(body !== undefined && { body_base64: Buffer.from(body).toString('base64') }) },
  }) as const;
const BODY = '{"amount":1}';

const BODIES: readonly AssertionVector[] = [
  good('body', 'a body, as it was signed', forBody(digestOf(BODY)), sent(BODY)),
  good('body-empty', 'no body', forBody(digestOf('')), sent()),
  good(
    'body-binary',
    'a body that is no text',
    forBody(digestOf(Buffer.from([0, 255, 128]))),
    sent(Buffer.from([0, 255, 128])),
  ),
  good('body-not-demanded', 'a digest where nobody looks at bodies', forBody(digestOf('another')), {
    bind: 'request',
    request: POST,
  }),
  bad('body-other', 'body_mismatch', 'another body', forBody(digestOf(BODY)), sent('{"amount":1000}')),
  bad('body-blank', 'body_mismatch', 'a blank more', forBody(digestOf(BODY)), sent(`${BODY} `)),
  bad('body-removed', 'body_mismatch', 'the body was taken away', forBody(digestOf(BODY)), sent()),
  bad('body-added', 'body_mismatch', 'a body was added', forBody(digestOf('')), sent(BODY)),
  bad('digest-missing', 'body_mismatch', 'bound to method and target only', forBody(undefined), sent(BODY)),
  bad('digest-empty', 'body_mismatch', 'an empty digest', forBody(''), sent()),
  bad(
    'digest-base64url',
    'body_mismatch',
    'a digest in base64url',
    forBody(digestOf('body-5').replaceAll('+', '-').replaceAll('/', '_').replaceAll('=:', ':')),
    sent('body-5'),
  ),
  bad(
    'digest-of-other-algorithm',
    'body_mismatch',
    'another algorithm',
    forBody(`sha-512=:${createHash('sha512').update(BODY).digest('base64')}:`),
    sent(BODY),
  ),
];

const REPLAY: readonly AssertionVector[] = [
  good('replay-new', 'an id that was not seen', USUAL, { seen: ['id-0', 'ID-1'] }),
  bad('replayed', 'replayed', 'an id that was seen', USUAL, { seen: ['id-1'] }),
  bad(
    'replayed-but-other',
    'target_mismatch',
    'ids come last: another request says what is wrong with it',
    USUAL,
    { seen: ['id-1'], ...asked('/') },
  ),
];

export const CONTENTS = [...TYPES, ...PARTIES, ...TIMES, ...BOUND, ...BODIES, ...REPLAY];
