import { fault } from '../../../../src/policy/compile/fault.ts';
import { isLoopbackHost, parseUrl } from '../../../../src/policy/uri.ts';
import { isTable } from '../../../text/json.ts';
import type { Lint } from './subject.ts';

export const loopback: Lint = {
  name: 'loopback',
  severity: 'error',
  finds:
    'a URL of this machine (`localhost`, `127.0.0.1`, `[::1]`) as `issuer`, `metadata_uri`, `jwks_uri`, `origin` or `resource`',
  why: 'a deployed Worker reaches nothing there, and tokens of a development issuer must not pass in production',
  remedy: 'write the URL of the deployed service, or deploy another environment with `--env`',
  needs: '`--deploy`, or a deployment by wrangler',
  *find({ policy, section: { vars = {} }, deployed }) {
    if (deployed === undefined) return;
    const places: [string[], unknown][] = [];
    for (const { variable, name } of policy.issuers) {
      const issuer = (vars[variable] as Readonly<Record<string, unknown>>)[name];
      for (const field of ['issuer', 'metadata_uri', 'jwks_uri'])
        places.push([[variable, name, field], isTable(issuer) && issuer[field]]);
    }
    for (const { name, resource } of policy.apis) {
      const table = vars[name];
      places.push([[name, 'origin'], isTable(table) && table['origin']]);
      // The audience stands for a resource that is not written.
      const written = isTable(table) && table['resource'] !== undefined;
      places.push([[name, written ? 'resource' : 'audience'], resource]);
    }
    for (const [place, value] of places) {
      const url = typeof value === 'string' ? parseUrl(value) : undefined;
      if (url === undefined || !isThisMachine(url.hostname)) continue;
      const found = fault(
        place,
        `${url.host} is this machine, and the Worker runs elsewhere`,
        'write the URL of the deployed service, or deploy another environment with --env',
      );
      yield deployed === 'perhaps' ? { ...found, severity: 'warning' } : found;
    }
  },
};

/** In every spelling that a URL parser leaves: a Worker has no use for any of them. */
function isThisMachine(hostname: string): boolean {
  const host = hostname.replace(/\.$/, '');
  return (
    isLoopbackHost(host) ||
    host === 'localhost.localdomain' ||
    host === '0.0.0.0' ||
    host === '[::]' ||
    /^\[::ffff:(7f[0-9a-f]{2}:[0-9a-f]{1,4}|0:0)\]$/.test(host)
  );
}
