/** What running Workers in the bare `workerd serve` takes, for tests and benchmarks. */
import type { Readable } from 'node:stream';
import { type BuildOptions, build } from 'esbuild';

export const WORKERD = 'node_modules/workerd/bin/workerd';

/**
 * Bundles like `wrangler deploy --minify`.
 *
 * @param folder that the entry point is in, and its packages are looked for. Default: this one
 */
export async function bundle(entryPoint: string, folder = process.cwd()): Promise<string> {
  const { outputFiles } = await build({ ...bundleOptions(entryPoint), absWorkingDir: folder });
  return outputFiles[0]?.text ?? '';
}

/** The files of which something is in the bundle. */
export async function bundledFiles(entryPoint: string): Promise<string[]> {
  const { metafile } = await build({ ...bundleOptions(entryPoint), metafile: true });
  const [output] = Object.values(metafile.outputs);
  const inputs = Object.entries(output?.inputs ?? {});
  return inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file);
}

const bundleOptions = (entryPoint: string) =>
  ({
    entryPoints: [entryPoint],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:workers'],
  }) as const satisfies BuildOptions;

/**
 * A Worker in capnp's text form, in which strings and their escapes are those of JSON.
 *
 * @param bindings strings become text, other values JSON
 * @param services names of bindings, each with the service that it is bound to
 * @param namespaces names of KV namespaces, each with the service that speaks KV's protocol
 */
export function renderWorker(
  script: string,
  bindings: Readonly<Record<string, unknown>>,
  services: Readonly<Record<string, string>> = {},
  namespaces: Readonly<Record<string, string>> = {},
): string {
  const values = Object.entries(bindings).map(([name, value]) =>
    typeof value === 'string'
      ? `(name = "${name}", text = ${JSON.stringify(value)})`
      : `(name = "${name}", json = ${JSON.stringify(JSON.stringify(value))})`,
  );
  const bound = Object.entries(services).map(
    ([name, service]) => `(name = "${name}", service = "${service}")`,
  );
  const kept = Object.entries(namespaces).map(
    ([name, service]) => `(name = "${name}", kvNamespace = "${service}")`,
  );
  return `(
  modules = [(name = "${script}", esModule = embed "${script}")],
  compatibilityDate = "2026-10-01",
  bindings = [${[...values, ...bound, ...kept].join(', ')}],
  globalOutbound = "internet",
)`;
}

/**
 * Resolves with the port once the process listens; started with `--control-fd`, workerd says so in JSON, one a line:
 * `{"event":"listen","socket":"http","port":…}`.
 *
 * @returns `undefined` if it ended before
 */
export async function readPort(control: Readable): Promise<number | undefined> {
  let text = '';
  for await (const chunk of control.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    text += chunk;
    const port = /"event":"listen".*?"port":(\d+)/.exec(text)?.[1];
    if (port !== undefined) return Number(port);
  }
  return undefined;
}

/** The same where several sockets have numbers for names. Throws if it ended before. */
export async function readPorts(control: Readable, count: number): Promise<number[]> {
  const ports: number[] = [];
  let unread = '';
  for await (const chunk of control.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    const lines = `${unread}${chunk}`.split('\n');
    unread = lines.pop() ?? '';
    for (const line of lines) {
      const { event, socket, port } = JSON.parse(line) as { event: string; socket: string; port: number };
      if (event === 'listen') ports[Number(socket)] = port;
    }
    if (Object.keys(ports).length === count) return ports;
  }
  throw new Error('workerd ended before it listened; its message is above');
}
