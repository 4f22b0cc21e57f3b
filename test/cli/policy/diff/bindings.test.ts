import { expect, it } from 'vitest';
import { bindingDifferences } from '../../../../cli/policy/diff/bindings.ts';
import { environmentOf, parsePolicyFile, policyOf } from '../../../../cli/policy/file/config.ts';
import { policyText } from '../../support/policies.ts';

const read = (binding: string) => {
  const file = parsePolicyFile('wrangler.toml', policyText({ api: 'origin = "service:Y"', more: binding }));
  return { policy: policyOf(file, undefined), section: environmentOf(file, undefined) };
};

const VPC = '[[vpc_services]]\nbinding = "Y"\nservice_id = "1"';
const SERVICE = '[[services]]\nbinding = "Y"\nservice = "y"\nprops = { plan = "gold" }';
const ASSETS = '[assets]\nbinding = "Y"\ndirectory = "./a"\nrun_worker_first = true';

it.each([
  ['another private service', VPC, VPC.replace('"1"', '"2"'), 'vpc_services.Y', 'service_id "2"'],
  [
    'other props',
    SERVICE,
    SERVICE.replace('gold', 'free'),
    'services.Y',
    'props {"plan":"free"}, service "y"',
  ],
  ['other files', ASSETS, ASSETS.replace('./a', './b'), 'assets.Y', 'directory "./b", run_worker_first true'],
  ['another kind', SERVICE, VPC, 'vpc_services.Y', 'service_id "1"'],
])('an origin moves with its binding: %s', (_what, before, after, place, words) => {
  const [old, now] = [read(before), read(after)];
  const found = bindingDifferences(
    { old: old.policy, now: now.policy },
    { old: old.section, now: now.section },
  );
  expect(found.map((one) => [one.change, one.place, one.now])).toEqual([['moved', place, [words]]]);
});
