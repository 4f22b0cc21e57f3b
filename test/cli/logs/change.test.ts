/** The lines that end a trial, in a project with wrangler.jsonc: comments and layout stay. */
import { describe, expect, it } from 'vitest';
import { proposeChange } from '../../../cli/logs/trial/change.ts';
import { parsePolicyFile } from '../../../cli/policy/file/config.ts';
import { claimgate } from '../support/claimgate.ts';
import { makeFolder } from '../support/policies.ts';
import { line, lines } from './support.ts';

const text = (route: string) => `{
	// the gateway
	"env": {
		"p": {
			"vars": {
				"ISSUERS": { "main": { "issuer": "https://issuer.example/" } },
				"API_X": { "origin": "https://x.example", "audience": "x", "routes": {} },
				"API_X_2": {
					"extends": "API_X",
					"routes": {
						"GET /x": ${route},
					},
				},
				"NOTHING": null,
			},
		},
	},
}
`;

const propose = (route: string) =>
  proposeChange(parsePolicyFile('wrangler.jsonc', text(route)), 'p', 'API_X', 'GET /x');

describe('the end of a trial in JSON', () => {
  it('is the line of the route', () => {
    expect(propose('{ "report": { "clients": ["shop"] } }')).toMatchObject({
      kind: 'lines',
      line: 11,
      remove: ['\t\t\t\t\t\t"GET /x": { "report": { "clients": ["shop"] } },'],
      add: ['\t\t\t\t\t\t"GET /x": { "clients": ["shop"] },'],
      text: text('{ "clients": ["shop"] }'),
    });
  });

  it('is the lines of its fields, with their comments', () => {
    const before = '{\n\t// why\n\t"report": { "clients": ["shop"] }, // since May\n\t"scopes_all": ["a"]\n}';
    expect(propose(before)).toMatchObject({
      line: 13,
      remove: ['\t"report": { "clients": ["shop"] }, // since May'],
      add: ['\t"clients": ["shop"], // since May'],
    });
  });

  it('is what `claimgate logs --suggest` prints, and drafts are JSON too', async () => {
    const write = makeFolder();
    const config = write('wrangler.jsonc', text('{ "report": { "clients": ["shop"] } }'));
    const log = write('day.log', lines(line(0, { host: 'api.example.com', path: '/y', client_id: 'shop' })));
    const flags = ['--config', config, '--env', 'p'];
    const suggest = await claimgate([
      'logs',
      log,
      '--suggest',
      '--min-time',
      '0',
      '--min-requests',
      '1',
      ...flags,
    ]);
    expect(suggest.stdout).toContain('wrangler.jsonc at line 11:');
    const { stdout } = await claimgate(['logs', log, '--draft', ...flags]);
    expect(stdout).toMatch(/^\/\/ Routes that/);
    expect(parsePolicyFile('draft.jsonc', stdout).config.env).toHaveProperty('p.vars');
  });
});
