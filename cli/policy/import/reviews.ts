/** What needs a look: each kind is explained once, with how many routes have it. */
import type { Draft, DraftRoute } from './drafted.ts';

export interface Reviews {
  /** Of many routes. */
  readonly head: readonly string[];
  /** Above one route. */
  of(route: DraftRoute): string[];
  /** Active routes that have any. */
  readonly count: number;
}

export function collectReviews({ apis }: Draft): Reviews {
  const routes = apis.flatMap((api) => api.routes);
  const on = routes.filter(({ off }) => !off);
  const byText = new Map<string, { tag: string; routes: DraftRoute[] }>();
  for (const route of routes)
    for (const { tag, text } of route.notes) {
      const known = byText.get(text) ?? { tag, routes: [] };
      byText.set(text, known);
      known.routes.push(route);
    }
  const tags = new Set<string>();
  const head: string[] = [];
  const marks = new Map<string, string | undefined>();
  for (const [text, { tag, routes: some }] of byText) {
    if (some.length === 1) continue;
    if (some.length === on.length && some.every(({ off }) => !off)) {
      marks.set(text, undefined);
      head.push(`review, all ${some.length} routes: ${text}`);
      continue;
    }
    const short = shortened(tag, MAX_TAG);
    let unique = short;
    for (let count = 2; tags.has(unique); count++) unique = `${short} ${count}`;
    tags.add(unique);
    marks.set(text, unique);
    head.push(`review "${unique}", ${some.length} routes: ${text}`);
  }
  return {
    head,
    of: ({ notes }) =>
      notes.flatMap(({ text }) => {
        if (!marks.has(text)) return [`review: ${text}`];
        const mark = marks.get(text);
        return mark === undefined ? [] : [`review: ${mark}`];
      }),
    count: on.filter(({ notes }) => notes.length > 0).length,
  };
}

const MAX_TAG = 48;

/** Cut between words. */
export const shortened = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most).replace(/\s+\S*$/, '')} …`;
