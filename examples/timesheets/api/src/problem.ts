/** What went wrong, as the client is told (RFC 9457). */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
}

/** One fault of a body. */
export interface FieldError {
  /** The place, as a JSON Pointer in a URI fragment (RFC 6901 §6). */
  readonly pointer: string;
  readonly detail: string;
}

/** A value, or why there is none. */
export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Problem };

export const ok = <T>(value: T): Read<T> => ({ ok: true, value });

export const fail = (problem: Problem): { ok: false; problem: Problem } => ({ ok: false, problem });

export function renderProblem(problem: Problem): Response {
  const headers = new Headers({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
  // RFC 9110 §15.5.2 wants a challenge with every 401.
  if (problem.status === 401) headers.set('www-authenticate', 'Bearer');
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}
