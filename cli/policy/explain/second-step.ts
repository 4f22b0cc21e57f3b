/** The step of second targets: what a request asks for besides its own path and method. */
import type { DecisionStep } from '../../../src/decide.ts';
import type { SecondTarget } from '../../../src/http/second-target.ts';
import { listed } from '../../text/words.ts';
import { routeName } from '../words.ts';
import { type Check, makeStep, type Step } from './step.ts';

type Seen = Extract<DecisionStep, { step: 'second_target' }>;

const BY: Readonly<Record<SecondTarget['by'], string>> = {
  destination: 'by Destination',
  query: 'by the query',
  form: 'by the form',
  below: 'below',
};

const FAULTS = {
  missing: 'there is no Destination',
  several: 'there is more than one Destination',
  form: 'Destination is neither a URL nor an absolute path',
  host: 'Destination is on another host, or another port',
  query: 'Destination has a query or a fragment',
  path: 'the path of Destination can be read in more than one way',
} as const;

export function secondStep({ targets, fault }: Seen): Step {
  const checks = targets.map(checkOf).filter((one) => one !== undefined);
  const refused = fault ?? targets.find(({ refusal }) => refusal !== undefined)?.refusal;
  const saw = targets.some(({ by }) => by === 'destination') || fault !== undefined ? 'a copy or move' : '';
  const decided =
    fault?.code === 'destination_invalid'
      ? FAULTS[fault.fault]
      : refused === undefined
        ? 'the rules of all these must hold too'
        : 'a plain request for one of these would be refused';
  return makeStep('second target', saw || 'another method in the query', decided, {
    reason: refused,
    checks,
  });
}

/** What lies below a path is told where some route is written for it. */
function checkOf({ by, method, path, routes, refusal }: SecondTarget): Check | undefined {
  if (by === 'below' && routes.length === 0 && refusal === undefined) return undefined;
  const written = `/${path.encoded.join('/')}`;
  const check = `${method} ${written}${by === 'below' ? (written === '/' ? '…' : '/…') : ''}`;
  const saw = refusal === undefined ? listed(routes.map(routeName)) : refusal.code;
  return { check: `${check} (${BY[by]})`, saw, verdict: refusal === undefined ? 'ok' : 'refused' };
}
