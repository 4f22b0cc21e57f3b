/** A policy means the same in every format: what is given to the compiler is the same, byte for byte. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderPair } from '../../../cli/formats/inline-toml.ts';
import { checkPolicy } from '../../../cli/policy/check/check.ts';
import { compileSection, environmentOf, parsePolicyFile } from '../../../cli/policy/file/config.ts';
import { tablesOf } from '../../guarantees/support/model.ts';
import { worlds } from '../../guarantees/support/policies.ts';

const VARIANTS: Readonly<Record<string, (config: object) => string>> = {
  'wrangler.toml': (config) =>
    Object.entries(config)
      .map(([name, value]) => renderPair(name, value))
      .join('\n'),
  'wrangler.json': (config) => JSON.stringify(config),
  'wrangler.jsonc': (config) =>
    `\ufeff// a comment\n${JSON.stringify(config, null, '\t')
      .replace(/([\]}"el0-9])\n/g, '$1, // claimgate: allow nothing\n')
      .replaceAll('\n', '\r\n')}`,
};

describe('a policy in each format', () => {
  it('is the same to the compiler, and to the check', () => {
    fc.assert(
      fc.property(worlds({ contrary: 3 }), (world) => {
        const vars = tablesOf(world);
        const config = { name: 'x', vars, env: { p: { vars } } };
        const [toml, ...others] = Object.entries(VARIANTS).map(([path, write]) =>
          parsePolicyFile(path, write(config)),
        );
        for (const file of others) {
          for (const environment of [undefined, 'p']) {
            const [one, other] = [toml, file].map((each) => each && environmentOf(each, environment).vars);
            expect(JSON.stringify(other)).toBe(JSON.stringify(one));
          }
          expect(compileSection(file.config).ok).toBe(toml && compileSection(toml.config).ok);
          const rules = (each: typeof file) =>
            checkPolicy(each).flatMap(({ faults, warnings }) =>
              [...faults, ...warnings].map(({ rule, at }) => [rule, at]),
            );
          expect(rules(file).filter(([rule]) => rule !== 'unknown-allow')).toEqual(toml && rules(toml));
        }
      }),
      { numRuns: 60 },
    );
  });
});
