/** What the console's page asks its own server: the parts that answer don't know of HTTP. */

export interface ConsoleRequest {
  readonly query: URLSearchParams;
  /** JSON; `undefined`: none came. */
  readonly body: unknown;
}

export interface ConsoleReply {
  readonly status: number;
  /** JSON. */
  readonly body: unknown;
}

export type ConsoleHandler = (request: ConsoleRequest) => Promise<ConsoleReply>;

/** Handlers by method and path: `POST /api/issuer/clients`. */
export type ConsoleApi = Readonly<Record<string, ConsoleHandler>>;
