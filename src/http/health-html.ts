/** The health as a page for people. It has no script. */

export interface IssuerHealth {
  readonly status: string;
  readonly freshness: string;
  readonly keys: number;
  readonly checked_at: string | null;
  readonly age_s: number | null;
  readonly last_failure: {
    readonly at: string;
    readonly cause: string;
    readonly http_status: number | undefined;
  } | null;
}

/** What an isolate knows of revocations and switches. */
export interface RevocationHealth {
  readonly status: string;
  readonly version: number | null;
  readonly entries: number;
  readonly switches: number;
  readonly published_at: string | null;
  /** Since KV or the object said it last. */
  readonly age_s: number | null;
}

export interface Health {
  readonly status: string;
  readonly revocation?: RevocationHealth;
  readonly issuers: Readonly<Record<string, IssuerHealth>>;
}

export const PAGE_CSP =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

const STYLE =
  ':root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}' +
  'table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem 1rem .3rem 0;border-top:1px solid #8886}';

const escapeHtml = (text: unknown) => String(text).replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);

export function renderHealthPage({ status, issuers, revocation }: Health): string {
  const rows = Object.entries(issuers).map(([name, one]) => {
    const failure = one.last_failure;
    const why =
      failure &&
      `${failure.at}: ${failure.cause}${failure.http_status === undefined ? '' : ` (HTTP ${failure.http_status})`}`;
    const checked = one.checked_at === null ? 'never' : `${one.checked_at}, ${one.age_s} s ago`;
    const cells = [name, one.status, `${one.keys} (${one.freshness})`, checked, why ?? 'none'];
    return `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;
  });
  const told =
    revocation &&
    `Revocation: ${revocation.status}, ${revocation.entries} revoked, ${revocation.switches} switches, read ${revocation.age_s ?? '–'} s ago`;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Gateway: ${escapeHtml(status)}</title><style>${STYLE}</style><main><h1>The gateway is up: ${escapeHtml(status)}</h1><table><thead><tr><th scope="col">Issuer<th scope="col">Status<th scope="col">Keys<th scope="col">Checked<th scope="col">Last failure</thead><tbody>${rows.join('')}</tbody></table>${told === undefined ? '' : `<p>${escapeHtml(told)}</p>`}</main></html>\n`;
}
