/** Reads docs/issuers.md: its blocks are the policies of these tests, and its table is what must not pass. */
import { parse } from 'smol-toml';
import page from '../../docs/issuers.md?raw';

type Tables = Record<string, unknown>;

export interface Answer {
  readonly status: number;
  readonly reason: string;
}

/** The sections that have a policy. */
export const sections: readonly string[] = [...page.matchAll(/^## (.*)\n\n```toml$/gm)].map(
  ([, title = '']) => title,
);

/** The policy of a section. */
export function policyOf(section: string): Tables {
  const [, rest = ''] = page.split(`\n## ${section}\n`);
  const [, toml] = /```toml\n([\s\S]*?)```/.exec(rest.split('\n## ')[0] ?? '') ?? [];
  if (toml === undefined) throw new Error(`no policy under "${section}"`);
  return parse(toml)['vars'] as Tables;
}

/** The refused tokens of a section, by name. */
export function refusedIn(section: string): ReadonlyMap<string, Answer> {
  return table.get(section) ?? new Map();
}

/** The issuers of the table. */
export const table = readTable();

function readTable(): ReadonlyMap<string, ReadonlyMap<string, Answer>> {
  const found = new Map<string, Map<string, Answer>>();
  let issuer = '';
  for (const [, named = '', status, reason = '', tokens = ''] of page.matchAll(
    /^\|([^|]*)\| ([0-9]{3}) `([a-z_]+)` \| (.*) \|$/gm,
  )) {
    issuer = named.trim() === '' ? issuer : named.trim();
    const rows = found.get(issuer) ?? new Map<string, Answer>();
    for (const token of tokens.split('; ')) rows.set(token, { status: Number(status), reason });
    found.set(issuer, rows);
  }
  return found;
}
