/**
 * A Worker's configuration as builds of `cloudflare.config.ts` write it: `worker.config.json` of the Build Output (seen in
 * what wrangler 4.155 writes with `build --experimental-new-config --experimental-cf-build-output`, and described in
 * developers.cloudflare.com/workers/build-output). It becomes what wrangler.json would say, as wrangler itself does it
 * (`convertToWranglerConfig` of @cloudflare/config).
 */
import { isTable, listOf, type Table, textOf } from '../text/json.ts';
import type { Positions } from './positions.ts';

type Place = readonly (string | number)[];

/** Kinds of bindings that a policy names, or that the check looks at: their list, and its members; '' is the name. */
const BINDINGS: Readonly<Record<string, readonly [list: string, members: Readonly<Record<string, string>>]>> =
  {
    worker: ['services', { binding: '', service: 'worker', entrypoint: 'exportName', props: 'props' }],
    kv: ['kv_namespaces', { binding: '', id: 'id' }],
    'mtls-certificate': ['mtls_certificates', { binding: '', certificate_id: 'id' }],
    'rate-limit': ['ratelimits', { name: '', namespace_id: 'namespace', simple: 'simple' }],
  };

export function convertBuildOutput(config: Table): Record<string, unknown> {
  const vars: Record<string, unknown> = {};
  const required: string[] = [];
  const lists: Record<string, unknown[]> = {};
  for (const [name, binding] of Object.entries(isTable(config['env']) ? config['env'] : {})) {
    if (!isTable(binding)) continue;
    const type = textOf(binding['type']) ?? '';
    const [list, members] = BINDINGS[type] ?? [];
    if (type === 'json' || type === 'text') vars[name] = binding['value'];
    else if (type === 'secret') required.push(name);
    else if (list !== undefined)
      lists[list] = [...(lists[list] ?? []), fieldsOf(name, binding, members ?? {})];
  }
  const triggers = listOf(config['triggers']).filter(isTable);
  const ofType = (type: string, member: string) =>
    triggers.flatMap((one) => (one['type'] === type ? [one[member]] : []));
  const domains = listOf(config['domains']).map((one) => ({
    pattern: isTable(one) ? one['hostname'] : one,
    custom_domain: true,
  }));
  const fields = {
    main: 'entrypoint',
    workers_dev: 'workersDev',
    preview_urls: 'previewUrls',
    cache: 'cache',
  };
  return {
    ...Object.fromEntries(
      Object.entries(fields).flatMap(([name, from]) =>
        config[from] === undefined ? [] : [[name, config[from]]],
      ),
    ),
    ...lists,
    vars,
    ...(required.length > 0 && { secrets: { required } }),
    routes: [...ofType('fetch', 'pattern'), ...domains],
    triggers: { crons: ofType('scheduled', 'schedule') },
  };
}

const fieldsOf = (name: string, binding: Table, members: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(members).flatMap(([member, from]) => {
      const value = from === '' ? name : binding[from];
      return value === undefined ? [] : [[member, value]];
    }),
  );

/** Places of variables, where they stand in such a file. */
export function placeBuildOutput(positions: Positions): Positions {
  return {
    ...positions,
    regionOf: ([first, name, ...rest]) =>
      positions.regionOf(first === 'vars' && name !== undefined ? ['env', name, 'value', ...rest] : []),
    strings: positions.strings.map((one) => ({ ...one, path: asVariable(one.path) })),
  };
}

function asVariable(path: Place): Place {
  const [first, name, third, ...rest] = path;
  return first === 'env' && name !== undefined && third === 'value' ? ['vars', name, ...rest] : path;
}
