/** The route table as a graph for Graphviz: issuers, routes, origins. */

import { valuesOf } from '../../../src/policy/demands.ts';
import { visible } from '../../text/terminal.ts';
import type { ApiEntry } from './table.ts';

const ANYONE = 'anyone';

export function renderDot(apis: readonly ApiEntry[]): string[] {
  const lines = new Set<string>();
  for (const { api, routes } of apis) {
    const origin = id('origin', routes[0]?.origin ?? '');
    lines.add(`  ${origin} [label=${quote(routes[0]?.origin ?? '')}, shape=cylinder];`);
    for (const { route, methods, path, whoHere } of routes) {
      const node = id('route', `${api.name} ${route.key}`);
      lines.add(
        `  ${node} [label=${quote(`${methods.join('|')} ${path}`)}, tooltip=${quote(`${api.name}: ${whoHere}`)}];`,
      );
      const open = route.auth !== 'required' || route.reportOnly;
      for (const { name } of route.issuers.values()) {
        lines.add(`  ${id('issuer', name)} [label=${quote(name)}, shape=house];`);
        lines.add(
          `  ${id('issuer', name)} -> ${node} [label=${quote(valuesOf(route.demands, 'scope').join(' '))}];`,
        );
      }
      if (open) {
        lines.add(`  ${id('who', ANYONE)} [label=${quote(ANYONE)}, shape=house, style=dashed];`);
        lines.add(`  ${id('who', ANYONE)} -> ${node} [style=dashed];`);
      }
      lines.add(`  ${node} -> ${origin};`);
    }
  }
  return [
    'digraph claimgate {',
    '  rankdir=LR;',
    '  node [shape=box, fontname="sans-serif"];',
    ...lines,
    '}',
  ];
}

const quote = (text: string) => `"${visible(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
const id = (kind: string, name: string) => quote(`${kind} ${name}`);
