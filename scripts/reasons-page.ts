/** docs/reasons.md: what clients are told comes from the Workers' own tables, what to do from `scripts/reasons/`. */

import { type FailureCode, wireError } from '../issuer/src/failure.ts';
import type { ReasonCode } from '../src/decision.ts';
import { renderDenial } from '../src/http/answer.ts';
import { PROBLEMS } from '../src/http/problem.ts';
import type { Explained } from './reasons/explained.ts';
import {
  AUTHORIZATION_FAULTS,
  DESTINATION_FAULTS,
  FORM_FAULTS,
  KEYS_FAULTS,
  PATH_FAULTS,
  SENT_INSTEAD,
  STATUS_FAULTS,
} from './reasons/gateway/service.ts';
import { GATEWAY_REASONS } from './reasons/gateway.ts';
import { ISSUER_REASONS } from './reasons/issuer.ts';

const WIDTH = 100;

const GATEWAY_CODES = Object.keys(GATEWAY_REASONS) as ReasonCode[];
const ISSUER_CODES = Object.keys(ISSUER_REASONS) as FailureCode[];

/** Headers of the page that differ from reason to reason. */
const SHOWN_HEADERS = ['www-authenticate', 'allow', 'retry-after'] as const;
const HEADER_NAMES = { 'www-authenticate': 'WWW-Authenticate', allow: 'Allow', 'retry-after': 'Retry-After' };

/** Values of `reason_detail`, where they are a list of the gateway's own. */
const DETAILS: { readonly [Code in ReasonCode]?: Readonly<Record<string, string>> } = {
  path_ambiguous: PATH_FAULTS,
  authorization_malformed: AUTHORIZATION_FAULTS,
  token_missing: SENT_INSTEAD,
  destination_invalid: DESTINATION_FAULTS,
  form_unread: FORM_FAULTS,
  keys_unavailable: KEYS_FAULTS,
  status_unavailable: STATUS_FAULTS,
};

interface Answer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly sentence: string;
  /** Of RFC 6749, where it stands in the body. */
  readonly error?: string;
}

export function renderReasonsPage(): string {
  return [
    ...INTRODUCTION.flatMap((text) => [wrap(text), '']),
    '## The gateway',
    '',
    ...overview(GATEWAY_CODES, (code) => [code, String(PROBLEMS[code].status), PROBLEMS[code].detail], ''),
    ...GATEWAY_CODES.flatMap((code) => [
      `### ${title(code)}`,
      '',
      ...entry(code, gatewayAnswer(code), GATEWAY_REASONS[code]),
      ...details(DETAILS[code]),
    ]),
    '## The issuer',
    '',
    wrap(ISSUER_INTRODUCTION),
    '',
    ...overview(
      ISSUER_CODES,
      (code) => {
        const { status, error } = wireError(ISSUER_REASONS[code].example);
        return [code, String(status), `\`${error}\``];
      },
      'Issuer: ',
    ),
    ...ISSUER_CODES.flatMap((code) => [
      `### Issuer: ${lowerTitle(code)}`,
      '',
      ...entry(code, issuerAnswer(code), ISSUER_REASONS[code]),
    ]),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

const INTRODUCTION = [
  '# Reasons',
  'For developers of clients, who find the `reason` of a refusal in the answer, and for operators, who find it in the log. After this page you know what was checked, why the check usually fails, and what to change.',
  'The answer of the gateway is a problem (RFC 9457) with `type`, `title`, `status`, `detail`, `reason` and `request_id`, and with what to ask for or to fix where that is known ([for clients](mcp.md#what-clients-are-told)). `type` ends with the name of the heading here, such as `token-expired`. It is a link if the operator has set `problem_base` ([policy](policy.md#the-gateway-varsgateway)) to the place of this page. Programs should compare `reason`: it is stable across versions.',
  'The log has one line for each refusal ([operations](operations.md#the-log)). `reason_detail` holds a value of the policy or a date of the token. Lines about a token that was not verified have what it claims in `unverified_iss`, `unverified_kid`, `unverified_alg` and `unverified_typ`. A client that quotes its `request_id` helps you find its line. A rule on trial writes the same codes as `would_deny` and `would_deny_detail`.',
];

const ISSUER_INTRODUCTION =
  'The answer of the token endpoint is that of RFC 6749 §5.2: `error` and `error_description`. It is less exact than the log on purpose: a client that has not authenticated never learns whether it exists. The log has the code as `reason` ([issuer](issuer.md#the-log)).';

function gatewayAnswer(code: ReasonCode): Answer {
  const { headers, status } = renderDenial(GATEWAY_REASONS[code].example, {
    requestId: 'request-1',
    realm: 'api.example.com',
  });
  return { status, headers: shownHeaders(headers), sentence: PROBLEMS[code].detail };
}

function issuerAnswer(code: FailureCode): Answer {
  const { status, error, description, retryAfterSeconds } = wireError(ISSUER_REASONS[code].example);
  const headers = [
    ...(status === 401
      ? [
          'Header: `WWW-Authenticate: Basic realm="https://auth.example.com/"`, if the client tried HTTP Basic',
        ]
      : []),
    ...(status === 405 ? ['Header: `Allow: POST`'] : []),
    ...(retryAfterSeconds === undefined ? [] : [`Header: \`Retry-After: ${retryAfterSeconds}\``]),
  ];
  return { status, headers, sentence: description, error };
}

/** The description of a challenge is the sentence again. */
function shownHeaders(headers: Headers): string[] {
  return SHOWN_HEADERS.flatMap((name) => {
    const value = headers.get(name)?.replace(/, error_description="[^"]*"/, '');
    return value === undefined ? [] : [`Header: \`${HEADER_NAMES[name]}: ${value}\``];
  });
}

function entry(
  code: string,
  { status, headers, sentence, error }: Answer,
  { causes, client, operator, unlogged, log }: Explained & { readonly log?: string },
): string[] {
  const detail = log === undefined ? '' : ` \`reason_detail\` ${log}`;
  return [
    item(`The client gets ${status}${error === undefined ? '' : ` \`${error}\``}: “${sentence}”`),
    ...headers.map(item),
    unlogged === undefined
      ? item(`The log has \`reason\` \`${code}\`.${detail}`)
      : item(`The log has no line for the request: ${unlogged}`),
    '',
    'Usual causes:',
    '',
    ...causes.map(item),
    '',
    'What to do:',
    '',
    item(`Client: ${decapitalise(client)}`),
    item(`Operator: ${decapitalise(operator)}`),
    '',
  ];
}

/** A table from code to heading, so that a code of the log is found by eye. */
function overview<Code extends string>(
  codes: readonly Code[],
  cells: (code: Code) => readonly [code: string, status: string, told: string],
  prefix: string,
): string[] {
  const rows = codes.map((code) => {
    const [name, status, told] = cells(code);
    return `| [\`${name}\`](#${anchor(`${prefix}${title(code)}`)}) | ${status} | ${told} |`;
  });
  return ['| reason | status | the client reads |', '|---|---|---|', ...rows, ''];
}

function details(values: Readonly<Record<string, string>> | undefined): string[] {
  if (values === undefined) return [];
  const rows = Object.entries(values).map(([value, meaning]) => `| \`${value}\` | ${meaning} |`);
  return ['| `reason_detail` | meaning |', '|---|---|', ...rows, ''];
}

const title = (code: string) => {
  const words = code.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};
const lowerTitle = (code: string) => code.replaceAll('_', ' ');

const anchor = (heading: string) => heading.toLowerCase().replaceAll(':', '').replaceAll(' ', '-');

/** After a colon. A sentence that begins with code or a name of its own stays. */
const decapitalise = (text: string) =>
  /^[A-Z][a-z]*\b/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;

const item = (text: string) => wrap(text, '- ', '  ');

/** Code and links stay whole. */
function wrap(text: string, first = '', later = ''): string {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.match(/(?:`[^`]*`|\[[^\]]*\]\([^)]*\)|[^\s`])+/g) ?? []) {
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = later;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line].join('\n');
}
