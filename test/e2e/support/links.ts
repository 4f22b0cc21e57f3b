/** Links between pages of a package. */
import { posix } from 'node:path';

/**
 * Links and images of a page that lead to no file, or to no heading. Links that have a scheme are somebody else's.
 *
 * @param files all that there are
 */
export function brokenLinks(
  page: string,
  files: readonly string[],
  read: (file: string) => string,
): string[] {
  return targetsIn(read(page))
    .filter((target) => !/^[a-z]+:/i.test(target))
    .filter((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : posix.join(posix.dirname(page), path);
      if (!files.includes(file)) return true;
      return anchor !== undefined && file.endsWith('.md') && !anchorsIn(read(file)).includes(anchor);
    })
    .map((target) => `${page}: ${target}`);
}

/** Without code, which may have brackets of its own. */
const prose = (text: string) => text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, 'code');

function targetsIn(text: string): string[] {
  const inline = [...prose(text).matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)];
  const defined = [...prose(text).matchAll(/^\[[^\]]+\]:\s+(\S+)/gm)];
  const html = [...prose(text).matchAll(/\b(?:href|src)="([^"]+)"/g)];
  return [...inline, ...defined, ...html].map(([, target = '']) => target);
}

/** As GitHub names headings; the second of one name gets a number. */
function anchorsIn(text: string): string[] {
  const seen = new Map<string, number>();
  return [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => {
    const name = title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return count === 0 ? name : `${name}-${count}`;
  });
}
