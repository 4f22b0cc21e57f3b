/** Parameters of paths, as far as they tell what a path looks like. */
import { isTable, listOf } from '../../../text/json.ts';
import { type At, type Follow, isUnread, LeadsNowhere, step } from './references.ts';

/** GitHub marks a parameter that holds slashes. What a parameter is else does not matter to a route. */
export async function spanningNames(
  tables: readonly At[],
  follow: Follow,
  notes: Set<string>,
): Promise<Set<string>> {
  const spanning = new Map<string, boolean>();
  for (const table of tables) {
    const list = step(table, 'parameters');
    for (const [i, value] of listOf(list.value).entries()) {
      const found = await follow({ ...list, value, pointer: `${list.pointer}/${i}` }).catch(
        (error: unknown) => {
          if (error instanceof LeadsNowhere) return { unread: error.message };
          throw error;
        },
      );
      if (isUnread(found)) notes.add(`a parameter was not read, and may span segments: ${found.unread}`);
      else if (isTable(found.value) && found.value['in'] === 'path') {
        const name = String(found.value['name']);
        if (!spanning.has(name)) spanning.set(name, found.value['x-multi-segment'] === true);
      }
    }
  }
  return new Set([...spanning].flatMap(([name, spans]) => (spans ? [name] : [])));
}
