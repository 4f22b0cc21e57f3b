import { beforeAll, describe, expect, it, vi } from 'vitest';
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
      'metadata of another issuer',
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
      'an insecure jwks_uri',
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

  it('looks for the other document only where the first is missing: an outage is not asked twice', async () => {
    const { asked } = await outcome({}, { [OPENID]: () => new Response('down', { status: 503 }) });
    expect(asked).toEqual([OPENID]);
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
