/** Which variables are policy. A Worker has others too: texts, JSON, lists. */
import { editDistance } from './fault.ts';

export const isApiName = (name: string) => /^API_./.test(name);
/** `ISSUERS`, and tables such as `ISSUERS_2` that continue it. */
export const isIssuersName = (name: string) => /^ISSUERS(_.+)?$/.test(name);
export const isPolicyName = (name: string) => name === 'GATEWAY' || isIssuersName(name) || isApiName(name);

/** Whether a variable is a table of the policy. Texts and lists of texts are none, whatever their name. */
export const isPolicyTable = (name: string, value: unknown): value is object =>
  isPolicyName(name) && holdsTables(value) && !isVersionMetadata(value);

/**
 * The name in the policy that a variable seems to be meant for: its own is a slip away, or it has fields of the policy.
 * The gateway would not read it, and a blocklist would block nobody.
 */
export function meantName(name: string, value: unknown): string | undefined {
  if (isPolicyName(name) || !holdsTables(value)) return undefined;
  const [, word = '', rest = ''] = /^([A-Z]+)(?:[-_ ](.*))?$/i.exec(name) ?? [];
  const end = rest.toUpperCase().replace(/[^A-Z0-9]/g, '_');
  const hasTables = Object.values(value).some(isObject);
  // `APP_X` and `ISSUER_URLS` are ordinary names.
  if (end === '' ? hasTables && LIKE_API.test(word) : LIKE_API.test(word)) return `API_${end || 'NAME'}`;
  if (hasTables && end !== '' && isSlip(word.toUpperCase(), 'ISSUERS')) return `ISSUERS_${end}`;
  const plain = name.toUpperCase().replace(/[-_ ]/g, '');
  const known = ['GATEWAY', 'ISSUERS'].find((one) => isSlip(plain, one));
  if (known !== undefined) return known;
  if (hasRoutes(value)) return `API_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
  return ['blocked_clients', 'blocked_kids'].some((field) => Object.hasOwn(value, field))
    ? 'GATEWAY'
    : undefined;
}

const LIKE_API = /^(apis?|appi|apii|aip|pai)$/i;

/** The same, but for one letter, or two that are swapped. */
const isSlip = (name: string, known: string) =>
  editDistance(name, known) <= 1 || [...name].sort().join('') === [...known].sort().join('');

const hasRoutes = (value: object) =>
  [value].flat().some((table: { routes?: unknown } | null) => {
    const routes = table?.routes;
    return isObject(routes) && Object.keys(routes).some((key) => /^[A-Z*|]+\s+\//i.test(key));
  });

/** `[version_metadata]` binds a plain object too, which is the platform's. */
export const isVersionMetadata = (value: unknown): value is { readonly id: string } =>
  isObject(value) && Object.keys(value).sort().join() === 'id,tag,timestamp';

/** A table of the file, or a list that has one; bindings are objects of classes of their own. */
function holdsTables(value: unknown): value is object {
  if (Array.isArray(value)) return value.some(isObject);
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
