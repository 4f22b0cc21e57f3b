/**
 * The schemas of the logs, with a validator that has nothing to do with what wrote them. That the gateway's own lines fit
 * is held by all tests that make one (test/support/log-lines.ts).
 */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { FAILURES } from '../../issuer/src/failure.ts';
import type { EVENTS, ISSUER_EVENTS } from '../../scripts/log-schema.ts';
import { dataPoint } from '../../src/analytics.ts';
import { PROBLEMS } from '../../src/http/problem.ts';
import type { RequestLine } from '../../src/log.ts';

type Fields = Readonly<Record<string, unknown>>;

const documentOf = (file: string) => JSON.parse(readFileSync(`docs/${file}`, 'utf8'));

function validator(file: string) {
  // `format` says the same as the pattern beside it; ajv knows formats only with another package.
  const ajv = new Ajv({ strict: true, allowUnionTypes: true, formats: { 'date-time': true } });
  const validate = ajv.compile(documentOf(file));
  return (line: Fields) => validate(JSON.parse(JSON.stringify(line)));
}

const REQUEST: Fields = {
  time: '2026-11-24T12:00:00.000Z',
  request_id: 'r',
  method: 'GET',
  decision: 'deny',
  status: 401,
};
const issuer = 'own';
const faults = [{ at: 'API_X.routes', problem: 'there is none', remedy: 'write one' }];
const LINES: { readonly [Event in keyof typeof EVENTS]: Fields } = {
  keys_refreshed: { issuer, keys: 2, dropped: 1, dropped_keys: [{ kid: 'one', why: 'rsa_size' }] },
  keys_refresh_failed: { issuer, fault: 'http_status', url: 'https://own.example/keys', http_status: 403 },
  keys_store_failed: { issuer, operation: 'write' },
  key_added: { issuer, kid: 'one' },
  key_removed: { issuer, kid: undefined },
  keys_stale: { issuer, cause: undefined },
  keys_unusable: { issuer, cause: 'redirect' },
  keys_recovered: { issuer, was: 'stale' },
  refetch_suppressed: { issuer },
  status_list_failed: { issuer, fault: 'expired', url: 'https://own.example/statuslists/1' },
  status_list_recovered: { issuer, url: 'https://own.example/statuslists/1' },
  policy_invalid: { faults },
  preflight_refused: {
    api: 'API_X',
    cause: 'headers',
    origin: 'https://app.example',
    method: 'PUT',
    request_id: 'r',
    missing: ['x-trace'],
    add: 'headers = ["x-trace"]',
  },
  claim_skipped: { api: 'API_X', claim: 'roles', as: 'x-claim-roles' },
  revocations_read_failed: { from: 'kv', message: 'no answer within 1500 ms' },
  revocations_recovered: { from: 'object' },
  signal_received: {
    transmitter: 'corp',
    delivery: 'push',
    request_id: 'r',
    signal_id: '756E69717565206964656E746966696572',
    kinds: ['session-revoked'],
    entries: 1,
    repeated: false,
    subjects: ['jane'],
    state_length: 3,
    stream_status: 'paused',
  },
  signal_unmapped: {
    transmitter: 'corp',
    delivery: 'poll',
    signal_id: '1',
    kinds: ['credential-change'],
    why: 'undeclared',
    format: 'email',
  },
  signal_refused: { transmitter: 'corp', delivery: 'logout', why: 'audience' },
  signal_poll_failed: { transmitter: 'corp', cause: 'http_status', http_status: 503 },
  error: { name: 'TypeError', frames: ['at f (index.js:1:1)'] },
};
const ISSUER_LINES: { readonly [Event in keyof typeof ISSUER_EVENTS]: Fields } = {
  issuer_misconfigured: { faults },
  record_invalid: { key: 'client:1' },
  error: LINES.error,
};
const TOKEN: Fields = {
  time: '2026-11-24T12:00:00.000Z',
  type: 'seccft',
  request_id: 'r',
  ip: '192.0.2.7',
  status: 200,
};

describe.each([
  ['log.schema.json', REQUEST, LINES, Object.keys(PROBLEMS), 'scopes_missin'],
  ['issuer-log.schema.json', TOKEN, ISSUER_LINES, Object.keys(FAILURES), 'secret_wron'],
])('docs/%s', (file, main, events, reasons, misspelt) => {
  const isLine = validator(file);

  it('knows a line of each kind', () => {
    expect(isLine(main)).toBe(true);
    for (const [event, fields] of Object.entries(events))
      expect(isLine({ event, ...fields }), event).toBe(true);
  });

  it('knows every reason, and no other', () => {
    for (const reason of reasons) expect(isLine({ ...main, reason }), reason).toBe(true);
    expect(isLine({ ...main, reason: misspelt })).toBe(false);
  });

  it.each<[string, Fields]>([
    ['an unknown field', { ...main, token: 'x' }],
    ['a line without time', { ...main, time: undefined }],
    ['another time', { ...main, time: '24 Nov 2026' }],
    ['a status that is none', { ...main, status: 99 }],
    ['an unknown event', { event: 'unheard_of' }],
    ['a request that is an event too', { ...main, event: 'error' }],
    ['an event without its fields', { event: 'error' }],
    ['a field more in an event', { event: 'error', ...events.error, message: 'secret' }],
    ['nothing', {}],
  ])('refuses %s', (_why, line) => {
    expect(isLine(line)).toBe(false);
  });

  it('says of every field what it means', () => {
    for (const { properties } of documentOf(file).anyOf as { properties: Record<string, Fields> }[])
      for (const [name, field] of Object.entries(properties))
        if (name !== 'event') expect(field['description'], name).toMatch(/^\S.*\.$/);
  });
});

it('each column of Analytics Engine is named by its field, and by no other', () => {
  const { properties } = documentOf('log.schema.json').anyOf[0] as { properties: Record<string, Fields> };
  const columns = Object.entries(properties).flatMap(([name, { description }]) => {
    const column = /Analytics Engine: `(\w+)`/.exec(String(description))?.[1];
    return column === undefined ? [] : [[column, name] as const];
  });
  const named = Object.fromEntries(Object.keys(properties).map((name) => [name, name]));
  const { blobs, doubles } = dataPoint(named as unknown as RequestLine);
  const wanted = [
    ...blobs.map((name, i) => [`blob${i + 1}`, name]),
    ...doubles.map((name, i) => [`double${i + 1}`, name]),
  ];
  expect(Object.fromEntries(columns)).toEqual(Object.fromEntries(wanted));
  expect(columns).toHaveLength(wanted.length);
});
