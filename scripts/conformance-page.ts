/** docs/conformance.md: which test shows which clause. A test says it in its name: `(RFC 6750 §2.1)`. */
import { type TestName, testNames } from './test-names.ts';

/** By the RFC editor's index. A test that cites another one asks for its title here. */
const TITLES: Readonly<Record<string, string>> = {
  3986: 'Uniform Resource Identifier (URI): Generic Syntax',
  4918: 'HTTP Extensions for Web Distributed Authoring and Versioning (WebDAV)',
  6455: 'The WebSocket Protocol',
  6570: 'URI Template',
  6749: 'The OAuth 2.0 Authorization Framework',
  6750: 'The OAuth 2.0 Authorization Framework: Bearer Token Usage',
  7515: 'JSON Web Signature (JWS)',
  7517: 'JSON Web Key (JWK)',
  7518: 'JSON Web Algorithms (JWA)',
  7519: 'JSON Web Token (JWT)',
  7521: 'Assertion Framework for OAuth 2.0 Client Authentication and Authorization Grants',
  7523: 'JWT Profile for OAuth 2.0 Client Authentication and Authorization Grants',
  7638: 'JSON Web Key (JWK) Thumbprint',
  7800: 'Proof-of-Possession Key Semantics for JWTs',
  8414: 'OAuth 2.0 Authorization Server Metadata',
  8417: 'Security Event Token (SET)',
  8707: 'Resource Indicators for OAuth 2.0',
  8725: 'JSON Web Token Best Current Practices',
  8935: 'Push-Based Security Event Token (SET) Delivery Using HTTP',
  8936: 'Poll-Based Security Event Token (SET) Delivery Using HTTP',
  9068: 'JWT Profile for OAuth 2.0 Access Tokens',
  9110: 'HTTP Semantics',
  9111: 'HTTP Caching',
  9457: 'Problem Details for HTTP APIs',
  9493: 'Subject Identifiers for Security Event Tokens',
  9728: 'OAuth 2.0 Protected Resource Metadata',
  9864: 'Fully-Specified Algorithms for JOSE and COSE',
};

const CITED = /RFC ?(\d{4})(?: ?§ ?([\d.]*\d))?/g;
const MAX_CELL = 120;

interface Shown {
  readonly rfc: string;
  readonly clause: string;
  readonly what: string;
  readonly file: string;
}

/** @param tests those of the repository, unless a test of this page brings its own */
export function renderConformancePage(tests: readonly TestName[] = testNames()): string {
  const shown = new Map(tests.flatMap(clausesOf).map((one) => [JSON.stringify(one), one]));
  const byRfc = Object.groupBy(shown.values(), ({ rfc }) => rfc);
  const parts = Object.entries(byRfc).map(([rfc, rows = []]) => renderRfc(rfc, rows));
  return `<!-- Made by \`npm run docs\` from the names of the tests. Don't edit it. -->

# Conformance

For those who review claimgate, or compare it with another product. After this page you know which
clauses of which standards a test holds, and where that test is. Each row is the name of a test. A
clause that is not here may be met as well, but no test says so by its number.

On purpose, claimgate takes no token from a form or a query (RFC 6750 §2.2 and §2.3), and refuses
tokens that are bound to a key of the client (RFC 8705, RFC 9449), since it can't check that yet.

${parts.join('\n')}`;
}

/** A clause in a description counts once for all that it describes. */
function clausesOf({ file, path, title }: TestName): Shown[] {
  const names = [...path.slice(0, -1), /RFC ?\d{4}/.test(title) ? title : (path.at(-1) ?? '')];
  return names.flatMap((name, depth) =>
    [...name.matchAll(CITED)].map(([, rfc = '', clause = '']) => ({
      rfc,
      clause,
      what: sentence(names.slice(Math.max(depth - 1, 0), depth + 1).join(': ')),
      file,
    })),
  );
}

/** Without the clause, which has a column of its own; `…` stands for the values of a table that is not spelt out. */
const sentence = (name: string) =>
  name
    .replace(/ \((?:RFC[^)]*)\)/g, '')
    .replace(/\$\w+: |: %[sjid]$/g, '')
    .replace(/%[sjid]/g, '…')
    .replaceAll('|', '\\|');

function renderRfc(rfc: string, rows: readonly Shown[]): string {
  const title = TITLES[rfc];
  if (title === undefined)
    throw new Error(`a test cites RFC ${rfc}: give its title in scripts/conformance-page.ts`);
  const sorted = [...rows].sort((a, b) => byNumbers(a.clause, b.clause) || a.file.localeCompare(b.file));
  const lines = sorted.map(
    ({ clause, what, file }) => `| ${linkTo(rfc, clause)} | ${what} | ${fileCell(file)} |`,
  );
  for (const { what, file } of sorted)
    if (what.length > MAX_CELL) throw new Error(`${file}: the name "${what}" is too long for a table`);
  return `## RFC ${rfc}: ${title}\n\n| clause | what the test shows | file |\n|---|---|---|\n${lines.join('\n')}\n`;
}

const fileCell = (file: string) => `\`${file.replace(/^test\//, '')}\``;

const linkTo = (rfc: string, clause: string) =>
  clause === '' ? 'all' : `[§${clause}](https://www.rfc-editor.org/rfc/rfc${rfc}#section-${clause})`;

function byNumbers(a: string, b: string): number {
  const [left, right] = [a, b].map((clause) => clause.split('.').map(Number)) as [number[], number[]];
  const at = left.findIndex((number, i) => number !== right[i]);
  return at < 0 ? left.length - right.length : (left[at] ?? 0) - (right[at] ?? -1);
}
