/** One file that asks nobody: the page as HTML. */
import { createHash } from 'node:crypto';
import type { PageData } from '../../page/data.ts';
import type { ConsoleShell } from '../../page/live-data.ts';
import type { PageParts } from './bundle.ts';

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Data is JSON in an element that no browser runs; `<` is escaped, so that no text can end it. */
const asData = (data: PageData | ConsoleShell) => JSON.stringify(data).replaceAll('<', '\\u003c');

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);

/** @param data without a policy, the page asks the console that served it, and nobody else */
export function renderPage(data: PageData | ConsoleShell, { script, style }: PageParts): string {
  const isConsole = 'console' in data;
  // A script that has the end of its element in a text would end there.
  const safeScript = script.replaceAll('</script', '<\\/script');
  const policy = `default-src 'none'; script-src ${hashOf(safeScript)}; style-src ${hashOf(style)}; ${isConsole ? "connect-src 'self'; " : ''}base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${isConsole ? 'claimgate console' : escapeHtml(`${data.file}: policy`)}</title>
<style>${style}</style>
</head>
<body>
<div id="page"><noscript>This page shows a policy of claimgate by a script that it brings along.</noscript></div>
<script type="application/json" id="data">${asData(data)}</script>
<script>${safeScript}</script>
</body>
</html>
`;
}
