/** A draft of a description lets nobody in whom the description does not: against a reading of OpenAPI of its own. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { draftPolicy } from '../../cli/policy/import/draft.ts';
import { readDescription } from '../../cli/policy/import/openapi/read.ts';
import { ask, compile } from './support/ask.ts';
import { type Caller, ISSUERS } from './support/model.ts';
import { broken, promise, TIMEOUT_MS } from './support/runs.ts';

/** What the test knows of an operation. */
interface Operation {
  readonly template: string;
  readonly method: string;
  readonly security: Security | 'unsaid' | 'gone';
}
type Security = readonly Readonly<Record<string, readonly string[]>>[];

const METHODS = ['get', 'put', 'head', 'delete', 'any'] as const;
const TEMPLATES = [
  '/a',
  '/A',
  '/a/',
  '/b',
  '/{x}',
  '/{y}',
  '/{x}.json',
  '/a/{x}',
  '/a/b',
  '/{x}/b',
  '/a/{x+}',
  '/a/{x+}/b',
  '/{x+}',
  '/a#f',
  '/{x}-{y}',
];
const PATHS = [
  '/a',
  '/A',
  '/a/',
  '/b',
  '/c',
  '/c.json',
  '/a.json',
  '/a/b',
  '/a/c',
  '/a/b/b',
  '/a/b/c',
  '/c/b',
  '/d-e',
];
const scopes = fc.subarray(['r', 's', 't'], { maxLength: 2 });
const requirement = fc.oneof(
  { weight: 4, arbitrary: fc.record({ one: scopes }) },
  { weight: 2, arbitrary: fc.record({ two: scopes }) },
  fc.record({ one: scopes, two: scopes }),
  fc.record({ one: scopes, key: fc.constant([]) }),
  fc.constant({ key: [] }),
  fc.record({ unknown: scopes }),
  fc.constant({}),
) as fc.Arbitrary<Record<string, string[]>>;
const security = fc.oneof(
  { weight: 6, arbitrary: fc.array(requirement, { minLength: 1, maxLength: 3 }) },
  fc.constant<Security>([]),
  fc.constant('unsaid' as const),
  fc.constant('gone' as const),
);
const operation: fc.Arbitrary<Operation> = fc.record({
  template: fc.constantFrom(...TEMPLATES),
  method: fc.constantFrom(...METHODS),
  security,
});
const description = fc.uniqueArray(operation, {
  minLength: 1,
  maxLength: 5,
  selector: ({ template, method }) => `${method} ${template}`,
});
const caller: fc.Arbitrary<Caller> = fc.record({
  issuer: fc.constantFrom('one' as const, 'two' as const),
  audiences: fc.constant(['https://api.example.com']),
  scopes: fc.subarray(['r', 's', 't']),
  client: fc.constant(undefined),
  claims: fc.constant({}),
});
const request = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'PUT', 'DELETE', 'POST'),
  path: fc.constantFrom(...PATHS),
  token: caller,
});
const cases = fc.tuple(description, fc.array(request, { minLength: 12, maxLength: 12 }));

function documentOf(operations: readonly Operation[]): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { template, method, security: its } of operations) {
    paths[template] ??= {};
    paths[template][method === 'any' ? 'x-amazon-apigateway-any-method' : method] =
      its === 'gone' ? { $ref: 'gone.yaml' } : its === 'unsaid' ? {} : { security: its };
  }
  const login = (issuer: string) => ({
    type: 'openIdConnect',
    openIdConnectUrl: `${issuer}.well-known/openid-configuration`,
  });
  const securitySchemes = {
    one: login(ISSUERS.one),
    two: login(ISSUERS.two),
    key: { type: 'apiKey', in: 'header', name: 'k' },
  };
  return {
    openapi: '3.1.0',
    servers: [{ url: 'https://api.example.com' }],
    paths,
    components: { securitySchemes },
  };
}

/** Whether a request is one of an operation, as OpenAPI and the marks for spanning parameters say. */
function isOf(
  { template, method }: Operation,
  asked: { method: string; path: string },
  isWide = false,
): boolean {
  const pattern = (isWide ? template.replace('{x}-{y}', '{x}') : template)
    .replace(/#.*/, '')
    .replace(/\./g, '\\.')
    .replace(/\{\w\+\}/g, '.+')
    .replace(/\{\w\}/g, '[^/]+');
  const isMethod =
    method === 'any' ||
    method.toUpperCase() === asked.method ||
    (method === 'get' && asked.method === 'HEAD');
  return isMethod && new RegExp(`^${pattern}$`).test(asked.path);
}

/** Whether a token is enough, whatever else must hold: what the gateway can tell. */
function admits({ security: its }: Operation, token: Caller): boolean {
  if (its === 'unsaid') return true;
  if (its === 'gone') return false;
  return (
    its.length === 0 ||
    its.some(
      (alternative) =>
        Object.entries(alternative).every(
          ([scheme, wanted]) =>
            scheme === 'key' ||
            (scheme === token.issuer && wanted.every((scope) => token.scopes.includes(scope))),
        ) &&
        (Object.keys(alternative).length === 0 || token.issuer in alternative),
    )
  );
}

/**
 * The operations of which one serves a request: a path without parameters comes before one with them, and HEAD has its
 * own, else that of all methods, else GET's. Where several are left, OpenAPI does not say which.
 */
function candidates(
  operations: readonly Operation[],
  asked: { method: string; path: string },
): readonly Operation[] {
  const fitting = operations.filter((one) => isOf(one, asked));
  const concrete = fitting.filter(({ template }) => !template.includes('{'));
  if (concrete.length > 0) return ofMethod(concrete, asked.method);
  // Of a segment with several parameters a route knows one: the draft says that it is wider.
  return fitting.length > 0 ? fitting : operations.filter((one) => isOf(one, asked, true));
}

function ofMethod(operations: readonly Operation[], method: string): readonly Operation[] {
  const named = (name: string) => operations.filter((one) => one.method.toUpperCase() === name);
  return [named(method), named('ANY'), operations].find((some) => some.length > 0) ?? [];
}

describe('a draft of a description', () => {
  it(
    'lets in nobody whom the description keeps out',
    async () => {
      const tally = await promise('import', 1_500, cases, async ([operations, requests], counts) => {
        const read = await readDescription(documentOf(operations));
        counts.add('descriptions');
        const wanted = {
          name: 'API_X',
          origin: undefined,
          audience: [],
          issuers: { all: undefined, byScheme: new Map() },
        };
        let draft: ReturnType<typeof draftPolicy>;
        try {
          draft = draftPolicy(read, wanted);
        } catch {
          return; // nothing is left
        }
        const { read: all, drafted, joined, leftOut } = draft.counts;
        if (all !== operations.length || drafted + joined + leftOut !== all)
          broken('the sum', { operations, counts: draft.counts });
        const tables = Object.fromEntries(
          draft.apis.map(({ name, issuer, audience, routes }) => [
            name,
            {
              origin: 'https://origin.example',
              issuer,
              audience,
              routes: Object.fromEntries(
                routes.filter(({ off }) => !off).map(({ key, rules }) => [key, rules]),
              ),
            },
          ]),
        );
        const issuers = Object.fromEntries(draft.issuers.map(({ name, issuer }) => [name, { issuer }]));
        const policy = compile({ ISSUERS: issuers, ...tables });
        if (policy === undefined) broken('the draft does not compile', { operations, tables });
        for (const asked of requests) {
          const answer = await ask(policy, { ...asked, host: 'gateway.example' });
          counts.add('requests');
          if (answer.kind !== 'allow') continue;
          counts.add('let in');
          const possible = candidates(operations, asked);
          const isAdmitted = (one: Operation) => admits(one, asked.token);
          // Operations of one path differ in their fragments, which a request does not have.
          const isConcrete = possible.every(({ template }) => !template.includes('{'));
          if (isConcrete ? !possible.every(isAdmitted) : !possible.some(isAdmitted))
            broken('it is let in', { operations, tables, asked, route: answer.route?.key });
        }
      });
      tally.demand('let in', 'requests', 0.02);
    },
    TIMEOUT_MS,
  );
});
