import { createGateway, type LogLine } from '../../src/gateway.ts';
import type { RequestLine } from '../../src/log.ts';
import { NOW_SECONDS } from '../support/issuer.ts';
import type { Documents, Sample } from './sample.ts';

type Tables = Record<string, unknown>;

/** One request to a gateway that has just started, in front of an issuer that is a set of documents. */
export async function ask(sample: Sample, policy: Tables, documents: Documents, env: Tables = {}) {
  const origin = new URL((Object.values(policy).find(isApi) as { origin: string }).origin).host;
  const asked: string[] = [];
  const received: Request[] = [];
  const logs: LogLine[] = [];

  async function fetchAnything(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input as RequestInfo, init);
    if (new URL(request.url).host === origin) {
      received.push(request);
      return new Response('from the origin');
    }
    asked.push(request.url);
    const document = documents[request.url];
    return document === undefined ? new Response('not found', { status: 404 }) : Response.json(document);
  }

  const gateway = createGateway({
    env,
    policy,
    log: (line) => logs.push(line),
    now: () => NOW_SECONDS * 1000,
    fetch: fetchAnything as typeof fetch,
  });
  const [method = '', path = ''] = sample.request.split(' ');
  const response = await gateway.fetch(
    new Request(`https://api.example.com${path}`, {
      method,
      headers: { [sample.header ?? 'authorization']: `${sample.header ? '' : 'Bearer '}${sample.token}` },
    }),
  );
  const line = logs.findLast((one): one is RequestLine => 'decision' in one);
  return {
    status: response.status,
    reason: line?.reason,
    /** What the issuer was asked, in order. */
    asked,
    received,
  };
}

const isApi = (table: unknown) => Object.hasOwn(table as object, 'origin');
