/** Judges an issuer by what it publishes: metadata, keys, algorithms, clock. */
import type { KeysFault } from '../../../src/decision.ts';
import type { Issuer, Policy } from '../../../src/policy/policy.ts';
import { visible } from '../../text/terminal.ts';
import { listed } from '../../text/words.ts';
import {
  type Asked,
  explainName,
  formatAsked,
  formatDropped,
  formatKeys,
  type IssuerAnswers,
} from '../what-if/ask-issuer.ts';
import { statusWords } from '../what-if/status-words.ts';
import { error, ok, type Symptom, warning } from './symptom.ts';

/** Dates of HTTP are whole seconds, and an answer takes a while. */
const MAX_CLOCK_SKEW_SECONDS = 10;

/** Pure. @param start what to do where nothing answers */
export function judgeIssuer(issuer: Issuer, answers: IssuerAnswers, start = ''): Symptom[] {
  return [
    ...judgeDocuments(issuer, answers, start),
    ...judgeKeys(issuer, answers),
    ...judgeClock(issuer, answers.asked),
  ];
}

const faultWords: Readonly<Record<KeysFault, (last: Asked | undefined, issuer: Issuer) => string>> = {
  timeout: () => 'it did not answer within 5 s; look whether it is up, and whether this machine reaches it',
  network_error: (last) =>
    `it can't be reached (${last?.outcome ?? 'no connection'}); look at the host's name, and whether this machine has a network`,
  http_status: (last) => statusWords(Number(last?.outcome)).join('; '),
  redirect: (last) =>
    `it redirects to ${last?.location ?? 'another place'}, which is not followed; write where it leads to as \`metadata_uri\` or \`jwks_uri\``,
  too_large: () => 'it sends more than 256 KB; give `jwks_uri` of the key set itself',
  not_json: (last) =>
    last?.contentType?.includes('html')
      ? 'it sends HTML, not JSON: a page for people, such as a login or an error; open the URL in a browser, and give `metadata_uri` or `jwks_uri` of the document for programs'
      : 'it sends no JSON, or no key set; give `metadata_uri` or `jwks_uri`',
  metadata_invalid: () => 'its metadata has no key set (jwks_uri); give `jwks_uri`',
  issuer_mismatch: () => 'its metadata has another name',
  insecure_uri: () => 'its keys are under a URL without https; have that mended, or give `jwks_uri`',
  no_usable_key: () => 'its key set has no key that can verify signatures',
  binding_missing: () => 'it is bound to nothing; add [[services]]',
  stale_limit: () => 'its keys are too old',
};

/** Faults that are about the keys, and have words of their own. */
const OF_KEYS: readonly (KeysFault | undefined)[] = ['no_usable_key', 'issuer_mismatch'];

function judgeDocuments(issuer: Issuer, answers: IssuerAnswers, start: string): Symptom[] {
  const { asked, fault, named } = answers;
  const what = `metadata of ${visible(issuer.issuer)}`;
  const list = asked.map(formatAsked);
  // Where several places were asked, the telling one.
  const last = asked.findLast((one) => one.url === answers.url) ?? asked.at(-1);
  if (fault === 'issuer_mismatch') {
    const text =
      named === undefined
        ? 'its metadata has no `issuer`; give `jwks_uri`, if this is the right place'
        : `it calls itself ${JSON.stringify(named)}, and the policy has ${JSON.stringify(issuer.issuer)}; ${explainName(issuer.issuer, named)}`;
    return [error(what, lines(text, ...list))];
  }
  if (fault !== undefined && !OF_KEYS.includes(fault)) {
    const faults = asked.flatMap((one) => one.faults ?? []);
    const unreached = fault === 'network_error' && start !== '';
    const text =
      faults.length > 0
        ? `it answers ${last?.outcome}: ${faults.join('; ')}`
        : unreached
          ? `it can't be reached (${last?.outcome}); ${start}`
          : faultWords[fault](last, issuer);
    return [error(what, lines(visible(text), ...list))];
  }
  return [ok(issuer.keys.kind === 'jwks' ? `key set of ${visible(issuer.issuer)}` : what, lines(...list))];
}

const lines = (...all: readonly string[]) => all.join('\n');

function judgeKeys(issuer: Issuer, { fault, keys, dropped, listed: inMetadata }: IssuerAnswers): Symptom[] {
  const what = `keys of ${visible(issuer.issuer)}`;
  const left = formatDropped(dropped);
  if (fault === 'no_usable_key') {
    const problem =
      dropped.length === 0
        ? 'the key set is empty; look whether the issuer signs with a secret (HS256), which this gateway does not take'
        : 'no key of the set can verify signatures';
    return [error(what, lines(problem, ...left))];
  }
  if (fault !== undefined) return [];
  const has = [...new Set(keys.flatMap(({ algorithms }) => algorithms))];
  const accepted = [...issuer.algorithms];
  const usable = has.some((alg) => issuer.algorithms.has(alg));
  const symmetric = inMetadata?.length !== 0 && inMetadata?.every((alg) => alg.startsWith('HS'));
  return [
    ok(what, lines(formatKeys(keys), ...left.map((one) => `left out: ${one}`))),
    usable
      ? ok(`algorithms of ${visible(issuer.issuer)}`, `accepted: ${accepted.join(', ')}`)
      : error(
          `algorithms of ${visible(issuer.issuer)}`,
          `none of its keys is for ${listed(accepted, 'or')}; write algorithms = ${JSON.stringify(has)}, of which take what it signs with`,
        ),
    ...(symmetric === true
      ? [
          warning(
            `algorithms of ${visible(issuer.issuer)}`,
            `its metadata says that it signs with ${listed(inMetadata ?? [])}, a shared secret; switch it to RS256 or ES256`,
          ),
        ]
      : []),
  ];
}

function judgeClock(issuer: Issuer, asked: readonly Asked[]): Symptom[] {
  const skew = asked.findLast(({ skewSeconds }) => skewSeconds !== undefined)?.skewSeconds;
  if (skew === undefined) return [];
  const what = `clock of ${visible(issuer.issuer)}`;
  if (Math.abs(skew) <= MAX_CLOCK_SKEW_SECONDS) return [ok(what)];
  const side = skew > 0 ? 'ahead of' : 'behind';
  return [
    warning(
      what,
      `it is ${Math.abs(skew)} s ${side} this machine, and ${issuer.clockToleranceSeconds} s are tolerated; set the clock that is wrong, or tokens are refused as expired or not valid yet`,
    ),
  ];
}

/** What the policy wants of the issuer's tokens: for people to compare where there is no token. */
export function judgeAudiences(issuer: Issuer, { apis }: Policy, audience: string | undefined): Symptom[] {
  const wanted = apis.flatMap((api) => {
    const routes = api.routes.filter((route) => route.issuers.has(issuer.issuer));
    const audiences = [...new Set(routes.flatMap((route) => route.audiences))];
    return audiences.length === 0 ? [] : [{ api: api.name, audiences }];
  });
  const what = `audience of ${visible(issuer.issuer)}`;
  if (wanted.length === 0)
    return [warning(what, 'no route of the policy takes its tokens; remove it, or name it at an API')];
  const list = wanted.map(
    ({ api, audiences }) => `${api}: ${audiences.map((one) => JSON.stringify(one)).join(', ')}`,
  );
  if (audience === undefined || wanted.some(({ audiences }) => audiences.includes(audience)))
    return [ok(what, lines(...list))];
  return [
    error(what, lines(`no API takes ${JSON.stringify(audience)}; they are compared literally`, ...list)),
  ];
}
