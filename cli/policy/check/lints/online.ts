/** Lints that need the network. */
import type { KeysFault } from '../../../../src/decision.ts';
import { readClaim } from '../../../../src/policy/claims.ts';
import { fault } from '../../../../src/policy/compile/fault.ts';
import type { Issuer } from '../../../../src/policy/policy.ts';
import { signersOf } from '../../../../src/policy/signals.ts';
import { visible } from '../../../text/terminal.ts';
import { shown } from '../../../text/words.ts';
import { explainName, formatDropped, type IssuerAnswers } from '../../what-if/ask-issuer.ts';
import { statusWords } from '../../what-if/status-words.ts';
import { audiencePlace } from '../../what-if/token.ts';
import type { Lint, Subject } from './subject.ts';

/** `http_status` has words for each status. */
const FAULTS: Readonly<
  Record<Exclude<KeysFault, 'http_status'>, readonly [problem: string, remedy: string]>
> = {
  timeout: ['did not answer within 5 s', 'look whether it is up, and whether this machine reaches it'],
  network_error: ["can't be reached", 'look at its address, and whether this machine has a network'],
  redirect: ['answers with a redirect, which is not followed', 'write where it leads to'],
  too_large: ['sends more than 256 KB', 'give jwks_uri of the key set itself'],
  not_json: ['sends no JSON, or no key set', 'give metadata_uri or jwks_uri'],
  metadata_invalid: ['has metadata without a key set', 'give jwks_uri'],
  issuer_mismatch: [
    'calls itself by another name',
    'write issuer exactly as its metadata and tokens have it',
  ],
  insecure_uri: ['has its keys under a URL without https', 'have that mended, or give jwks_uri'],
  no_usable_key: ['has no key that can verify signatures', 'look at its key set'],
  binding_missing: ['is bound to nothing', 'add [[services]]'],
  stale_limit: ['has keys that are too old', 'look at its key set'],
};

const askedIssuers = ({ policy, online }: Subject) =>
  policy.issuers.map((issuer) => [issuer, online?.issuers.get(issuer.name)] as const);

/** The same, with who signs security events alone: its table is another one. */
const askedSigners = ({ policy, online }: Subject) =>
  signersOf<Issuer>(policy).map((signer) => {
    const transmitter = policy.issuers.includes(signer)
      ? undefined
      : policy.transmitters.find((one) => one.signer === signer);
    const place =
      transmitter === undefined ? [signer.variable, signer.name] : ['GATEWAY', 'signals', transmitter.name];
    return [signer, online?.issuers.get(signer.name), [...place, 'issuer']] as const;
  });

export const issuerKeys: Lint = {
  name: 'issuer-keys',
  severity: 'error',
  finds:
    "an issuer, or a transmitter of events, whose keys can't be had. A warning where they come through a service binding",
  why: 'without keys, every token of the issuer is answered with 503',
  remedy: 'correct `issuer`, `metadata_uri` or `jwks_uri`, or look at the issuer',
  needs: '`--online`',
  *find(subject) {
    for (const [issuer, facts, place] of askedSigners(subject)) {
      if (facts?.kind !== 'fault') continue;
      const [usual, usualRemedy] =
        facts.fault === 'http_status' ? statusWords(facts.status) : FAULTS[facts.fault];
      const isRenamed = facts.fault === 'issuer_mismatch' && facts.named !== undefined;
      const problem = isRenamed ? `calls itself ${shown(facts.named)}` : usual;
      const where = facts.fault === 'http_status' && facts.url !== undefined ? ` at ${facts.url}` : '';
      const remedy = isRenamed ? explainName(issuer.issuer, facts.named) : usualRemedy;
      const found = fault(
        place,
        `the issuer ${problem.replace(/^it /, '')} (${facts.fault}${visible(where)})`,
        remedy,
      );
      // The Worker's way to it is another one, which only the Worker has.
      yield issuer.service === undefined ? found : { ...found, severity: 'warning' };
    }
  },
};

/** Reasons to drop a key that nobody meant to publish so. Keys for encryption and other kinds are usual. */
const UNSOUND: readonly IssuerAnswers['dropped'][number]['why'][] = [
  'private',
  'symmetric',
  'malformed',
  'rsa_size',
  'kid',
  'too_many',
];

export const unsoundKey: Lint = {
  name: 'unsound-key',
  finds: 'a key that the issuer publishes and the gateway does not use: private, malformed or too small',
  why: 'its tokens are refused; and with a private half that anybody can read, anybody can make them',
  remedy: "tell the issuer's owner: the key must be replaced, or published as it should be",
  needs: '`--online`',
  *find(subject) {
    for (const [issuer, facts] of askedIssuers(subject)) {
      const unsound = facts?.dropped.filter(({ why }) => UNSOUND.includes(why)) ?? [];
      const [first, ...more] = formatDropped(unsound);
      if (first === undefined) continue;
      yield fault(
        [issuer.variable, issuer.name, 'issuer'],
        `a key of the issuer is not used: ${first}${more.length === 0 ? '' : ` (and ${more.length} more)`}`,
        "tell the issuer's owner, and look at its key set",
      );
    }
  },
};

export const unusedAlgorithm: Lint = {
  name: 'unused-algorithm',
  finds:
    "an algorithm in `algorithms` that none of the issuer's keys is for, or an issuer with keys for none of them",
  why: 'what is accepted without need is room for attacks; and where no key fits, nobody passes',
  remedy: 'name those that the issuer signs with',
  needs: '`--online`',
  *find(subject) {
    for (const [issuer, facts] of askedIssuers(subject)) {
      if (facts?.kind !== 'keys') continue;
      const has = [...facts.algorithms].join(', ');
      const tables = subject.section.vars?.[issuer.variable] as Record<string, { algorithms?: string[] }>;
      const written = tables[issuer.name]?.algorithms;
      if (![...issuer.algorithms].some((alg) => facts.algorithms.has(alg))) {
        yield fault(
          [issuer.variable, issuer.name, 'algorithms'],
          "none of the issuer's keys is for an algorithm that is accepted",
          `it has keys for ${has}: name what it signs with`,
        );
        continue;
      }
      // Algorithms that are accepted by default are nobody's choice.
      for (const [i, alg] of (written ?? []).entries()) {
        if (facts.algorithms.has(alg)) continue;
        yield fault(
          [issuer.variable, issuer.name, 'algorithms', i],
          `none of the issuer's keys is for ${alg}`,
          `remove it; there are keys for ${has}`,
        );
      }
    }
  },
};

export const unknownClaim: Lint = {
  name: 'unknown-claim',
  finds: "a claim in `forward` that the example token lacks, or that the issuer's metadata does not list",
  why: 'the origin gets no such header, and may take that for "everyone"',
  remedy: 'write the claim as tokens have it, or have the issuer add it',
  needs: '`--token FILE`, or `--online` where the metadata has `claims_supported`',
  *find(subject) {
    for (const { name, forward, issuers, routes } of subject.policy.apis) {
      const [issuer, ...others] = issuers;
      if (issuer === undefined || others.length > 0) continue; // another issuer's tokens may have it
      const audiences = routes.flatMap((route) => route.audiences);
      for (const { claim } of forward) {
        const problem = absence(subject, issuer, claim, audiences);
        if (problem === undefined) continue;
        yield fault(
          [name, 'forward', claim.text],
          problem,
          'write it as tokens have it, or have the issuer add it',
        );
      }
    }
  },
};

function absence(
  { token, online }: Subject,
  issuer: Issuer,
  claim: { text: string; path: readonly string[] },
  audiences: readonly string[],
): string | undefined {
  if (token !== undefined) {
    const held = [readClaim(token, audiencePlace(issuer))].flat();
    const isFor = token['iss'] === issuer.issuer && held.some((one) => audiences.includes(String(one)));
    return isFor && readClaim(token, claim) === undefined ? 'the example token has no such claim' : undefined;
  }
  const facts = online?.issuers.get(issuer.name);
  const listed = facts?.kind === 'keys' ? facts.claims : undefined;
  const [first = ''] = claim.path;
  // Claims with a name space are the owner's own: metadata does not know them.
  if (listed === undefined || listed.includes(first) || first.includes('://')) return undefined;
  return "the issuer's metadata does not list this claim";
}

export const originUnreachable: Lint = {
  name: 'origin-unreachable',
  finds: 'an origin that does not answer from here, or with 5xx',
  why: 'clients get 502 or 504; unless only the Worker can reach it, which is fine',
  remedy: 'correct the URL, or look at the origin',
  needs: '`--online`',
  *find({ policy, online }) {
    for (const api of policy.apis) {
      const facts = online?.origins.get(api.name);
      if (facts === undefined || (facts.kind === 'answer' && facts.status < 500)) continue;
      const problem =
        facts.kind === 'answer'
          ? `the origin answers ${facts.status}`
          : facts.timedOut
            ? 'the origin did not answer within 5 s'
            : "the origin can't be reached from here";
      yield fault([api.name, 'origin'], problem, 'correct the URL, or look at the origin');
    }
  },
};

export const openOrigin: Lint = {
  name: 'open-origin',
  finds: 'an origin that answers what the policy guards to whoever asks it directly, with 2xx',
  why: 'the gateway can be gone around',
  remedy:
    'close the other ways: [origins.md](origins.md#make-sure-that-requests-come-through-the-gateway-only)',
  needs: '`--online`',
  *find({ policy, online }) {
    for (const api of policy.apis) {
      const facts = online?.origins.get(api.name);
      if (facts?.kind !== 'answer' || facts.guarded === undefined || facts.status >= 300) continue;
      yield fault(
        [api.name, 'origin'],
        `the origin answers ${JSON.stringify(facts.guarded)} without a token (${facts.status})`,
        'let it demand origin_headers or mtls, or bind it as a service: docs/origins.md',
      );
    }
  },
};
