/** JSON can say what TOML can't: null, and values of any kind in any place. No command ends with a stack. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sayInJson } from '../../../cli/formats/json-words.ts';
import { checkPolicy } from '../../../cli/policy/check/check.ts';
import { parsePolicyFile } from '../../../cli/policy/file/config.ts';
import { CommandError } from '../../../cli/text/terminal.ts';
import { claimgate } from '../support/claimgate.ts';
import { makeFolder } from '../support/policies.ts';

const CONFIG = {
  main: 'src/index.ts',
  workers_dev: false,
  routes: [{ pattern: 'api.example.com/*', zone_name: 'example.com' }],
  services: [{ binding: 'ORIGIN', service: 'origin' }],
  ratelimits: [{ name: 'LIMIT', namespace_id: '1', simple: { limit: 1, period: 60 } }],
  kv_namespaces: [{ binding: 'KEYS' }],
  mtls_certificates: [{ binding: 'CERT', certificate_id: 'x' }],
  secrets: { required: ['S'] },
  triggers: { crons: ['*/5 * * * *'] },
  cache: { enabled: false },
  vars: {
    GATEWAY: { log_sample: 1, blocked_clients: ['a'] },
    ISSUERS: { main: { issuer: 'https://issuer.example/', claims: { use: 'access' } } },
    API_X: {
      origin: 'service:ORIGIN',
      audience: ['x'],
      hosts: ['api.example.com'],
      origin_headers: { 'x-s': 'secret:S' },
      cors: { origins: ['https://app.example'] },
      routes: { 'GET /x': { scopes_all: ['a'], report: { clients: ['c'] } }, 'POST /x': {} },
    },
    API_X_2: { extends: 'API_X', routes: { 'GET /y': { rate_limit: 'LIMIT' } } },
    PLAIN: 'x',
  },
  env: { p: { vars: {} } },
};

/** Every path in it. */
function paths(value: unknown, at: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [at];
  return [
    at,
    ...Object.entries(value).flatMap(([name, one]) =>
      paths(one, [...at, Array.isArray(value) ? Number(name) : name]),
    ),
  ];
}

function put(value: unknown, [name, ...rest]: (string | number)[], other: unknown): unknown {
  if (name === undefined) return other;
  const copy: Record<string | number, unknown> = Array.isArray(value)
    ? ([...value] as never)
    : { ...(value as object) };
  copy[name] = put(copy[name], rest, other);
  return copy;
}

const OTHERS = [null, [], {}, '', 'x', 0, -1.5, true, [null], [[]], { a: null }, [{}]];

describe('a value of another kind', () => {
  it('has nothing wrong before', () => {
    const results = checkPolicy(parsePolicyFile('wrangler.jsonc', JSON.stringify(CONFIG)));
    expect(results[0]?.faults).toEqual([]);
  });

  it.each(paths(CONFIG).map((path) => [path.join('.'), path] as const))('at %s is checked', (_name, path) => {
    for (const other of OTHERS) {
      const text = JSON.stringify(put(CONFIG, path, other), null, '\t');
      try {
        checkPolicy(parsePolicyFile('wrangler.jsonc', text));
      } catch (error) {
        if (!(error instanceof CommandError))
          throw new Error(`${path.join('.')} as ${JSON.stringify(other)}`, { cause: error });
      }
    }
  });

  it('does not disturb other commands', async () => {
    const write = makeFolder();
    const pick = fc.sample(fc.tuple(fc.constantFrom(...paths(CONFIG)), fc.constantFrom(...OTHERS)), {
      numRuns: 40,
      seed: 7,
    });
    for (const [path, other] of pick) {
      const file = write('wrangler.jsonc', JSON.stringify(put(CONFIG, path, other)));
      for (const args of [
        ['routes'],
        ['diff', file, file],
        ['explain', 'GET', 'https://api.example.com/x', '--offline'],
      ]) {
        const { stderr } = await claimgate([...args, ...(args[0] === 'diff' ? [] : ['--config', file])]);
        expect(stderr, `${args[0]}: ${path.join('.')} as ${JSON.stringify(other)}`).not.toContain(
          'unexpected',
        );
      }
    }
  });
});

describe('what a message says of TOML, said of JSON', () => {
  it.each([
    [
      'add [[services]] with binding = "A = [b]" to wrangler.toml',
      'add "services": [{ … }] with "binding": "A = [b]" to the configuration',
    ],
    [
      'add a table [vars.ISSUERS.<name>] with issuer = "https://…"',
      'add a table "ISSUERS": { "<name>": { … } } under "vars" with "issuer": "https://…"',
    ],
    [
      'add one like "GET /orders" = { scopes_all = ["a"] }',
      'add one like "GET /orders": { "scopes_all": ["a"] }',
    ],
    [
      'write required = ["S"] under [secrets] of this environment',
      'write "required": ["S"] under "secrets" of this environment',
    ],
    [
      'add [[env.p-1.durable_objects.bindings]] with name = "R"',
      'add "env": { "p-1": { "durable_objects": { "bindings": [{ … }] } } } with "name": "R"',
    ],
    ['tables under [vars] are policy', 'tables under "vars" are policy'],
    ['hosts[0] is no host', 'hosts[0] is no host'],
  ])('%s', (toml, json) => {
    expect(sayInJson(toml)).toBe(json);
  });
});
