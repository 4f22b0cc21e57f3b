/** docs/mcp.md, with the official SDK as client and server, and an identity provider that is not ours. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type OAuthClientProvider, UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { ClientCredentialsProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { parse } from 'smol-toml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compilePolicy } from '../../src/policy/compile/compile.ts';
import { freePort } from './support/ports.ts';
import { browse, startSignIn } from './support/sign-in.ts';
import { type RunningWorkerd, startGateway } from './support/workerd.ts';

const page = readFileSync('docs/mcp.md', 'utf8');
const policies = [...page.matchAll(/^```toml\n([\s\S]*?)^```/gm)].map(([, toml = '']) => toml);
const [policyText = '', entraText = '', corsText = ''] = policies;
const CALLBACK = 'http://127.0.0.1/callback';
const PROGRAM = { clientId: 'nightly', clientSecret: crypto.randomUUID() };

let signIn: Server;
let tools: Server;
let gateway: RunningWorkerd;
let issuer: string;
let url: URL;
/** What the server got, and what clients asked for besides. */
const received: IncomingMessage['headers'][] = [];
const asked: string[] = [];

beforeAll(async () => {
  tools = createServer((request, response) => void serveTools(request, response));
  await new Promise<void>((resolve) => tools.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(tools.address() as { port: number }).port}`;
  const port = await freePort();
  url = new URL(`http://127.0.0.1:${port}/mcp`);
  issuer = `http://127.0.0.1:${await freePort()}`;
  signIn = await startSignIn({
    issuer,
    resource: url.href,
    scopes: ['mcp:tools', 'mcp:other'],
    user: 'ada',
    program: PROGRAM,
  });
  const local = policyText
    .replaceAll('https://login.example.com', issuer)
    .replaceAll('https://mcp.internal.example', origin)
    .replaceAll('https://mcp.example.com', url.origin)
    .replaceAll('"mcp.example.com"', '"127.0.0.1"');
  const { vars } = parse(local) as { vars: Record<string, unknown> };
  gateway = await startGateway({ ...vars, ORIGIN_SECRET: 'between-us' }, origin, undefined, port);
});

afterAll(async () => {
  await gateway?.stop();
  for (const server of [signIn, tools]) {
    server?.close();
    server?.closeAllConnections();
  }
});

/** As in the documentation of the SDK, for servers without sessions. */
async function serveTools(request: IncomingMessage, response: ServerResponse): Promise<void> {
  received.push(request.headers);
  const server = new McpServer({ name: 'tools', version: '1.0.0' });
  server.registerTool('whoami', { description: 'Says who calls.' }, ({ requestInfo }) => {
    const { 'x-claim-sub': subject, 'x-claim-scope': scope } = requestInfo?.headers ?? {};
    return { content: [{ type: 'text', text: `${subject} with ${scope}` }] };
  });
  const transport = new StreamableHTTPServerTransport({});
  response.on('close', () => void transport.close());
  await server.connect(transport as Transport);
  await transport.handleRequest(request, response);
}

const watched: typeof fetch = (input, init) => {
  const request = new Request(input, init);
  asked.push(`${request.method} ${request.url}`);
  return fetch(request);
};

const connect = async (authProvider: OAuthClientProvider) => {
  const transport = new StreamableHTTPClientTransport(url, { authProvider, fetch: watched });
  const client = new Client({ name: 'test', version: '1.0.0' });
  return { transport, connected: client.connect(transport as Transport).then(() => client) };
};

const whoAmI = async (client: Client) => {
  const { content } = await client.callTool({ name: 'whoami' });
  await client.close();
  return content;
};

/** A client that signs its user in, and had never heard of the server before. */
function userProvider(): OAuthClientProvider & { sentTo?: URL } {
  let information: Awaited<ReturnType<OAuthClientProvider['clientInformation']>>;
  let tokens: Awaited<ReturnType<OAuthClientProvider['tokens']>>;
  let verifier = '';
  return {
    redirectUrl: CALLBACK,
    clientMetadata: {
      client_name: 'test',
      redirect_uris: [CALLBACK],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code'],
      response_types: ['code'],
    },
    clientInformation: () => information,
    saveClientInformation: (one) => {
      information = one;
    },
    tokens: () => tokens,
    saveTokens: (some) => {
      tokens = some;
    },
    redirectToAuthorization(to) {
      this.sentTo = to;
    },
    saveCodeVerifier: (text) => {
      verifier = text;
    },
    codeVerifier: () => verifier,
  };
}

describe('a user', () => {
  it('is signed in where the metadata says, asks for what it is told to, and calls a tool', async () => {
    const provider = userProvider();
    const first = await connect(provider);
    await expect(first.connected).rejects.toThrow(UnauthorizedError);
    expect(received).toHaveLength(0);
    expect(asked.slice(0, 2)).toEqual([
      `POST ${url.href}`,
      `GET ${url.origin}/.well-known/oauth-protected-resource/mcp`,
    ]);
    expect(asked.find((one) => one.startsWith(`GET ${issuer}/.well-known/`))).toBeDefined();
    const sentTo = provider.sentTo as URL;
    expect(Object.fromEntries(sentTo.searchParams)).toMatchObject({ scope: 'mcp:tools', resource: url.href });

    const back = await browse(sentTo, CALLBACK);
    await first.transport.finishAuth(back.searchParams.get('code') ?? '');
    const second = await connect(provider);
    const content = await whoAmI(await second.connected);
    expect(content).toEqual([{ type: 'text', text: 'ada with mcp:tools' }]);
    for (const headers of received) {
      expect(headers.authorization).toBeUndefined();
      expect(headers['x-origin-secret']).toBe('between-us');
    }
  });
});

describe('a program', () => {
  const provider = (scope: string) =>
    new ClientCredentialsProvider({ ...PROGRAM, expectedIssuer: issuer, scope });

  it('gets its token by client credentials, and calls a tool', async () => {
    const { connected } = await connect(provider('mcp:tools'));
    expect(await whoAmI(await connected)).toEqual([{ type: 'text', text: 'nightly with mcp:tools' }]);
  });

  it('with another scope is refused, and told what to ask for', async () => {
    const one = provider('mcp:other');
    const { connected } = await connect(one);
    await expect(connected).rejects.toThrow();
    const { access_token } = one.tokens() ?? {};
    const refused = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${access_token}` },
    });
    expect(refused.status).toBe(403);
    expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
    expect(await refused.json()).toMatchObject({ scopes_needed: ['mcp:tools'] });
  });
});

describe('what docs/mcp.md shows', () => {
  it('is what the gateway answers', async () => {
    const local = (text: string) => text.replaceAll('https://mcp.example.com', url.origin);
    const [, header = ''] = /WWW-Authenticate: (Bearer[\s\S]*?)\n +```/.exec(page) ?? [];
    const refused = await fetch(url, { method: 'POST' });
    expect(refused.headers.get('www-authenticate')).toBe(local(header.replace(/\s*\n\s*/g, ' ')));
    const [, json = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
    const document = await fetch(`${url.origin}/.well-known/oauth-protected-resource/mcp`);
    expect(await document.json()).toEqual(
      JSON.parse(local(json).replace('https://login.example.com', issuer)),
    );
  });

  it('is a policy, also for Entra ID and for browsers', () => {
    const issuers = { ISSUERS: { login: { issuer: 'https://login.example.com' } } };
    const tables = (text: string) => (parse(text) as { vars: Record<string, Record<string, unknown>> }).vars;
    const entra = { ...issuers, ...tables(entraText) };
    expect(compilePolicy(entra)).toMatchObject({ ok: true });
    const { cors } = parse(corsText);
    const { API_MCP } = tables(policyText);
    expect(compilePolicy({ ...issuers, API_MCP: { ...API_MCP, cors } })).toMatchObject({ ok: true });
  });
});
