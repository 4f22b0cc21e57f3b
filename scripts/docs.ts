/**
 * `npm run docs`: writes what the schema says of the policy into docs/policy.schema.json (for editors) and into the
 * tables of docs/policy.md, what the check looks for into docs/check.md, the reasons into docs/reasons.md, the
 * schemas of the logs, the clauses that tests show into docs/conformance.md, what users
 * may rely on into docs/public-surface.txt, and all messages into docs/messages.txt. A test fails where they are out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { RULES } from '../cli/policy/check/kinds.ts';
import { type JsonSchema, toJsonSchema as json, renderSchema } from '../cli/policy/file/json-schema.ts';
import {
  apiSchema,
  assertionSchema,
  assertionSettingsSchema,
  corsSchema,
  issuerSchema,
  routeSchema,
  settingsSchema,
  signalSchema,
  subjectsSchema,
} from '../src/policy/compile/schema.ts';
import { IDENTITY_HEADERS_OF_OTHERS } from '../src/policy/identity-headers.ts';
import { wantSchema } from '../src/policy/rules/claims.ts';
import { renderConformancePage } from './conformance-page.ts';
import { renderIssuerLogSchema, renderLogSchema } from './log-schema.ts';
import { MESSAGES_FILE, renderMessages } from './messages.ts';
import { renderReasonsPage } from './reasons-page.ts';
import { renderSurface, SURFACE_FILE } from './surface/surface.ts';
import { wrapMarkdown } from './wrap-markdown.ts';

export { renderConformancePage, renderIssuerLogSchema, renderLogSchema, renderReasonsPage, renderSchema };

const SCHEMA_FILE = 'docs/policy.schema.json';
const LOG_SCHEMA_FILE = 'docs/log.schema.json';
const ISSUER_LOG_SCHEMA_FILE = 'docs/issuer-log.schema.json';
const POLICY_PAGE = 'docs/policy.md';
const CHECK_PAGE = 'docs/check.md';
const ORIGINS_PAGE = 'docs/origins.md';
const REASONS_PAGE = 'docs/reasons.md';
const CONFORMANCE_PAGE = 'docs/conformance.md';

/** Fills the table of identity headers. */
export function renderOriginsPage(page: string): string {
  const rows = IDENTITY_HEADERS_OF_OTHERS.map(({ by, names }) => {
    const written = names.map((name) => `\`${name.endsWith('-') ? `${name}…` : name}\``);
    return `| ${by} | ${written.join(', ')} |`;
  });
  const table = ['| set by | headers |', '|---|---|', ...rows].join('\n');
  return page.replace(
    /(<!-- identity headers -->\n)[\s\S]*?(<!-- end -->)/,
    (_whole, start: string, end: string) => `${start}${table}\n${end}`,
  );
}

const TABLES = {
  gateway: settingsSchema,
  issuer: issuerSchema,
  api: apiSchema,
  route: routeSchema,
  cors: corsSchema,
  assertion: assertionSchema,
  assertions: assertionSettingsSchema,
  signals: signalSchema,
  subjects: subjectsSchema,
  claim: wantSchema,
} as const;

/** Fills the tables between `<!-- fields: NAME -->` and `<!-- end -->`. */
export function renderPolicyPage(page: string): string {
  return page.replace(
    /(<!-- fields: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (whole, start: string, name: string, end: string) => {
      const schema = TABLES[name as keyof typeof TABLES];
      return schema === undefined ? whole : `${start}${fieldTable(json(schema))}\n${end}`;
    },
  );
}

/** What a cell holds. A longer text stands in full below its table. */
const MAX_CELL = 120;

function fieldTable(schema: JsonSchema): string {
  const required = new Set(schema.required);
  const below: string[] = [];
  const rows = Object.entries(schema.properties ?? {}).map(([name, value]) => {
    const field = value as JsonSchema;
    const text = markCode(field.description ?? '');
    const demanded = required.has(name) ? ' **Required.**' : '';
    const type = typeText(field);
    const isLongType = type.length > MAX_CELL;
    const [cell, rest] = splitText(text, MAX_CELL - demanded.length);
    if (isLongType || rest !== '')
      below.push(`- \`${name}\`${isLongType ? `, ${type}` : ''}: ${(rest || text).replaceAll('\\|', '|')}`);
    return `| \`${name}\` | ${isLongType ? 'list, see below' : type} | ${cell}${demanded} |`;
  });
  const table = ['| field | type | meaning |', '|---|---|---|', ...rows].join('\n');
  return below.length === 0 ? table : wrapMarkdown(`${table}\n\n${below.join('\n')}`);
}

/** As many whole sentences as fit, and those behind them; where none fits, clauses, and the whole text. */
function splitText(text: string, width: number): [cell: string, rest: string] {
  if (text.length <= width) return [text, ''];
  for (const end of [/\.(?:\*\*)?(?= [A-Z`*"]|$)/g, /(?=[:;,(] ?)/g]) {
    const ends = [...text.matchAll(end)].map((found) => found.index + found[0].length);
    const last = ends.filter((at) => at > 0 && at <= width - 2).at(-1);
    if (last !== undefined)
      return [`${text.slice(0, last)} …`, end.source.startsWith('\\.') ? text.slice(last).trim() : text];
  }
  return ['See below.', text];
}

function typeText(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
  if (schema.anyOf !== undefined)
    return [...new Set(schema.anyOf.map((one) => typeText(one as JsonSchema)))].join(' or ');
  if (schema.type === 'array')
    return `list of ${typeText(schema.items as JsonSchema).replace(/^(string|value)$/, '$1s')}`;
  if (schema.type === 'object') return 'table';
  // Text, number or boolean.
  return Array.isArray(schema.type) ? 'value' : String(schema.type);
}

/** Examples are TOML: they read as code. */
const markCode = (text: string) => text.replace(/Example: (.*)\.$/, 'Example: `$1`.').replaceAll('|', '\\|');

/** Fills the lists between `<!-- rules: error|warning -->` and `<!-- end -->`. */
export function renderCheckPage(page: string): string {
  return page.replace(
    /(<!-- rules: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_whole, start: string, severity: string, end: string) => {
      const rules = RULES.filter((rule) => (rule.severity ?? 'warning') === severity);
      return wrapMarkdown(`${start}${rules.map(renderRule).join('\n')}\n${end}`);
    },
  );
}

const renderRule = ({ name, finds, why, remedy, needs }: (typeof RULES)[number]) =>
  `### ${name}\n\n${sentence(finds)}${needs === undefined ? '' : ` Needs ${needs}.`}\n\n- Why: ${why}.\n- What to do: ${remedy}.\n`;

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

if (import.meta.main) {
  writeFileSync(SCHEMA_FILE, renderSchema());
  writeFileSync(LOG_SCHEMA_FILE, renderLogSchema());
  writeFileSync(ISSUER_LOG_SCHEMA_FILE, renderIssuerLogSchema());
  writeFileSync(POLICY_PAGE, renderPolicyPage(readFileSync(POLICY_PAGE, 'utf8')));
  writeFileSync(REASONS_PAGE, renderReasonsPage());
  writeFileSync(CONFORMANCE_PAGE, renderConformancePage());
  writeFileSync(CHECK_PAGE, renderCheckPage(readFileSync(CHECK_PAGE, 'utf8')));
  writeFileSync(MESSAGES_FILE, renderMessages());
  writeFileSync(SURFACE_FILE, await renderSurface());
  writeFileSync(ORIGINS_PAGE, renderOriginsPage(readFileSync(ORIGINS_PAGE, 'utf8')));
}
