/** The policy as its file is saved, broken, removed and mended. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Watched, watchPolicy } from '../../../cli/console/watch.ts';

/** However busy the machine is. */
const soon = <Value>(read: () => Value) => expect.poll(read, { timeout: 20_000 });

const POLICY = `name = "x"
main = "x.ts"
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
jwks_uri = "https://issuer.example/keys"
[vars.API_X]
origin = "https://x.example"
audience = "x"
[vars.API_X.routes]
"GET /x" = { scopes_all = ["a"] }
`;

let folder: string;
let config: string;
let watched: Watched | undefined;
let changes = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'claimgate-watch-'));
  config = join(folder, 'wrangler.toml');
  changes = 0;
});
afterEach(() => {
  watched?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function watch(text = POLICY): Promise<Watched> {
  writeFileSync(config, text);
  watched = await watchPolicy({ config, environment: undefined, onChange: () => changes++ });
  return watched;
}
const version = (want: number) => soon(() => watched?.state.version).toBe(want);
const routes = () =>
  Object.keys(
    (watched?.state.page?.environments[0]?.vars['API_X'] as { routes?: object } | undefined)?.routes ?? {},
  );

describe('a policy that is watched', () => {
  it('is read again when it is saved, and only then', async () => {
    await watch();
    expect(watched?.state).toMatchObject({
      version: 1,
      problem: null,
      casesFile: join(folder, 'policy.test.toml'),
    });
    expect(routes()).toEqual(['GET /x']);
    writeFileSync(config, `${POLICY}"GET /y" = {}\n`);
    await version(2);
    expect(routes()).toEqual(['GET /x', 'GET /y']);
    expect(changes).toBe(2);
    // As editors save: another file takes its name.
    writeFileSync(`${config}.new`, `${POLICY}"GET /z" = {}\n`);
    renameSync(`${config}.new`, config);
    await version(3);
    expect(routes()).toEqual(['GET /x', 'GET /z']);
  });

  it('says where it is no TOML, keeps what was there, and recovers', async () => {
    await watch();
    writeFileSync(config, `${POLICY}"GET /y" = {\n`);
    await version(2);
    expect(watched?.state.problem).toContain('mend line 12');
    expect(routes()).toEqual(['GET /x']);
    expect(watched?.policy?.apis).toHaveLength(1);
    writeFileSync(config, `${POLICY}"GET /y" = {}\n`);
    await version(3);
    expect(watched?.state.problem).toBeNull();
    expect(routes()).toEqual(['GET /x', 'GET /y']);
  });

  it('has its errors with their lines, and is asked as it was before', async () => {
    await watch();
    writeFileSync(config, POLICY.replace('scopes_all', 'scope_all'));
    await version(2);
    expect(watched?.state.problem).toBeNull();
    expect(watched?.state.page?.environments[0]?.findings).toMatchObject([{ severity: 'error', line: 10 }]);
    expect(watched?.policy?.apis).toHaveLength(1);
  });

  it('may be missing, at first or later', async () => {
    watched = await watchPolicy({ config, environment: undefined, onChange: () => changes++ });
    expect(watched.state).toMatchObject({ page: null });
    expect(watched.state.problem).toContain(`there is no ${config}`);
    writeFileSync(config, POLICY);
    await version(2);
    expect(watched.state.problem).toBeNull();
    rmSync(config);
    await version(3);
    expect(watched.state.problem).toContain('there is no');
    expect(routes()).toEqual(['GET /x']);
  });

  it('is not there in a configuration without one', async () => {
    await watch('name = "x"\n');
    expect(watched?.state.problem).toBe(`${config} has no policy; claimgate init writes one`);
  });

  it('has the cases beside it, and says what is wrong with them', async () => {
    await watch();
    const cases = join(folder, 'policy.test.toml');
    writeFileSync(cases, '[[case]]\nrequest = "GET /x"\nexpect = 401\n');
    await version(2);
    expect(watched?.state.page?.environments[0]?.coverage).toMatchObject({ cases: 1 });
    writeFileSync(cases, '[[case]]\nrequest = "GET /x"\nexpects = 401\n');
    await version(3);
    expect(watched?.state.problem).toContain(`${cases}:`);
    expect(routes()).toEqual(['GET /x']);
  });

  it('may be of one environment', async () => {
    writeFileSync(config, `${POLICY}\n[env.live.vars.API_Y]\norigin = "https://y.example"\n`);
    watched = await watchPolicy({ config, environment: 'live', onChange: () => {} });
    expect(watched.state.page?.environments.map(({ name }) => name)).toEqual(['live']);
    watched.close();
    watched = await watchPolicy({ config, environment: 'gone', onChange: () => {} });
    expect(watched.state.problem).toContain('gone');
  });
});
