import { beforeAll, describe, expect, it, vi } from 'vitest';
import { version } from '../../package.json';
import { fetchKeys } from '../../src/keys/discovery.ts';
import { makeKey, type SigningKey } from '../support/issuer.ts';
import { compiled } from '../support/policy.ts';

let key: SigningKey;
beforeAll(async () => {
  key = await makeKey();
});

function issuerWith(config: Record<string, unknown>) {
  const [issuer] = compiled({
    ISSUERS: { main: { issuer: 'https://issuer.example/tenant', ...config } },
    API_X: { origin: 'https://o.example', audience: 'a', routes: { 'GET /': {} } },
  }).issuers;
  if (issuer === undefined) throw new Error('no issuer');
  return issuer;
}

type Pages = Record<string, () => Response | Promise<Response>>;

/** A network with these pages; others are 404. */
function network(pages: Pages) {
  const asked: string[] = [];
  const fetch = async (url: string, init: RequestInit) => {
    asked.push(url);
    const page = pages[url];
    return page === undefined
      ? new Response('not found', { status: 404 })
      : page(...([init] as unknown as []));
  };
  return { fetch, asked };
}

const OPENID = 'https://issuer.example/tenant/.well-known/openid-configuration';
const RFC8414 = 'https://issuer.example/.well-known/oauth-authorization-server/tenant';
const OPENID_INSERTED = 'https://issuer.example/.well-known/openid-configuration/tenant';
const KEYS = 'https://keys.example/jwks';
const metadata = (more: object = {}) =>
  Response.json({ issuer: 'https://issuer.example/tenant', jwks_uri: KEYS, ...more });
const jwks = () => Response.json({ keys: [key.publicJwk] });

const outcome = async (config: Record<string, unknown>, pages: Pages) => {
  const { fetch, asked } = network(pages);
  const result = await fetchKeys(issuerWith(config), fetch);
  return { result: result.kind === 'fault' ? result.fault : result.keys.map(({ kid }) => kid), asked };
};

describe('fetchKeys', () => {
  it.each<[string, Record<string, unknown>, Pages, string[]]>([
    [
      'OpenID Connect Discovery, keys on another host',
      {},
      { [OPENID]: metadata, [KEYS]: jwks },
      [OPENID, KEYS],
    ],
    [
      'RFC 8414, where there is no OpenID document',
      {},
      { [RFC8414]: metadata, [KEYS]: jwks },
      [OPENID, RFC8414, KEYS],
    ],
    [
      'OpenID Connect, inserted as RFC 8414 §5 has it',
      {},
      { [OPENID_INSERTED]: metadata, [KEYS]: jwks },
      [OPENID, RFC8414, OPENID_INSERTED, KEYS],
    ],
    [
      'metadata_uri',
      { metadata_uri: 'https://m.example/meta' },
      { 'https://m.example/meta': metadata, [KEYS]: jwks },
      ['https://m.example/meta', KEYS],
    ],
    ['jwks_uri', { jwks_uri: KEYS }, { [KEYS]: jwks }, [KEYS]],
  ])('finds keys by %s', async (_why, config, pages, want) => {
    const { result, asked } = await outcome(config, pages);
    expect(result).toEqual(['key-1']);
    expect(asked).toEqual(want);
  });

  it.each<[string, Pages, string]>([
    [
      'metadata of another issuer (RFC 8414 §3.3)',
      { [OPENID]: () => metadata({ issuer: 'https://evil.example' }) },
      'issuer_mismatch',
    ],
    [
      'metadata of the issuer with a slash more',
      { [OPENID]: () => metadata({ issuer: 'https://issuer.example/tenant/' }) },
      'issuer_mismatch',
    ],
    ['metadata without jwks_uri', { [OPENID]: () => metadata({ jwks_uri: undefined }) }, 'metadata_invalid'],
    ['metadata that is a list', { [OPENID]: () => Response.json(['x']) }, 'issuer_mismatch'],
    ['metadata that is null', { [OPENID]: () => Response.json(null) }, 'metadata_invalid'],
    ['metadata that is HTML', { [OPENID]: () => new Response('<html>') }, 'not_json'],
    ['no metadata anywhere', {}, 'http_status'],
    [
      'an insecure jwks_uri (RFC 8414 §2)',
      { [OPENID]: () => metadata({ jwks_uri: 'http://keys.example/jwks' }) },
      'insecure_uri',
    ],
    [
      'a jwks_uri that is a file',
      { [OPENID]: () => metadata({ jwks_uri: 'file:///etc/passwd' }) },
      'insecure_uri',
    ],
    [
      'a jwks_uri with a user name',
      { [OPENID]: () => metadata({ jwks_uri: 'https://user@keys.example/' }) },
      'insecure_uri',
    ],
    [
      'a redirect',
      { [OPENID]: () => new Response(null, { status: 302, headers: { location: KEYS } }) },
      'redirect',
    ],
    [
      'a server error',
      { [OPENID]: metadata, [KEYS]: () => new Response('x', { status: 500 }) },
      'http_status',
    ],
    [
      'a network error',
      {
        [OPENID]: metadata,
        [KEYS]: () => {
          throw new TypeError('refused');
        },
      },
      'network_error',
    ],
    ['truncated JSON', { [OPENID]: metadata, [KEYS]: () => new Response('{"keys":[') }, 'not_json'],
    ['no key set', { [OPENID]: metadata, [KEYS]: () => Response.json({ error: 'x' }) }, 'not_json'],
    ['an empty key set', { [OPENID]: metadata, [KEYS]: () => Response.json({ keys: [] }) }, 'no_usable_key'],
    ['an empty body', { [OPENID]: metadata, [KEYS]: () => new Response(null) }, 'not_json'],
    [
      'a body of 10 MB',
      { [OPENID]: metadata, [KEYS]: () => new Response('x'.repeat(10_000_000)) },
      'too_large',
    ],
  ])('refuses %s', async (_why, pages, want) => {
    expect((await outcome({}, pages)).result).toBe(want);
  });

  const html = () => new Response('<html>', { headers: { 'content-type': 'text/html' } });
  const status = (code: number) => () => new Response('{}', { status: code });
  it.each<[string, () => Response]>([
    ...[400, 401, 403, 404, 405, 406, 410, 418, 429].map((code): [string, () => Response] => [
      `${code}`,
      status(code),
    ]),
    ['301', () => new Response(null, { status: 301, headers: { location: 'https://issuer.example/login' } })],
    ['HTML', html],
    ['an empty 200', () => new Response(null)],
    ['an empty 204', () => new Response(null, { status: 204 })],
    ['more than 256 KB', () => new Response('x'.repeat(300_000))],
    ['JSON that says that there is nothing', () => Response.json({ error: 'not found' })],
    ['JSON null', () => Response.json(null)],
    ['metadata of another issuer', () => metadata({ issuer: 'https://issuer.example' })],
    ['metadata without key set', () => metadata({ jwks_uri: undefined })],
  ])('goes on to the next place after %s', async (_why, answer) => {
    const second = await outcome({}, { [OPENID]: answer, [RFC8414]: metadata, [KEYS]: jwks });
    expect(second).toEqual({ result: ['key-1'], asked: [OPENID, RFC8414, KEYS] });
    const third = await outcome(
      {},
      { [OPENID]: answer, [RFC8414]: answer, [OPENID_INSERTED]: metadata, [KEYS]: jwks },
    );
    expect(third).toEqual({ result: ['key-1'], asked: [OPENID, RFC8414, OPENID_INSERTED, KEYS] });
  });

  it.each<[string, () => Response | Promise<Response>, string]>([
    ['500', status(500), 'http_status'],
    ['503', status(503), 'http_status'],
    ['530, as Cloudflare answers for a host that is down', status(530), 'http_status'],
    ['no connection', () => Promise.reject(new TypeError('refused')), 'network_error'],
    ['no answer in time', () => Promise.reject(new DOMException('late', 'TimeoutError')), 'network_error'],
  ])('asks no other place after %s: an outage must not multiply requests', async (_why, answer, fault) => {
    expect(await outcome({}, { [OPENID]: answer })).toEqual({ result: fault, asked: [OPENID] });
    expect(await outcome({}, { [RFC8414]: answer })).toEqual({ result: fault, asked: [OPENID, RFC8414] });
  });

  it('asks each place once where the issuer has no path', async () => {
    const { fetch, asked } = network({});
    await fetchKeys(issuerWith({ issuer: 'https://issuer.example' }), fetch);
    expect(asked).toEqual([
      'https://issuer.example/.well-known/openid-configuration',
      'https://issuer.example/.well-known/oauth-authorization-server',
    ]);
  });

  it.each<[string, Pages, object]>([
    ['nothing anywhere', {}, { fault: 'http_status', status: 404, url: OPENID }],
    [
      'a refusal rather than nothing',
      { [RFC8414]: status(403) },
      { fault: 'http_status', status: 403, url: RFC8414 },
    ],
    [
      'the first of two refusals',
      { [OPENID]: status(400), [RFC8414]: status(403) },
      { status: 400, url: OPENID },
    ],
    [
      'a page rather than a refusal',
      { [OPENID]: status(403), [OPENID_INSERTED]: html },
      { fault: 'not_json', url: OPENID_INSERTED },
    ],
    [
      'another name rather than a page',
      { [OPENID]: html, [RFC8414]: () => metadata({ issuer: 'https://x.example' }) },
      { fault: 'issuer_mismatch', url: RFC8414 },
    ],
    [
      'an outage rather than anything',
      { [OPENID]: () => metadata({ issuer: 'https://x.example' }), [RFC8414]: status(503) },
      { fault: 'http_status', status: 503, url: RFC8414 },
    ],
    [
      'the status of the key set',
      { [OPENID]: metadata, [KEYS]: status(403) },
      { fault: 'http_status', status: 403, url: KEYS },
    ],
    [
      'why no key can be used',
      { [OPENID]: metadata, [KEYS]: () => Response.json({ keys: [{ ...key.publicJwk, d: 'AA' }] }) },
      { fault: 'no_usable_key', url: KEYS, dropped: [{ kid: 'key-1', why: 'private' }] },
    ],
  ])('tells %s', async (_why, pages, want) => {
    expect(await fetchKeys(issuerWith({}), network(pages).fetch)).toMatchObject(want);
  });

  it('names itself in every request', async () => {
    const agents: unknown[] = [];
    const { fetch } = network({ [RFC8414]: metadata, [KEYS]: jwks });
    await fetchKeys(issuerWith({}), (url, init) => {
      agents.push(new Headers(init.headers).get('user-agent'));
      return fetch(url, init);
    });
    expect(agents).toEqual(Array(3).fill(`claimgate/${version}`));
  });

  it('stops reading a body that is too large', async () => {
    const pull = vi.fn((controller: ReadableStreamDefaultController) =>
      controller.enqueue(new Uint8Array(65_536)),
    );
    const cancel = vi.fn();
    const { result } = await outcome(
      { jwks_uri: KEYS },
      { [KEYS]: () => new Response(new ReadableStream({ pull, cancel })) },
    );
    expect(result).toBe('too_large');
    expect(cancel).toHaveBeenCalled();
    expect(pull.mock.calls.length).toBeLessThan(10);
  });

  it('does not follow redirects, and passes the shared cache by', async () => {
    let seen: RequestInit | undefined;
    const keys = (init: RequestInit) => {
      seen = init;
      return jwks();
    };
    await outcome({ jwks_uri: KEYS }, { [KEYS]: keys as () => Response });
    expect(seen).toMatchObject({ redirect: 'manual', cache: 'no-store' });
    expect(seen?.signal).toBeInstanceOf(AbortSignal);
  });

  it.each([
    ['public, max-age=60', 60],
    ['max-age="3600", must-revalidate', 3600],
    ['no-store', 0],
    ['public', undefined],
    [undefined, undefined],
  ])('reads Cache-Control: %s', async (header, want) => {
    const page = () =>
      Response.json(
        { keys: [key.publicJwk] },
        header === undefined ? {} : { headers: { 'cache-control': header } },
      );
    const result = await fetchKeys(issuerWith({ jwks_uri: KEYS }), network({ [KEYS]: page }).fetch);
    expect(result).toMatchObject({ kind: 'fetched', maxAgeSeconds: want });
  });
});
