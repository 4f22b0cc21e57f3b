/** What makes load look like that of a site in use. */

/** What a browser sends besides, to an API of the page's own site. */
export const BROWSER_HEADERS: readonly string[] = [
  'accept-language: de-CH,de;q=0.9,en;q=0.8',
  'cookie: theme=dark; consent=2026-01-04; _ga=GA1.1.1234567890.1767500000',
  'origin: https://app.example.com',
  'referer: https://app.example.com/orders?page=2',
  'sec-ch-ua: "Chromium";v="142", "Not_A Brand";v="99"',
  'sec-ch-ua-mobile: ?0',
  'sec-ch-ua-platform: "Linux"',
  'sec-fetch-dest: empty',
  'sec-fetch-mode: cors',
  'sec-fetch-site: same-site',
  'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
];

/** Of the known callers, the n-th comes as often as 1/n of the first one. */
export function mixTokens(known: readonly string[], fresh: readonly string[], length: number): string[] {
  const every = Math.floor(length / fresh.length);
  const scale = Math.log(known.length + 1);
  return Array.from({ length }, (_, i) => {
    const chosen = known[Math.floor(Math.exp(Math.random() * scale)) - 1] as string;
    return i % every === 0 ? (fresh[i / every] ?? chosen) : chosen;
  });
}
