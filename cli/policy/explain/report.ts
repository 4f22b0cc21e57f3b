/** Reports an explanation for a person. */
import { PROBLEMS } from '../../../src/http/problem.ts';
import { wrap } from '../../text/snippet.ts';
import { paint, visible } from '../../text/terminal.ts';
import type { Explanation } from './explanation.ts';
import type { Step, Verdict } from './step.ts';

const MARKS: Readonly<Record<Verdict, string>> = {
  ok: 'ok',
  refused: 'no',
  would_refuse: '(no)',
  skipped: '-',
};
const STYLES = { ok: 'green', refused: 'red', would_refuse: 'yellow', skipped: 'dim' } as const;
const MARK_WIDTH = 4;

/** For a person, in lines of 80 characters where their words allow it. */
export function renderExplanation(given: Explanation): string[] {
  const explanation = harmless(given) as Explanation;
  const { request, steps } = explanation;
  const width = Math.max(...steps.map(({ step }) => step.length));
  return [
    `${paint('bold', request.method)} ${request.url}`,
    '',
    ...steps.flatMap((step) => renderStep(step, width)),
    '',
    ...renderResult(explanation),
  ];
}

/** Names and values are a stranger's: a terminal must not obey them. */
function harmless(value: unknown): unknown {
  if (typeof value === 'string') return visible(value);
  if (Array.isArray(value)) return value.map(harmless);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, harmless(member)]));
}

function renderStep({ step, verdict, saw, decided, checks }: Step, width: number): string[] {
  const indent = ' '.repeat(MARK_WIDTH + 2 + width + 2);
  const lines = wrap(decided, `${MARKS[verdict].padEnd(MARK_WIDTH)}  ${step.padEnd(width)}  `, indent);
  const [first = '', ...more] = lines;
  return [
    paint(STYLES[verdict], first.slice(0, MARK_WIDTH)) + first.slice(MARK_WIDTH),
    ...more,
    ...(saw === '' ? [] : wrap(saw, indent, `${indent}  `).map((line) => paint('dim', line))),
    ...checks.flatMap((check) => {
      const mark = MARKS[check.verdict].padEnd(MARK_WIDTH);
      const text = check.saw === '' ? check.check : `${check.check}: ${check.saw}`;
      const [head = '', ...tail] = wrap(text, `${indent}${mark} `, `${indent}      `);
      return [head.replace(mark, () => paint(STYLES[check.verdict], mark)), ...tail];
    }),
  ];
}

function renderResult({ result, reason, would_deny, answer, origin, signature }: Explanation): string[] {
  const title = reason === null ? '' : `: ${reason}, ${PROBLEMS[reason as keyof typeof PROBLEMS].title}`;
  const verdict = paint(result === 'refused' ? 'red' : 'green', result);
  const tried = would_deny === null ? '' : ` (a rule that is tried would refuse: ${would_deny})`;
  const open = signature === 'verified' || origin === null ? '' : UNVERIFIED[signature];
  const lines = [`${verdict}${title}${tried}${open}`, ''];
  const isNext = origin?.kind === 'next';
  if (origin !== null) {
    lines.push(
      paint('bold', isNext ? 'The next handler gets' : 'The origin gets'),
      `  ${origin.method} ${origin.url}`,
      ...renderHeaders(origin.headers),
      '',
    );
    const whose = isNext ? "the handler's" : "the origin's";
    lines.push(paint('bold', `The client gets ${whose} answer`), ...renderHeaders(answer.headers));
  } else {
    lines.push(paint('bold', `The client gets ${answer.status ?? ''}`), ...renderHeaders(answer.headers));
    if (answer.body !== null) {
      const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body, null, 2);
      lines.push('', ...text.split('\n').map((line) => `  ${line}`));
    }
  }
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

const UNVERIFIED = {
  offline: ', if its signature is good',
  unsigned: ', if a token with these claims were signed by the issuer',
} as const;

const renderHeaders = (headers: readonly (readonly [string, string])[]) =>
  headers.flatMap(([name, value]) => wrap(`${name}: ${value}`, '  ', '      '));
