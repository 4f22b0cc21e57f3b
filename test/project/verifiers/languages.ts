/** The verifiers in other languages, each in one process that reads JSON and prints a line for each failure. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';

const RUNNERS = 'test/project/verifiers';
/** Of Maven's or Gradle's cache, or of Debian's libjackson2-databind-java. */
const JACKSON_PLACES = [
  join(homedir(), '.m2/repository'),
  join(homedir(), '.gradle/caches'),
  '/usr/share/java',
];

export interface Language {
  readonly name: string;
  /** The verifier, to be copied. */
  readonly file: string;
  /** Why it can't be run here. */
  readonly missing: string | undefined;
  /** Makes it ready in an empty folder. @returns the command that runs it */
  prepare(folder: string, verifier: string): readonly string[];
}

const succeeds = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;

/** @throws where the command fails */
export function run(
  command: readonly string[],
  { input = '', cwd = '.', env = {} }: { input?: string; cwd?: string; env?: Record<string, string> } = {},
): string {
  const [program = '', ...args] = command;
  const options = { input, cwd, env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: 1e8 } as const;
  const { status, stdout, stderr, error } = spawnSync(program, args, options);
  if (status !== 0)
    throw new Error(`${command.join(' ')} failed: ${error?.message ?? ''}\n${stdout}${stderr}`);
  return stdout;
}

const PYTHON: Language = {
  name: 'Python',
  file: 'origin/python/claimgate_origin.py',
  missing: succeeds('python3', '-c', 'import cryptography') ? undefined : 'python3 with cryptography',
  prepare(folder, verifier) {
    copyFileSync(verifier, join(folder, 'claimgate_origin.py'));
    copyFileSync(join(RUNNERS, 'vectors.py'), join(folder, 'vectors.py'));
    return ['python3', '-B', join(folder, 'vectors.py')];
  },
};

const GO: Language = {
  name: 'Go',
  file: 'origin/go/claimgate_origin.go',
  missing: succeeds('go', 'version') ? undefined : 'go',
  prepare(folder, verifier) {
    mkdirSync(join(folder, 'claimgate'), { recursive: true });
    copyFileSync(verifier, join(folder, 'claimgate/claimgate_origin.go'));
    copyFileSync(join(RUNNERS, 'vectors.go'), join(folder, 'main.go'));
    writeFileSync(join(folder, 'go.mod'), 'module vectors\n\ngo 1.19\n');
    const program = resolve(folder, 'vectors');
    run(['go', 'vet', './...'], { cwd: folder });
    run(['go', 'build', '-o', program, '.'], { cwd: folder });
    return [program];
  },
};

/** The three jars of one version. */
export function findJackson(): string | undefined {
  for (const place of JACKSON_PLACES.filter((one) => existsSync(one))) {
    for (const databind of globSync(`${place}/**/jackson-databind*.jar`)) {
      const [, version = ''] = /jackson-databind(-[\d.]+)?\.jar$/.exec(databind) ?? [];
      const names = ['jackson-core', 'jackson-annotations'].map((name) => `${name}${version}.jar`);
      const others = names.map((name) => globSync(`${place}/**/${name}`)[0]);
      if (others.every((one) => one !== undefined)) return [databind, ...others].join(delimiter);
    }
  }
  return undefined;
}

const hasJava = succeeds('javac', '--release', '17', '--version');
export const JACKSON = hasJava ? findJackson() : undefined;

const JAVA: Language = {
  name: 'Java',
  file: 'origin/java/ClaimgateOrigin.java',
  missing: JACKSON === undefined ? (hasJava ? 'Jackson' : 'a JDK of 17 or later') : undefined,
  prepare(folder, verifier) {
    const source = join(folder, 'ClaimgateOrigin.java');
    if (dirname(resolve(verifier)) !== resolve(folder)) copyFileSync(verifier, source);
    const classpath = [folder, JACKSON].join(delimiter);
    const sources = [source, join(RUNNERS, 'Vectors.java')];
    run(['javac', '--release', '17', '-Xlint:all', '-Werror', '-cp', classpath, '-d', folder, ...sources]);
    return ['java', '-XX:TieredStopAtLevel=1', '-cp', classpath, 'Vectors'];
  },
};

export const LANGUAGES: readonly Language[] = [PYTHON, GO, JAVA];
