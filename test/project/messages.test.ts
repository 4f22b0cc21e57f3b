/** The messages that people read: listed in docs/messages.txt, and held to the rules of CONTRIBUTING.md. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MESSAGES_FILE, type Message, messages, messagesIn, renderMessages } from '../../scripts/messages.ts';

const all = messages();
const written = (kinds: readonly string[]) => all.filter(({ kind }) => kinds.includes(kind));

/** Names that begin with a capital letter wherever they stand. */
const NAME = /^([A-Z][A-Z_]+\b|Authorization|"|\[|GET |COPY |URL|JSON|KV|YAML|OpenAPI|Sec-Fetch|Bearer)/;

const RULES: readonly (readonly [string, (text: string) => boolean])[] = [
  ['begins in lower case, or with a name', (text) => !/^[A-Z]/.test(text) || NAME.test(text)],
  ['ends without a full stop', (text) => !/[^.]\.$/.test(text)],
  ['names the thing', (text) => !/^(this|these) (is|are) (no|not)\b/.test(text)],
  ['has no riddle', (text) => !/as it must be|in vain|may not be meant|may not come from there/.test(text)],
];

describe('messages', () => {
  it('are those of docs/messages.txt (npm run docs)', () => {
    expect(all.length).toBeGreaterThan(500);
    expect(readFileSync(MESSAGES_FILE, 'utf8')).toBe(renderMessages(all));
  });

  it.each(RULES)('of errors and faults: each %s', (_rule, holds) => {
    const broken = written(['error', 'fault']).flatMap(({ file, texts }) =>
      texts.filter((text) => !holds(text)).map((text) => `${file}: ${text}`),
    );
    expect(broken).toEqual([]);
  });

  it('that clients get are whole sentences', () => {
    for (const { file, texts } of written(['answer', 'detail']))
      for (const text of texts) expect(text, file).toMatch(/^[A-Z].*[.…]$/);
  });

  it('of faults say what to do', () => {
    const lacking = all.filter(
      ({ file, kind, texts }) => kind === 'fault' && texts.length < 2 && /^src\/policy/.test(file),
    );
    // The rest is made of parts, which the list does not put together.
    expect(lacking.length).toBeLessThan(12);
  });
});

describe('the list finds', () => {
  const found = (text: string): Message['texts'][] =>
    messagesIn('src/policy/a.ts', text).map(({ texts }) => texts);

  it.each([
    ['an error', "throw new CommandError('a file is missing')", [['a file is missing']]],
    ['a value in it', `throw new CommandError(\`no \${name} here\`)`, [['no … here']]],
    ['a choice', "throw new Error(x ? 'one way' : 'another way')", [['one way'], ['another way']]],
    ['parts', `throw new Error('one way' + \`\${c} d\`)`, [['one way… d']]],
    ['a fault and its remedy', "at.add('a is wrong', 'write b c')", [['a is wrong', 'write b c']]],
    ['a row of a table', "const x = { detail: 'The token is bad.' }", [['The token is bad.']]],
    ['no other call', "set.add('word'); log('a text here')", []],
  ])('%s', (_what, text, want) => {
    expect(found(text)).toEqual(want);
  });
});
