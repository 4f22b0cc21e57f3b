/** Compares bindings that a policy names: the same name may be another service tomorrow. */
import type { Issuer, Policy } from '../../../src/policy/policy.ts';
import { signersOf } from '../../../src/policy/signals.ts';
import { isTable, listOf, type Table } from '../../text/json.ts';
import { fetcherIn } from '../file/bindings.ts';
import type { Section } from '../file/config.ts';
import { type Change, type Difference, type OtherChange, placedDifference } from './difference.ts';

interface Kind {
  readonly section: 'fetchers' | 'mtls_certificates' | 'kv_namespaces' | 'ratelimits';
  /** The member that has the binding's name. */
  readonly name: string;
}

/** Whatever can fetch: services, assets, private networks. */
const SERVICES: Kind = { section: 'fetchers', name: 'binding' };
const CERTIFICATES: Kind = { section: 'mtls_certificates', name: 'binding' };
const NAMESPACES: Kind = { section: 'kv_namespaces', name: 'binding' };
const LIMITS: Kind = { section: 'ratelimits', name: 'name' };

/** These say how the gateway is reached, and what it runs and needs. None is policy, and most could go around it. */
const AROUND = ['main', 'route', 'routes', 'workers_dev', 'preview_urls', 'secrets'] as const;

interface Sides<T> {
  readonly old: T;
  readonly now: T;
}

/**
 * Bindings that both policies use and that became others: whose keys are believed, which origin gets the claims.
 * A namespace that wrangler makes by itself has no id, and can't be told from another.
 */
export function bindingDifferences(policies: Sides<Policy>, sections: Sides<Section>): Difference[] {
  const both = (names: (policy: Policy) => readonly (string | undefined)[]) =>
    names(policies.old).filter(
      (name) => name !== undefined && names(policies.now).includes(name),
    ) as string[];
  const issuers = both((policy) => signersOf<Issuer>(policy).map(({ service }) => service));
  const origins = both(({ apis }) =>
    apis.map(({ origin }) => (origin.kind === 'service' ? origin.binding : undefined)),
  );
  const certificates = both(({ apis }) => apis.map(({ mtls }) => mtls));
  const hasPolicies = policies.old.apis.length > 0 && policies.now.apis.length > 0;
  return [
    ...changed('widened', SERVICES, issuers, sections),
    ...changed('widened', NAMESPACES, hasPolicies ? ['KEYS'] : [], sections),
    ...revocationObject(policies, sections),
    ...changed('moved', SERVICES, origins, sections),
    ...changed('moved', CERTIFICATES, certificates, sections),
  ];
}

/** Another class, or that of another Worker, has another list: what is revoked in the old one is not in it. */
function revocationObject(policies: Sides<Policy>, sections: Sides<Section>): Difference[] {
  const [before, now] = [policies.old.settings.revocation, policies.now.settings.revocation];
  if (before === undefined || now === undefined) return [];
  const [old, after] = [writeObject(before, sections.old), writeObject(now, sections.now)];
  return old === after ? [] : [placedDifference('widened', `durable_objects.bindings.${now}`, old, after)];
}

function writeObject(name: string, { durable_objects: objects }: Section): string {
  const table = listOf(objects?.bindings)
    .filter(isTable)
    .find((one) => one['name'] === name);
  return table === undefined ? 'not bound' : writeMembers(table, 'name');
}

function changed(
  change: Change,
  kind: Kind,
  names: readonly string[],
  sections: Sides<Section>,
): Difference[] {
  return [...new Set(names)].flatMap((name): Difference[] => {
    const before = write(kind, name, sections.old);
    const now = write(kind, name, sections.now);
    if (before === now) return [];
    const field = kind === SERVICES ? (fetcherIn(sections.now, name)?.field ?? 'services') : kind.section;
    return [placedDifference(change, `${field}.${name}`, before, now)];
  });
}

/** Compares the other bindings, and how requests come in. */
export function fileChanges({ old, now }: Sides<Section>): OtherChange[] {
  const limits = new Set(
    [...tables(old, LIMITS), ...tables(now, LIMITS)].map((table) => String(table[LIMITS.name])),
  );
  return [
    ...[...limits].map((name) => ({
      place: `ratelimits.${name}`,
      before: write(LIMITS, name, old),
      now: write(LIMITS, name, now),
    })),
    ...AROUND.map((field) => ({
      place: field,
      before: text((old as Table)[field]),
      now: text((now as Table)[field]),
    })),
  ].filter(({ before, now: after }) => before !== after);
}

function write(kind: Kind, name: string, section: Section): string {
  const fetcher = kind === SERVICES ? fetcherIn(section, name) : undefined;
  const table = fetcher?.table ?? tables(section, kind).find((one) => one[kind.name] === name);
  if (table === undefined) return 'not bound';
  return writeMembers(table, kind.name);
}

/** @param name the member that is left out */
function writeMembers(table: Table, name: string): string {
  const { [name]: _, ...rest } = table;
  return Object.entries(rest)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([member, value]) => `${member} ${text(value)}`)
    .join(', ');
}

function tables(section: Section, { section: field }: Kind): readonly Table[] {
  return field === 'fetchers' ? [] : listOf(section[field]).filter(isTable);
}

const text = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));
