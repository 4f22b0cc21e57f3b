/** Messages about the policy are written with TOML's tables and fields. For a file in JSON they are said in JSON. */

/** In turn: a field with its value, a text (which stays), a list of tables, a table. */
const TOML =
  /("(?:[^"\\]|\\.)*"|[A-Za-z_][\w-]*) = |"(?:[^"\\]|\\.)*"|\[\[([\w.-]+)\]\]|\[([a-z_]+)((?:\.[^\]\s"]+)*)\]/g;

export const sayInJson = (text: string): string =>
  text
    .replaceAll('wrangler.toml', 'the configuration')
    .replace(TOML, (all, field?: string, list?: string, table?: string, rest = '') => {
      if (field !== undefined) return `${field.startsWith('"') ? field : `"${field}"`}: `;
      if (list !== undefined) {
        const [last = '', ...outer] = list.split('.').reverse();
        return outer.reduce((within, name) => `"${name}": { ${within} }`, `"${last}": [{ … }]`);
      }
      if (table === undefined) return all;
      const [first, ...inner] = rest.split('.').slice(1);
      if (first === undefined) return `"${table}"`;
      if (table !== 'vars') return `${table}${rest}`;
      const value = inner.reduceRight(
        (within: string, name: string) => `: { "${name}"${within} }`,
        inner.length > 0 ? ': { … }' : '',
      );
      return `"${first}"${value} under "vars"`;
    });
