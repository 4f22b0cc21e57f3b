/** Answers that `claimgate init` needs, from flags, questions or examples. */
import { basename, resolve } from 'node:path';
import { CommandError } from '../text/terminal.ts';

export interface Answers {
  /** The Worker's name. */
  readonly name: string;
  readonly issuer: string;
  readonly audience: string;
  readonly origin: string;
  /** `undefined`: an address under workers.dev. */
  readonly host: string | undefined;
}

/** Answers that flags have given. */
export type Given = { readonly [Name in keyof Answers]?: string | undefined };

interface Question {
  readonly text: string;
  readonly example: string;
}

const QUESTIONS: Readonly<Record<keyof Answers, Question>> = {
  name: { text: 'Name of the Worker', example: 'gateway' },
  issuer: { text: 'Issuer of the tokens, as their iss has it', example: 'https://issuer.example.com/' },
  audience: { text: 'Audience of the API, as their aud has it', example: 'https://api.example.com' },
  origin: { text: 'Where the API is: a URL, or service:WORKER', example: 'https://origin.example.com' },
  host: { text: 'Host that clients ask; nothing for one of workers.dev', example: '' },
};

const NAMES = Object.keys(QUESTIONS) as (keyof Answers)[];

/** Without these there is no policy to write. */
const NEEDED = ['issuer', 'audience', 'origin'] as const;

/**
 * Asks for what the flags have left open.
 *
 * @param ask `undefined` where nobody can be asked
 * @param takeExamples whether examples stand for what is not known
 * @throws CommandError where something is not known then
 */
export async function findAnswers(
  given: Given,
  folder: string,
  ask: ((question: string) => Promise<string>) | undefined,
  takeExamples: boolean,
): Promise<Answers> {
  const answers: Record<string, string> = {};
  const missing = NEEDED.filter((name) => given[name] === undefined);
  if (missing.length > 0 && ask === undefined && !takeExamples)
    throw new CommandError(
      `there is no terminal to ask on; give ${missing.map((name) => `--${name}`).join(', ')}, or --yes for examples`,
    );
  for (const name of NAMES) {
    const { text, example } = QUESTIONS[name];
    const usual = name === 'name' ? workerName(basename(resolve(folder))) : example;
    const known = given[name] ?? (takeExamples || ask === undefined ? usual : undefined);
    answers[name] = (known ?? (await ask?.(`${text}${usual && ` (${usual})`}: `)) ?? '').trim() || usual;
  }
  const { name = '', issuer = '', audience = '', origin = '', host } = answers;
  if (name !== workerName(name))
    throw new CommandError(`${name} can't be a Worker's name; take one such as ${workerName(name)}`);
  return { name, issuer, audience, origin, host: host || undefined };
}

/** Lower case letters, digits and hyphens, as Cloudflare takes them. */
export function workerName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 54);
  return name || QUESTIONS.name.example;
}
