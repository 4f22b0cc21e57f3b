/** Judges an answer of `claimgate init` at once: the policy that it makes must compile. */
import { compileSection, environmentOf, parsePolicyFile } from '../policy/file/config.ts';
import { type Answers, workerName } from './answers.ts';
import { renderPolicyFile } from './policy-file.ts';

/** The fields of the policy that an answer stands in. */
const FIELDS: Readonly<Record<keyof Answers, RegExp | undefined>> = {
  name: undefined,
  issuer: /^ISSUERS\.main\./,
  audience: /^API_\w+\.(audience|resource)\b/,
  origin: /^API_\w+\.(origin|zone_unprotected)\b/,
  host: /^API_\w+\.hosts\b/,
};

export function judgeAnswer(name: keyof Answers, answers: Answers): string | undefined {
  if (name === 'name')
    return answers.name === workerName(answers.name)
      ? undefined
      : `${answers.name} can't be a Worker's name; take one such as ${workerName(answers.name)}`;
  if (name === 'origin' && answers.origin === 'zone')
    return 'origin: a zone needs more than one answer; write a URL here, and see docs/origins.md of the package';
  const text = renderPolicyFile(answers, './node_modules/claimgate');
  const { main: _, ...section } = environmentOf(parsePolicyFile('wrangler.toml', text), undefined);
  const compiled = compileSection(section);
  const fault = compiled.ok ? undefined : compiled.faults.find(({ at }) => FIELDS[name]?.test(at));
  return fault && `${fault.at.split('.').at(-1)}: ${fault.problem}; ${fault.remedy}`;
}
