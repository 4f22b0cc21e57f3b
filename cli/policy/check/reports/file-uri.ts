import { isAbsolute, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

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
