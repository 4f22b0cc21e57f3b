/** Comments that accept a warning: `# claimgate: allow <name>` (JSON: `//`), on its line or in the lines right above. */
import { fault, suggest } from '../../../src/policy/compile/fault.ts';
import type { FileComment } from '../../formats/positions.ts';
import type { Region } from '../../text/snippet.ts';
import type { Source } from '../file/source.ts';
import type { Finding } from './findings.ts';
import { RULES, UNKNOWN_ALLOW } from './kinds.ts';
import { LINTS } from './lints/lints.ts';

/** Several names are set apart by commas; behind ` -- ` there is room for a reason. */
const ALLOW = /^\s*claimgate:\s*allow\b(.*?)(?:\s--\s.*)?$/;

export interface Allowances {
  /** Whether the file accepts this warning at this place. */
  allows(rule: string, region: Region): boolean;
  /** Comments that name nothing which could be accepted. */
  readonly faults: readonly Finding[];
}

export function readAllowances({ comments, lines }: Source): Allowances {
  const byLine = new Map<number, Set<string>>();
  const faults: Finding[] = [];
  for (const comment of comments) {
    const [, list] = ALLOW.exec(comment.text) ?? [];
    if (list === undefined) continue;
    const names = list.split(/[\s,]+/).filter(Boolean);
    byLine.set(comment.line, new Set(names));
    faults.push(...checkNames(comment, names));
  }
  const regions = new Map(comments.map(({ line, region }) => [line, region]));
  // A comment on a line of its own.
  const isComment = (number: number) => {
    const region = regions.get(number);
    const line = lines[number - 1] ?? '';
    if (region === undefined) return false;
    return (line.slice(0, region.column - 1) + line.slice(region.endColumn - 1)).trim() === '';
  };
  return {
    allows(rule, { line }) {
      if (byLine.get(line)?.has(rule)) return true;
      for (let above = line - 1; isComment(above); above--) if (byLine.get(above)?.has(rule)) return true;
      return false;
    },
    faults,
  };
}

function checkNames({ region }: FileComment, names: readonly string[]): Finding[] {
  const known = LINTS.map(({ name }) => name);
  const say = (problem: string, remedy: string): Finding => ({
    ...fault([], problem, remedy),
    at: 'comment',
    rule: UNKNOWN_ALLOW.name,
    severity: 'warning',
    why: UNKNOWN_ALLOW.why,
    region,
  });
  if (names.length === 0)
    return [say('this names no warning', 'write the name that the warning has in brackets')];
  return names
    .filter((name) => !known.includes(name))
    .map((name) =>
      RULES.some((rule) => rule.name === name)
        ? say(`${name} is an error, and can't be accepted`, 'mend it, and remove the comment')
        : say(`there is no warning ${JSON.stringify(name)}`, suggestOne(name, known)),
    );
}

function suggestOne(name: string, known: readonly string[]): string {
  const text = suggest(name, known);
  return text.startsWith('did you') ? text : 'docs/check.md has the names';
}
