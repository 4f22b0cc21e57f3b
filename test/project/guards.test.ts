/** The guards for Express and Fastify, with their own types, over sockets: what a client sends twice arrives twice. */
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import express from 'express';
import fastify from 'fastify';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createSecretVerifier,
  createVerifier,
  expressGuard,
  fastifyGuard,
  type OriginVerifier,
  type VerifiedRequest,
} from '../../origin/src/index.ts';
import { AUDIENCE, createSigner, ISSUER, type Signer } from '../support/assertion.ts';

declare module 'fastify' {
  interface FastifyRequest {
    verified: VerifiedRequest;
  }
}

let signer: Signer;
beforeAll(async () => {
  signer = await createSigner('one');
});
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const assertions = () => createVerifier({ issuer: ISSUER, audience: AUDIENCE, keys: { keys: [signer.jwk] } });
const SECRET = 'the secret of this origin';
const secrets = () => createSecretVerifier({ secrets: [SECRET], header: 'x-origin-secret' });
const broken: OriginVerifier = { bind: 'none', verify: () => Promise.reject(new Error('broken')) };

type Start = (verifier: OriginVerifier) => Promise<number>;
const portOf = (server: Server) => (server.address() as AddressInfo).port;

const STARTS: [string, Start][] = [
  [
    'Express',
    async (verifier) => {
      const app = express();
      app.use('/api', expressGuard(verifier));
      app.get('/api/me', (req, res) => {
        res.json(req.verified.caller ?? null);
      });
      app.get('/api/open', (_req, res) => {
        res.json({});
      });
      app.use(((_error, _req, res, _next) => {
        res.sendStatus(500);
      }) satisfies express.ErrorRequestHandler);
      const server = createServer(app);
      servers.push(server);
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      return portOf(server);
    },
  ],
  [
    'Fastify',
    async (verifier) => {
      const app = fastify();
      app.decorateRequest('verified', null as never);
      app.addHook('onRequest', fastifyGuard(verifier));
      app.get('/api/me', async ({ verified }) => verified.caller ?? null);
      app.get('/api/open', async () => ({}));
      await app.listen({ port: 0, host: '127.0.0.1' });
      servers.push(app.server);
      return portOf(app.server);
    },
  ],
];

/** @param headers names and values in turn, as often as they stand there */
async function ask(port: number, headers: readonly string[], path = '/api/me?x=1') {
  const sent = request({ host: '127.0.0.1', port, path, agent: false, headers: ['host', 'x', ...headers] });
  sent.end();
  const response = await new Promise<import('node:http').IncomingMessage>((done, fail) => {
    sent.once('response', done).once('error', fail);
  });
  const body = await text(response);
  return { status: response.statusCode, code: /"code":"(\w+)"/.exec(body)?.[1], body };
}

const signed = (claims = {}) => signer.sign({ req: { method: 'GET', target: '/api/me?x=1' }, ...claims });

describe.each(STARTS)('%s', (_name, start) => {
  it('lets in one assertion, for the whole target', async () => {
    const port = await start(assertions());
    expect(await ask(port, ['Txn-Token', await signed()])).toMatchObject({
      status: 200,
      body: expect.stringContaining('"subject":"user-1"'),
    });
    const relative = await signed({ req: { method: 'GET', target: '/me?x=1' } });
    expect((await ask(port, ['Txn-Token', relative])).code).toBe('target_mismatch');
    const other = await signed({ req: { method: 'GET', target: '/api/me?x=%31' } });
    expect((await ask(port, ['Txn-Token', other], '/api/me?x=%31')).status).toBe(200);
  });

  it('refuses two', async () => {
    const port = await start(assertions());
    const token = await signed();
    expect((await ask(port, ['Txn-Token', token, 'txn-token', token])).code).toBe('several');
    expect((await ask(port, ['Txn-Token', 'forged', 'Txn-Token', token])).code).toBe('several');
  });

  it('refuses claim headers that stand there twice', async () => {
    const port = await start(secrets());
    const headers = ['X-Origin-Secret', SECRET, 'X-Claim-Iss', 'i', 'X-Claim-Sub', 'user-1'];
    expect((await ask(port, headers)).status).toBe(200);
    expect((await ask(port, [...headers, 'x-claim-sub', 'admin'])).code).toBe('claims_malformed');
    expect((await ask(port, [...headers, 'x-origin-secret', SECRET])).code).toBe('several');
    expect((await ask(port, headers.slice(2), '/api/open')).code).toBe('missing');
    expect((await ask(port, ['X-Origin-Secret', '', ...headers.slice(2)])).code).toBe('missing');
  });

  it('lets nobody in where something else fails', async () => {
    expect((await ask(await start(broken), [], '/api/open')).status).toBe(500);
  });
});

it('a guard that could not read a bound body is not made', () => {
  const options = { issuer: ISSUER, audience: AUDIENCE, keys: { keys: [signer.jwk] }, bind: 'body' } as const;
  expect(() => expressGuard(createVerifier(options))).toThrow('returns the bytes of the body');
  expect(() => fastifyGuard(createVerifier(options))).toThrow('returns the bytes of the body');
});

it('requests of Fastify’s own mock are checked, too', async () => {
  const app = fastify();
  app.decorateRequest('verified', null as never);
  app.addHook('onRequest', fastifyGuard(assertions()));
  app.get('/api/me', async ({ verified }) => verified.caller ?? null);
  const inject = (headers: Record<string, string>) => app.inject({ url: '/api/me?x=1', headers });
  expect((await inject({ 'txn-token': await signed() })).statusCode).toBe(200);
  expect((await inject({})).json()).toMatchObject({ code: 'missing' });
});
