import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it arrived, before anything was normalised. */
export interface RecordedRequest {
  readonly method: string;
  /** The raw request target. */
  readonly target: string;
  /** Names in lower case; repeated headers are listed separately. */
  readonly headers: readonly (readonly [string, string])[];
}

export interface RecordingOrigin {
  readonly url: string;
  readonly requests: RecordedRequest[];
  header(request: RecordedRequest | undefined, name: string): string | undefined;
  close(): Promise<void>;
}

/** A real HTTP server that records what it is asked, and answers by `respond`. */
export async function startOrigin(
  respond: (request: IncomingMessage, response: ServerResponse) => void = (_, response) =>
    response.end('from the origin'),
): Promise<RecordingOrigin> {
  const requests: RecordedRequest[] = [];
  const server: Server = createServer((request, response) => {
    const { rawHeaders } = request;
    const headers = rawHeaders.flatMap((name, i) =>
      i % 2 === 0 ? [[name.toLowerCase(), rawHeaders[i + 1] ?? ''] as const] : [],
    );
    requests.push({ method: request.method ?? '', target: request.url ?? '', headers });
    respond(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    header: (request, name) => request?.headers.find(([one]) => one === name)?.[1],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
