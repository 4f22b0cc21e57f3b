/** The policy for a Worker that is there: what its configuration lacks is added, and nothing else is touched. */
import type { Format } from '../formats/format.ts';
import { FORMATS } from '../formats/formats.ts';
import { renderJsonPair, renderJsonValue } from '../formats/inline-json.ts';
import { renderPair } from '../formats/inline-toml.ts';
import type { PolicyFile } from '../policy/file/config.ts';
import { compileSection, environmentOf, hasPolicy, parsePolicyFile } from '../policy/file/config.ts';
import { isTable, listOf, type Table } from '../text/json.ts';
import { CommandError } from '../text/terminal.ts';
import type { Answers } from './answers.ts';
import { apiName, firstRoutes } from './policy-file.ts';

export interface Added {
  readonly text: string;
  /** What a person has to look at, since the file says something of its own there. */
  readonly notes: readonly string[];
}

const CRON = '*/5 * * * *';
const CHECK = 'npx --no-install claimgate check';

/** Throws `CommandError` where the file has a policy, or is written in a way that can't be added to. */
export function addPolicy(file: PolicyFile, answers: Answers): Added {
  const section = environmentOf(file, undefined);
  if (hasPolicy(section))
    throw new CommandError(
      `${file.path} has a policy already, and nothing was written; claimgate check tells how it stands`,
    );
  const notes: string[] = [];
  const config = file.config as Table;
  const more = { ...bindingsFor(config, answers, notes), vars: varsFor(answers) };
  const text = isToml(file.format) ? appendToml(file.text, more) : editJsonc(file, config, more);
  if (text === undefined || !holds(file, text))
    throw new CommandError(
      `${file.path} is written in a way that this command does not add to; add the policy by hand (docs/policy.md has an example), then: claimgate check`,
    );
  return { text, notes };
}

const isToml = (format: Format) => format.title === FORMATS.toml.title;

/** The Worker's own handlers are the API, unless the answers name another place. */
function varsFor(answers: Answers): { ISSUERS: Table; api: string; table: Table; routes: Table } {
  const { issuer, audience, origin, host } = answers;
  const service = /^service:(.*)$/.exec(origin)?.[1];
  return {
    ISSUERS: { main: { issuer } },
    api: apiName(answers),
    table: {
      ...(host !== undefined && { hosts: [host] }),
      origin: service === undefined ? origin : `service:${bindingOf(service)}`,
      audience,
    },
    routes: firstRoutes(answers),
  };
}

const bindingOf = (service: string) => service.toUpperCase().replace(/[^A-Z0-9]+/g, '_');

interface More {
  readonly kv_namespaces?: readonly Table[];
  readonly services?: readonly Table[];
  readonly triggers?: Table;
  readonly build?: Table;
  readonly vars: ReturnType<typeof varsFor>;
}

function bindingsFor(config: Table, { origin }: Answers, notes: string[]): Omit<More, 'vars'> {
  const names = (field: string) => listOf(config[field]).map((one) => isTable(one) && one['binding']);
  const service = /^service:(.*)$/.exec(origin)?.[1];
  const { triggers, build } = config;
  const crons = isTable(triggers) ? listOf(triggers['crons']) : [];
  if (triggers !== undefined && !crons.includes(CRON))
    notes.push(`add the cron "${CRON}" to its triggers: it fetches the issuer's keys into KV`);
  if (build !== undefined)
    notes.push(`let its build command run \`${CHECK}\` too: it stops a deployment with errors in the policy`);
  return {
    ...(!names('kv_namespaces').includes('KEYS') && { kv_namespaces: [{ binding: 'KEYS' }] }),
    ...(service !== undefined &&
      !names('services').includes(bindingOf(service)) && {
        services: [{ binding: bindingOf(service), service }],
      }),
    ...(triggers === undefined && { triggers: { crons: [CRON] } }),
    ...(build === undefined && { build: { command: CHECK } }),
  };
}

/** Tables at the end of a file can stand wherever the others are. */
function appendToml(text: string, { kv_namespaces, services, triggers, build, vars }: More): string {
  const table = (header: string, fields: Table) =>
    [header, ...Object.entries(fields).map(([name, value]) => renderPair(name, value)), ''].join('\n');
  const { ISSUERS, api, table: apiTable, routes } = vars;
  const parts = [
    '# --- claimgate: the policy. Nothing passes that is not named here. ---\n',
    ...(build === undefined ? [] : [table('[build]', build)]),
    ...(triggers === undefined ? [] : [table('[triggers]', triggers)]),
    ...(kv_namespaces ?? []).map((one) => table('[[kv_namespaces]]', one)),
    ...(services ?? []).map((one) => table('[[services]]', one)),
    ...Object.entries(ISSUERS).map(([name, one]) => table(`[vars.ISSUERS.${name}]`, one as Table)),
    table(`[vars.${api}]`, apiTable),
    table(`[vars.${api}.routes]`, routes),
  ];
  return `${text === '' || text.endsWith('\n') ? text : `${text}\n`}\n${parts.join('\n')}`;
}

function editJsonc(file: PolicyFile, config: Table, { vars, ...more }: More): string | undefined {
  const merged: Record<string, unknown> = { ...config, ...more };
  for (const field of ['kv_namespaces', 'services'] as const)
    if (more[field] !== undefined) merged[field] = [...listOf(config[field]), ...more[field]];
  const { ISSUERS, api, table, routes } = vars;
  const own = config['vars'];
  const policy = { ...(isTable(own) ? own : {}), ISSUERS, [api]: { ...table, routes } };
  if (own === undefined) merged['vars'] = policy;
  const text = file.format.edit(file.text, { place: [], before: config, after: merged });
  const edited =
    own === undefined || text === undefined
      ? text
      : file.format.edit(text, { place: ['vars'], before: own as Table, after: policy });
  return edited && spread(spread(edited, 'ISSUERS', ISSUERS, 1), api, policy[api], 2);
}

/** A table that was added on one line, over several: routes are read one by one. @param depth of what is spread */
function spread(text: string, name: string, value: unknown, depth: number): string {
  const line = renderJsonPair(name, value);
  const at = text.indexOf(line);
  if (at === -1) return text;
  const [, indent = ''] = /(?:^|\n)([ \t]*)[^\n]*$/.exec(text.slice(0, at)) ?? [];
  const write = (inner: unknown, left: number, inset: string): string => {
    if (left === 0 || !isTable(inner)) return renderJsonValue(inner);
    const lines = Object.entries(inner).map(
      ([key, one]) => `${inset}  ${JSON.stringify(key)}: ${write(one, left - 1, `${inset}  `)}`,
    );
    return `{\n${lines.join(',\n')}\n${inset}}`;
  };
  const spreadPair = `${JSON.stringify(name)}: ${write(value, depth, indent)}`;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  return text.slice(0, at) + spreadPair.replaceAll('\n', eol) + text.slice(at + line.length);
}

/** What was there must be there still, and the policy must compile. */
function holds(file: PolicyFile, text: string): boolean {
  try {
    const changed = parsePolicyFile(file.path, text);
    const section = environmentOf(changed, undefined);
    const before = file.config as Table;
    const now = changed.config as Table;
    const isKept = Object.keys(before).every(
      (name) =>
        ['vars', 'kv_namespaces', 'services'].includes(name) ||
        JSON.stringify(before[name]) === JSON.stringify(now[name]),
    );
    return isKept && compileSection(section).ok;
  } catch {
    return false;
  }
}
