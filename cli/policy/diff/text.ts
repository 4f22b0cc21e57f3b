/** A comparison for a terminal of 80 columns. */
import { fill, WIDTH } from '../../text/snippet.ts';
import { paint, visible } from '../../text/terminal.ts';
import {
  answersTo,
  NO_DIFFERENCE,
  OTHERWISE,
  writeCaller,
  writeCounts,
  writeRequest,
  writeSubject,
} from './describe.ts';
import type { Change, Comparison, Difference } from './difference.ts';

const LABEL = 12;
/** The number of routes that are named; --json has all. */
const MOST_ROUTES = 8;

const STYLES: Readonly<Record<Change, 'red' | 'yellow' | 'green'>> = {
  opened: 'red',
  widened: 'red',
  moved: 'yellow',
  narrowed: 'green',
  closed: 'green',
};

export function renderText({ findings, other }: Comparison, nowSeconds: number): string[] {
  if (findings.length + other.length === 0) return [NO_DIFFERENCE];
  const lines = findings.flatMap((difference) => [...renderDifference(difference, nowSeconds), '']);
  if (other.length > 0) {
    const changes = other.flatMap(({ place, before, now, verdict }) =>
      labelled('  ', '', `${place}: ${before} -> ${now}${verdict === undefined ? '' : ` (${verdict})`}`, 4),
    );
    lines.push(OTHERWISE, ...changes, '');
  }
  return [...lines, writeCounts(findings, other.length)];
}

function renderDifference(difference: Difference, nowSeconds: number): string[] {
  const { change, before, now, example, place, routes } = difference;
  const answers = answersTo(difference);
  const [subject = '', ...more] = writeSubject(difference, MOST_ROUTES);
  const [first = '', ...rest] = breakText(subject, LABEL);
  return [
    `${paint(STYLES[change], change.padEnd(LABEL))}${paint('bold', first)}`,
    ...rest.map((line) => `${' '.repeat(LABEL)}${line}`),
    ...more.flatMap((route) => labelled('', '', route)),
    ...list('before', before),
    ...list('now', now),
    ...(routes.length === 0
      ? []
      : example === undefined
        ? labelled(
            '  ',
            'example',
            'no example found: the rules differ, but no token that was tried shows it',
          )
        : [
            ...labelled('  ', 'example', writeRequest(example, routes)),
            ...labelled('  ', '', writeCaller(example, place, nowSeconds)),
            ...(answers === undefined ? [] : labelled('  ', '', `was ${answers[0]}, is ${answers[1]}`)),
          ]),
  ];
}

const list = (label: string, texts: readonly string[]): string[] =>
  texts.flatMap((text, index) => labelled('  ', index === 0 ? label : '', text));

function labelled(indent: string, label: string, text: string, width = LABEL): string[] {
  return breakText(text, width).map((line, index) =>
    index === 0
      ? `${indent}${paint('dim', label.padEnd(width - indent.length))}${line}`
      : `${' '.repeat(width)}${line}`,
  );
}

const breakText = (text: string, margin: number) => fill(visible(text).split(' '), '', '', WIDTH - margin);
