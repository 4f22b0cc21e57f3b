import { isAbsolute, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PolicyFile } from '../../file/config.ts';
import type { Source } from '../../file/source.ts';
import type { CheckResult } from '../check.ts';
import type { Finding } from '../findings.ts';
import type { OnlineFacts } from '../online.ts';

/** The results of checking one file. */
export interface Report {
  readonly file: PolicyFile;
  /** Takes a moment: only for who shows lines. */
  readonly source: () => Source;
  readonly results: readonly CheckResult[];
  /** By environment, where the network was asked. */
  readonly online?: ReadonlyMap<string | undefined, OnlineFacts> | undefined;
}

export const findingsOf = ({ results }: Report): Finding[] =>
  results.flatMap(({ faults, warnings }) => [...faults, ...warnings]);

/** A file from where the command runs, which is the repository; `undefined` if it is elsewhere. */
export function pathInside(path: string): string | undefined {
  const inside = relative(process.cwd(), path);
  return isAbsolute(inside) || inside.startsWith('..') ? undefined : inside.split(sep).join('/');
}

/** The same as a URI; elsewhere, the whole one. */
export function uriOf(path: string): string {
  const inside = pathInside(path);
  return inside === undefined
    ? pathToFileURL(path).href
    : inside.split('/').map(encodeURIComponent).join('/');
}
