/** Covers what people who look over a shoulder must not see, nor the log of a pipeline have. */

export const SECRET_NAME =
  /authorization|cookie|token|secret|passw|pwd|session|assertion|jwt|signature|credential|^x-auth|(^|[-_])(key|code|sig)$/i;

/** The beginning of a token, which tells nothing: that of its header. */
export function maskToken(token: string): string {
  const head = token.startsWith('eyJ') ? token.slice(0, 6) : '';
  return `${head}… (${token.length} characters)`;
}

/** Headers by name; values that may be secrets are covered, but for the words of this tool. */
export function maskHeaders(headers: Headers): [name: string, value: string][] {
  return [...headers].map(([name, value]) => {
    if (!SECRET_NAME.test(name) || /^\((from secret|signed for) /.test(value)) return [name, value];
    const [, scheme = '', rest = ''] = /^(bearer\s+|basic\s+)?(.*)$/is.exec(value) ?? [];
    return [name, scheme + maskToken(rest)];
  });
}

/** Values of query parameters that may be secrets are covered. */
export function maskUrl(url: string): string {
  return url.replace(/([?&])([^=&#]*)=([^&#]*)/g, (whole, before: string, name: string, value: string) =>
    SECRET_NAME.test(name) && value !== '' ? `${before}${name}=…` : whole,
  );
}
