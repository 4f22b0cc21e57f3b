/** Revocation in `diff`: what can be refused without a deployment, and what no longer can. */
import { describe, expect, it } from 'vitest';
import { bindingDifferences } from '../../../../cli/policy/diff/bindings.ts';
import { comparePolicies } from '../../../../cli/policy/diff/diff.ts';
import { environmentOf, parsePolicyFile, policyOf } from '../../../../cli/policy/file/config.ts';
import { policyText } from '../../support/policies.ts';

const OBJECT = `[[durable_objects.bindings]]
name = "REVOCATIONS"
class_name = "Revocations"`;
const WITH = `[vars.GATEWAY]\nrevocation = "REVOCATIONS"\n${OBJECT}`;

function read(more: string, routes?: string, issuer = '') {
  const file = parsePolicyFile(
    'wrangler.toml',
    policyText({ issuer: `max_token_age = 3600\n${issuer}`, more, ...(routes !== undefined && { routes }) }),
  );
  return { policy: policyOf(file, undefined), section: environmentOf(file, undefined) };
}

type Side = ReturnType<typeof read>;

async function changes(old: Side, now: Side): Promise<string[]> {
  const { findings, other } = await comparePolicies(old.policy, now.policy, 1_800_000_000);
  const bindings = bindingDifferences(
    { old: old.policy, now: now.policy },
    { old: old.section, now: now.section },
  );
  return [
    ...[...findings, ...bindings].map(({ change, place, routes }) =>
      [change, place, ...routes.map(({ pattern }) => pattern)].join(' '),
    ),
    ...other.map(({ place, before, now: after }) => `other ${place}: ${before} -> ${after}`),
  ];
}

const route = (key: string, more = '') => `"${key}" = { scopes_all = ["a"]${more} }`;
const STRICT = ', revocation = "strict"';

describe('diff of revocation', () => {
  const [off, on] = [read(''), read(WITH)];

  it('is narrower where it is asked for, and wider where it is gone', async () => {
    expect(await changes(off, on)).toEqual(['narrowed GATEWAY.revocation']);
    expect(await changes(on, off)).toEqual(['widened GATEWAY.revocation']);
    expect(await changes(on, on)).toEqual([]);
  });

  it('says another name of the same object among what matters less', async () => {
    expect(await changes(on, read(WITH.replaceAll('"REVOCATIONS"', '"LIST"')))).toEqual([
      'other GATEWAY.revocation: REVOCATIONS -> LIST',
    ]);
  });

  it.each([
    ['another class', WITH.replace('class_name = "Revocations"', 'class_name = "Other"')],
    ['the class of another Worker', `${WITH}\nscript_name = "other"`],
  ])('is wider with %s: its list has nothing of the old one', async (_what, more) => {
    expect(await changes(on, read(more))).toEqual(['widened durable_objects.bindings.REVOCATIONS']);
  });

  it('is narrower where a route becomes strict, and wider where it no longer is', async () => {
    const plain = read(WITH, `${route('GET /a')}\n${route('DELETE /a')}`);
    const strict = read(WITH, `${route('GET /a')}\n${route('DELETE /a', STRICT)}`);
    const place = 'API_X.routes."DELETE /a".revocation /a';
    expect(await changes(plain, strict)).toEqual([`narrowed ${place}`]);
    expect(await changes(strict, plain)).toEqual([`widened ${place}`]);
  });

  it('counts a strict route that a lax origin could mean', async () => {
    const old = read(WITH, `${route('GET /:id')}\n${route('GET /a', STRICT)}`);
    const now = read(WITH, `${route('GET /:id')}\n${route('GET /a')}`);
    expect(await changes(old, now)).toEqual(['widened API_X.routes."GET /a".revocation /:id /a']);
  });

  it('knows which tokens of an issuer a revocation is about', async () => {
    const issuer = (more: string) => read(WITH, undefined, more);
    const tolerance = await changes(issuer('clock_tolerance = 90'), issuer('clock_tolerance = 30'));
    expect(tolerance).toContain('widened ISSUERS.main.clock_tolerance');
    expect(await changes(issuer(''), issuer('clock_tolerance = 31'))).toContain(
      'narrowed ISSUERS.main.clock_tolerance',
    );
    const claim = await changes(issuer('client_claim = "cid"'), issuer('client_claim = "own"'));
    expect(claim).toContain('narrowed ISSUERS.main.client_claim');
    expect(claim.filter((one) => one === 'widened ISSUERS.main.client_claim')).toHaveLength(0);
  });

  it('says nothing of it where a policy is new', async () => {
    const { section } = on;
    const none = { policy: { ...on.policy, apis: [], hosts: new Map(), otherHosts: undefined }, section };
    expect((await changes(none, on)).filter((one) => one.includes('GATEWAY'))).toEqual([]);
  });
});
