/** The programs of the issuer's pages are run as they are copied, with names of any kind. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Language, SAMPLES } from '../../../page/issuer-samples.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'claimgate-samples-'));
const SECRET = 'cgs"$x';
let port: number;
/** What was asked of the two servers, which are one. */
let asked: { form: Record<string, string>; basic: string | undefined; bearer: string | undefined }[] = [];

const server = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray()).toString();
  const { authorization } = request.headers;
  asked.push({
    form: Object.fromEntries(new URLSearchParams(body)),
    basic: authorization?.startsWith('Basic ')
      ? Buffer.from(authorization.slice(6), 'base64').toString()
      : undefined,
    bearer: authorization?.startsWith('Bearer ') ? authorization.slice(7) : undefined,
  });
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(request.url === '/oauth/token' ? '{"access_token":"the.token"}' : 'called');
});
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const PROGRAMS: Readonly<Record<Language, readonly [file: string, command: string, ...args: string[]]>> = {
  curl: ['sample.sh', 'bash'],
  JavaScript: ['sample.mjs', process.execPath],
  Python: ['sample.py', 'python3'],
  Go: ['sample.go', 'go', 'run'],
};
const isThere = async (command: string) =>
  run(command, [command === 'go' ? 'version' : '--version']).then(
    () => true,
    () => false,
  );
const there: Partial<Record<Language, boolean>> = {};
for (const [language, [, command]] of Object.entries(PROGRAMS))
  there[language as Language] = await isThere(command);

const AUDIENCES = [
  'https://api.example.com/timesheets',
  `"'\\ $(id) \`id\` \${x} %s &=+ü🕴 \u202e\n\ufeff end`,
];

describe.each(Object.keys(PROGRAMS) as Language[])('%s', (language) => {
  it.skipIf(!there[language])('gets a token and calls with it', { timeout: 120_000 }, async () => {
    const [file, command, ...args] = PROGRAMS[language];
    for (const audience of language === 'Go' ? AUDIENCES.slice(1) : AUDIENCES) {
      asked = [];
      const blocks = SAMPLES[language]({
        tokenEndpoint: `http://127.0.0.1:${port}/oauth/token`,
        ...{ clientId: 'import-job', audience, url: `http://127.0.0.1:${port}/api?a='b"` },
      });
      const code = blocks.map((block) => block.code).join('\n');
      writeFileSync(join(folder, file), code.replace('curl -i', 'TOKEN=the.token; curl -i'));
      const env = { ...process.env, CLIENT_SECRET: SECRET };
      const { stdout } = await run(command, [...args, join(folder, file)], { env });
      const [token, call] = asked;
      expect(token?.form).toMatchObject({ grant_type: 'client_credentials', audience });
      if (language === 'curl') expect(token?.basic).toBe(`import-job:${SECRET}`);
      else expect(token?.form).toMatchObject({ client_id: 'import-job', client_secret: SECRET });
      expect(call?.bearer).toBe('the.token');
      expect(stdout).toContain('called');
    }
  });
});
