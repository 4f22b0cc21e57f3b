/** What the check says to write instead of a foreign spelling. */
import { expect, it } from 'vitest';
import {
  CLAIM_NAMES,
  CLAIM_VALUES,
  foreign,
  METHODS,
  NAMES,
  QUERY_NAMES,
  QUERY_VALUES,
  SCOPES,
  SEGMENTS,
} from '../../../../cli/policy/check/lints/foreign-spellings.ts';

it.each([
  ['ANY', METHODS, 'write *'],
  ['ALL', METHODS, 'write *'],
  ['{id}', SEGMENTS, 'write :id'],
  ['{id:guid}', SEGMENTS, 'write :id'],
  ['{id:[0-9]+}', SEGMENTS, 'write :id'],
  ['{id?}', SEGMENTS, 'write :id'],
  ['{proxy+}', SEGMENTS, 'write * as the last segment'],
  ['{path:path}', SEGMENTS, 'write * as the last segment'],
  ['<id>', SEGMENTS, 'write :id'],
  ['<int:id>', SEGMENTS, 'write :id'],
  ['<regex("[a-z]+"):id>', SEGMENTS, 'write :id'],
  ['<path:rest>', SEGMENTS, 'write * as the last segment'],
  ['[id]', SEGMENTS, 'write :id'],
  ['[[...rest]]', SEGMENTS, 'write * as the last segment'],
  ['$user_id', SEGMENTS, 'write :user_id'],
  ['(.+)', SEGMENTS, 'write :name for a segment that varies'],
  ['[^:]+', SEGMENTS, 'write :name for a segment that varies'],
  [':id([0-9]+)', SEGMENTS, 'write :name for a segment that varies'],
  [':id(a|b)?', SEGMENTS, 'write :name for a segment that varies'],
  [':id{.json}', SEGMENTS, 'write :name for a segment that varies'],
  [':path+', SEGMENTS, 'write * as the last segment'],
  ['purge|delete', QUERY_VALUES, 'give each value a route of its own'],
  [':org', QUERY_VALUES, 'write the value: parameters are for paths'],
  ['do!', QUERY_NAMES, 'write name=value'],
  ['/organization/{org}/plan', CLAIM_NAMES, 'write /:org there'],
  ['users$', SEGMENTS, 'leave the $ out: a path ends there'],
  ['*', NAMES, 'leave the field out for any, or name each'],
  ['app-*', NAMES, 'name each; if tokens have this very text, accept the warning'],
  ['read:*', SCOPES, 'name each scope; if tokens have this very text, accept the warning'],
  ['*', CLAIM_VALUES, 'write { present = true } for any; if tokens have this very text, accept the warning'],
  ['.*@example.com', CLAIM_VALUES, 'name each value; if tokens have this very text, accept the warning'],
  ['realm_access.roles', CLAIM_NAMES, 'write "/realm_access/roles" for a claim inside of a claim'],
  [
    'resource_access.my-app.roles',
    CLAIM_NAMES,
    'write "/resource_access/my-app/roles" for a claim inside of a claim',
  ],
  ["$['app_metadata'].roles", CLAIM_NAMES, 'write "/app_metadata/roles" for a claim inside of a claim'],
  ['groups[0]', CLAIM_NAMES, 'write "/groups/0" for a claim inside of a claim'],
] as const)('%s', (text, spellings, remedy) => {
  expect(foreign(text, spellings, true)?.remedy).toBe(remedy);
});

it.each([
  ['Orders(:id)', SEGMENTS],
  [':id.json', SEGMENTS],
  ['a:b', QUERY_VALUES],
  ['items:batch', SEGMENTS],
] as const)('%s is meant', (text, spellings) => {
  expect(foreign(text, spellings, true)).toBeUndefined();
});

it('v:version within a path is not a parameter', () => {
  expect(foreign('v:version', SEGMENTS, false)?.problem).toBe(
    '"v:version" is text: a colon behind a letter begins no parameter',
  );
});
