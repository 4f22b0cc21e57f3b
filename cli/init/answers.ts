/** Answers that `claimgate init` needs, from flags, questions or examples. */
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

/** Puts a question to a person. Rejects with an `AbortError` where they have had enough. */
export type Ask = (question: string) => Promise<string>;

export interface Asking {
  readonly given: Given;
  /** What is usual here, in place of the examples. */
  readonly usual: Given;
  /** `undefined` where nobody can be asked. */
  readonly ask: Ask | undefined;
  /** Whether examples stand for what is not known. */
  readonly takesExamples: boolean;
  /** What is wrong with an answer beside those before it; `undefined`: nothing. */
  judge(name: keyof Answers, answers: Answers): string | undefined;
  /** Tells a person what is wrong with an answer. */
  tell(problem: string): void;
}

/**
 * Asks for what the flags have left open, one thing at a time: each answer is judged at once, and asked for again.
 *
 * @throws CommandError where something is not known then, or a flag is wrong
 */
export async function findAnswers({
  given,
  usual,
  ask,
  takesExamples,
  judge,
  tell,
}: Asking): Promise<Answers> {
  const missing = NEEDED.filter((name) => (given[name] ?? usual[name]) === undefined);
  if (missing.length > 0 && ask === undefined && !takesExamples)
    throw new CommandError(
      `there is no terminal to ask on; give ${missing.map((name) => `--${name}`).join(', ')}, or --yes for examples`,
    );
  const standard = Object.fromEntries(
    NAMES.map((name) => [name, usual[name] ?? QUESTIONS[name].example]),
  ) as Record<keyof Answers, string>;
  const answers: Record<string, string> = { ...standard, ...defined(given) };
  const whole = (): Answers => ({ ...(answers as unknown as Answers), host: answers['host'] || undefined });
  for (const name of NAMES) {
    const { text } = QUESTIONS[name];
    const isAsked = given[name] === undefined && !takesExamples && ask !== undefined;
    for (;;) {
      if (isAsked) {
        const said = await ask(`${text}${standard[name] && ` (${standard[name]})`}: `);
        answers[name] = said.trim() || standard[name];
      }
      const problem = judge(name, whole());
      if (problem === undefined) break;
      if (!isAsked) throw new CommandError(`${problem}; nothing was written`);
      tell(problem);
    }
  }
  return whole();
}

const defined = (given: Given) =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));

/** Lower case letters, digits and hyphens, as Cloudflare takes them. */
export function workerName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 54);
  return name || QUESTIONS.name.example;
}
