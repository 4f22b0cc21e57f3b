/** Small files beside the policy: what git leaves out, scripts, secrets to set, a section for who comes next. */
import { FORMATS } from '../formats/formats.ts';
import { isTable, parseJson } from '../text/json.ts';
import { type Change, readIfThere } from './changes.ts';

const IGNORED = ['node_modules/', '.wrangler/', '.dev.vars*', '!.dev.vars.example'];
const SCRIPTS = {
  'policy:check': 'claimgate check',
  'policy:test': 'claimgate test --min-coverage 100',
  'policy:diff': 'claimgate diff',
};
const HEADING = '## The gateway';

/** @param config the name of wrangler's configuration */
export function besideFiles(folder: string, config: string): Change[] {
  const make = (path: string, write: (before: string | undefined) => string | undefined): Change[] => {
    const before = readIfThere(folder, path);
    const after = write(before);
    return after === undefined || after === before ? [] : [{ path, before, after }];
  };
  return [
    ...make('.gitignore', addIgnored),
    ...make('package.json', addScripts),
    ...make('.dev.vars.example', (before) => before ?? DEV_VARS),
    ...make('README.md', (before) => addSection(before, config)),
  ];
}

function addIgnored(before = ''): string {
  const has = (line: string) =>
    before.split(/\r?\n/).some((one) => one.trim().replace(/^\/|\/$/g, '') === line.replace(/\/$/, ''));
  const missing = IGNORED.filter((line) => !has(line));
  return missing.length === 0 ? before : `${endLine(before)}${missing.join('\n')}\n`;
}

/** A script that is there stays as it is. @returns `undefined` where there is no package to add to, or it is broken */
function addScripts(before: string | undefined): string | undefined {
  const known = before === undefined ? undefined : parseJson(before.replace(/^\ufeff/, ''));
  if (before === undefined || !isTable(known)) return undefined;
  const scripts = isTable(known['scripts']) ? known['scripts'] : undefined;
  if (known['scripts'] !== undefined && scripts === undefined) return undefined;
  const after = { ...SCRIPTS, ...scripts };
  return scripts === undefined
    ? FORMATS.json.edit(before, { place: [], before: known, after: { ...known, scripts: after } })
    : FORMATS.json.edit(before, { place: ['scripts'], before: scripts, after });
}

const DEV_VARS = `# Secrets that the policy names, for this machine: copy this file to .dev.vars, which git leaves out.
# At Cloudflare: npx --no-install wrangler secret put NAME
# ORIGIN_SECRET="…"
`;

function addSection(before: string | undefined, config: string): string {
  if (before?.includes(HEADING)) return before;
  const section = `${HEADING}

\`${config}\` says who may call what; [claimgate](node_modules/claimgate/README.md) enforces it.

\`\`\`sh
npx --no-install wrangler dev             # the gateway, on this machine
npx --no-install claimgate check          # what is wrong or dangerous
npx --no-install claimgate routes         # who gets in where
npx --no-install claimgate test --init    # after a change of the routes: makes their cases
npx --no-install claimgate test           # runs them
\`\`\`
`;
  return before === undefined ? section : `${endLine(before)}\n${section}`;
}

const endLine = (text: string) => (text === '' || text.endsWith('\n') ? text : `${text}\n`);
