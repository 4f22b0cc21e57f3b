/** The rows of a page's table whose first column has this head, each cell by its column's head, without backticks. */
export function tableIn(page: string, firstHead: string): Readonly<Record<string, string>>[] {
  const lines = page.split('\n').map((line) => line.split('|').slice(1, -1).map(plain));
  const start = lines.findIndex(([head]) => head === firstHead);
  const [heads = [], , ...rest] = lines.slice(start === -1 ? lines.length : start);
  const end = rest.findIndex((cells) => cells.length === 0);
  return rest
    .slice(0, end === -1 ? undefined : end)
    .map((cells) => Object.fromEntries(heads.map((head, i) => [head, cells[i] ?? ''])));
}

const plain = (cell: string) => cell.replaceAll('`', '').trim();
