/** How the policy says which claim it means. */
import { parseSelector } from '../claims.ts';
import type { ClaimSelector, RouteSelector } from '../policy.ts';
import { suggest } from './fault.ts';
import type { Faults } from './faults.ts';
import type { RouteKey } from './route-key.ts';

const isParam = (text: string, name: string) => text.startsWith('/') && name.startsWith(':');

/** For claims that no route asks for: a parameter has no value there. @param at the field that has the text */
export function compileSelector(text: string, at: Faults): ClaimSelector {
  const selector = parseSelector(text);
  for (const name of selector.path)
    if (isParam(text, name))
      at.add(
        `${JSON.stringify(name)} stands for a parameter of a path, and there is no path here`,
        'name the member',
      );
  return selector;
}

/** In a JSON Pointer, `:org` alone between slashes is the member that the parameter names: never this text itself. */
export function compileRouteSelector(text: string, key: RouteKey, at: Faults): RouteSelector {
  const { path } = parseSelector(text);
  return { text, path: path.map((name) => (isParam(text, name) ? paramOf(name.slice(1), key, at) : name)) };
}

/** The parameter of this name. Where there is none, `at` gets a fault. */
export function paramOf(name: string, { params }: RouteKey, at: Faults) {
  const param = params.find((one) => one.name === name);
  const names = params.map((one) => one.name);
  if (param === undefined)
    at.add(
      `the path has no :${name}`,
      names.length === 0
        ? `write :${name} into the path, or into each of the hosts, by the same name`
        : suggest(name, names),
    );
  return param ?? { name, at: -1, before: 0, after: 0 };
}
