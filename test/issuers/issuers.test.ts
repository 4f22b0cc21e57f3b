/**
 * Real issuers, by the shapes that their documentation gives for tokens, metadata and keys, in front of the gateway.
 * The policies and what must not pass are read out of docs/issuers.md.
 */
import { describe, expect, it } from 'vitest';
import { policyOf, refusedIn, sections, table } from './page.ts';
import type { IssuerCase, Sample } from './sample.ts';
import { access } from './shapes/access.ts';
import { auth0 } from './shapes/auth0.ts';
import { clerk } from './shapes/clerk.ts';
import { cognito } from './shapes/cognito.ts';
import { entraTenants, entraV1, entraV2 } from './shapes/entra.ts';
import { github } from './shapes/github.ts';
import { google } from './shapes/google.ts';
import { keycloak } from './shapes/keycloak.ts';
import { okta } from './shapes/okta.ts';
import { own } from './shapes/own.ts';
import { server } from './shapes/server.ts';
import { workos } from './shapes/workos.ts';
import { ask } from './world.ts';

const makers = [
  auth0,
  okta,
  entraV2,
  entraV1,
  entraTenants,
  keycloak,
  cognito,
  google,
  github,
  access,
  clerk,
  workos,
  own,
  server,
];
const cases = await Promise.all(makers.map((make) => make()));

type Tables = Record<string, unknown>;

function send({ section, documents, env }: IssuerCase, sample: Sample, change = (vars: Tables) => vars) {
  const policy = change(sample.policy?.(policyOf(section)) ?? policyOf(section));
  return ask(sample, policy, { ...documents, ...sample.documents }, env);
}

/** The policy without a field of its issuers. */
const without = (field: string) => (vars: Tables) => {
  const issuers = Object.entries(vars['ISSUERS'] as Record<string, Tables>).map(([name, issuer]) => {
    expect(issuer).toHaveProperty(field);
    const { [field]: _left, ...rest } = issuer;
    return [name, rest];
  });
  return { ...vars, ISSUERS: Object.fromEntries(issuers) };
};

describe('docs/issuers.md', () => {
  it('has no issuer that is not tried', () => {
    expect(cases.map(({ section }) => section)).toEqual(sections);
    expect([...table.keys()]).toEqual(sections);
  });
});

describe.each(cases.map((one) => [one.section, one] as const))('%s', (section, one) => {
  const refused = Object.entries(one.refused);

  it.each(Object.entries(one.passes))('passes: %s', async (_name, sample) => {
    const { status, reason, asked, received } = await send(one, sample);
    expect([status, reason]).toEqual([200, undefined]);
    expect(asked).toEqual(sample.asked);
    const headers = Object.keys(sample.forwarded).map((name) => [name, received[0]?.headers.get(name)]);
    expect(Object.fromEntries(headers)).toEqual(sample.forwarded);
  });

  it('has a token for each line of the page', () => {
    expect(refused.map(([name]) => name).sort()).toEqual([...refusedIn(section).keys()].sort());
  });

  it.each(refused)('refuses: %s', async (name, sample) => {
    const { status, reason, received } = await send(one, sample);
    expect({ status, reason }).toEqual(refusedIn(section).get(name));
    expect(received).toHaveLength(0);
  });

  const needing = refused.filter(([, { passesWithout }]) => passesWithout !== undefined);
  if (needing.length > 0) {
    it.each(needing)('only its setting keeps out: %s', async (_name, sample) => {
      const { status } = await send(one, sample, without(sample.passesWithout as string));
      expect(status).toBe(200);
    });
  }
});
