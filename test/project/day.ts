/** A day of a gateway, as its log has it: a request every 24 seconds from 08:00 to 12:00, in which something happens at 10:00. */
import type { RequestLine } from '../../src/log.ts';

const START = Date.UTC(2026, 10, 24, 8);
const EVERY_MS = 24_000;
const REQUESTS = 600;

const ROUTES = ['API_ORDERS GET /orders', 'API_ORDERS GET /orders/:id', 'API_ORDERS POST /orders'] as const;
const CLIENTS = ['web', 'shop', 'nightly'] as const;

export const timeOf = (i: number): string => new Date(START + i * EVERY_MS).toISOString();

type Happens = (request: {
  readonly route: string;
  readonly client: string;
  readonly i: number;
}) => Partial<RequestLine>;

/** @param later what is otherwise from 10:00 on, or in the log as a whole */
export function dayOf(later: Happens, always: Happens = () => ({})): string {
  return Array.from({ length: REQUESTS }, (_, i) => {
    const route = ROUTES[i % 3] ?? '';
    const client = CLIENTS[Math.floor(i / 3) % 3] ?? '';
    const [, method = '', pattern = ''] = route.split(' ');
    const usual = {
      time: timeOf(i),
      request_id: `r${i}`,
      method,
      route,
      decision: 'allow',
      status: 200,
      issuer: 'own',
      client,
      origin_ms: 20,
    };
    const line = {
      ...usual,
      ...always({ route, client, i }),
      ...(i >= REQUESTS / 2 && later({ route, client, i })),
    };
    const path = pattern.replace(':id', String(1_000 + i));
    return JSON.stringify(line.decision === 'deny' ? { host: 'api.example.com', path, ...line } : line);
  }).join('\n');
}

/** What a refused request has in place of a verified token. */
export const refused = (client: string, fields: Partial<RequestLine>): Partial<RequestLine> => ({
  decision: 'deny',
  status: 401,
  issuer: undefined,
  client: undefined,
  origin_ms: undefined,
  unverified_client: client,
  ...fields,
});
