/**
 * Reads exports of an Auth0 tenant: answers of its Management API (`/api/v2/resource-servers`, `/clients`,
 * `/client-grants`), the `tenant.yaml` of its Deploy CLI, and that tool's folders. Nothing that a file refers to is read.
 */
import { basename, dirname, resolve } from 'node:path';
import { isTable, type Table, textOf } from '../../text/json.ts';
import { CommandError, visible } from '../../text/terminal.ts';
import { listed } from '../../text/words.ts';
import type { DeployConfig } from './deploy-config.ts';
import { findFiles } from './folder.ts';
import { markKeywords, replaceKeywords } from './keywords.ts';
import { parseExport } from './parse.ts';
import { readBounded } from './read.ts';
import { ignore, type Kind, type Report } from './report.ts';
import { FOLDERS, hasSections, kindOf, PAGE_MEMBERS, SECTIONS } from './sections.ts';

/** An API, a client or a grant as the export has it; nobody has looked at its members. */
export interface Item {
  readonly kind: Kind;
  readonly value: unknown;
  /** Why it is left out, if the place where it was found says so. */
  readonly why?: string | undefined;
}

/** Of APIs, clients and grants together. Auth0 allows far fewer. */
const MAX_ITEMS = 100_000;
/** All files together: more is no export of a tenant. */
const MAX_TOTAL_LENGTH = 64_000_000;

/** @returns the items, and the keywords that have no mapping. Throws `CommandError` that names the file. */
export function readExport(
  paths: readonly string[],
  config: DeployConfig,
  report: Report,
): { items: Item[]; open: Set<string> } {
  const repeated = paths.find((path, i) => paths.indexOf(path) !== i);
  if (repeated !== undefined) throw new CommandError(`${visible(repeated)} is named twice; name it once`);
  const items: Item[] = [];
  const open = new Set<string>();
  let length = 0;
  for (const { path, kind, link } of paths.flatMap((path) => findFiles(path, report))) {
    if (link !== undefined) {
      items.push({ kind: link, value: { name: path }, why: 'it is a symbolic link, which is not followed' });
      continue;
    }
    const text = readBounded(path, 'name the files of an export, JSON or YAML');
    length += text.length;
    if (length > MAX_TOTAL_LENGTH)
      throw new CommandError(
        `the files are larger than ${MAX_TOTAL_LENGTH / 1e6} MB together; give only APIs, clients and grants`,
      );
    for (const item of readItems(path, text, kind, config, report, open)) items.push(item);
    if (items.length > MAX_ITEMS)
      throw new CommandError(
        `the files have more than ${MAX_ITEMS} APIs, clients and grants together; is ${visible(path)} an export?`,
      );
  }
  return { items, open };
}

function readItems(
  path: string,
  text: string,
  kind: Kind | undefined,
  config: DeployConfig,
  report: Report,
  open: Set<string>,
): Item[] {
  const name = path === '-' ? 'standard input' : visible(path);
  demandExport(text, name);
  const marked = markKeywords(replaceKeywords(text, config.mappings, name));
  for (const keyword of marked.found) if (!keyword.startsWith('{{')) open.add(keyword);
  for (const { keyword, line } of marked.comments)
    report.notes.push(
      `${name}:${line}: ${visible(keyword)} has no mapping, and begins a line: it was read as a comment, to the end of the line`,
    );
  const document = marked.restore(parseExport(marked.text, name, /\{\{|\{%|<%/.test(text)));
  if (document === null || document === undefined)
    throw new CommandError(`${name} is empty; name the files of an export`);
  const folder = path === '-' ? undefined : FOLDERS.get(basename(dirname(resolve(path))))?.kind;
  return itemsOf(document, kind ?? folder, name, config, report);
}

/** Throws `CommandError` for a file that is something else, and known. */
function demandExport(text: string, name: string): void {
  if (text.trim() === '') throw new CommandError(`${name} is empty; name the files of an export`);
  if (/^\s*<[!?a-z]/i.test(text))
    throw new CommandError(
      `${name} is HTML or XML, no export; was it saved from a browser? Use the Deploy CLI, or the Management API with a token`,
    );
  if (text.includes('\0')) throw new CommandError(`${name} is not text; name a YAML or JSON file`);
}

function itemsOf(
  document: unknown,
  kind: Kind | undefined,
  name: string,
  config: DeployConfig,
  report: Report,
): Item[] {
  if (isTable(document)) {
    demandNoOther(document, name);
    if (hasSections(document)) return itemsOfSections(document, name, config, report);
  } else if (!Array.isArray(document))
    throw new CommandError(
      `${name} has only ${typeof document === 'string' ? 'text' : `a ${typeof document}`}; name an export, with APIs, clients or grants`,
    );
  const excluded = [...FOLDERS.values()].find((folder) => folder.kind === kind)?.section;
  const why = excluded === undefined ? undefined : config.excludesSection(excluded);
  return (Array.isArray(document) ? document : [document]).flatMap((value: unknown): Item[] => {
    const found = kind ?? kindOf(value);
    if (found !== undefined) return [{ kind: found, value, why }];
    ignore(report, isTable(value) ? `others in ${name}` : `values in ${name}`, 1);
    return [];
  });
}

function itemsOfSections(document: Table, name: string, config: DeployConfig, report: Report): Item[] {
  noteMissingPages(document, name, report);
  return Object.entries(document).flatMap(([section, value]): Item[] => {
    const kind = Object.hasOwn(SECTIONS, section) ? SECTIONS[section] : undefined;
    if (value === null || PAGE_MEMBERS.includes(section)) return [];
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (kind === undefined) {
      ignore(report, section, values.length);
      return [];
    }
    const why = config.excludesSection(section);
    return values.map((one) => ({ kind, value: one, why }));
  });
}

/** An answer of the Management API is a page of up to 100. */
function noteMissingPages(document: Table, name: string, { notes }: Report): void {
  const { total, next } = document;
  for (const [section, value] of Object.entries(document)) {
    if (!Object.hasOwn(SECTIONS, section) || !Array.isArray(value)) continue;
    if (typeof total === 'number' && total > value.length)
      notes.push(`${name} has ${value.length} of ${total} ${section}; give the other pages as well`);
    else if (textOf(next) !== undefined)
      notes.push(`${name} is not the last page of ${section}; give the next ones as well`);
  }
}

function demandNoOther(document: Table, name: string): void {
  const has = (...names: readonly string[]) => names.every((member) => member in document);
  if (has('openapi') || has('swagger'))
    throw new CommandError(
      `${name} is an OpenAPI document; make routes of it with: claimgate import openapi ${name}`,
    );
  if (Object.keys(document).some((member) => /^AUTH0_[A-Z_]+$/.test(member)))
    throw new CommandError(
      `${name} is a configuration of the Deploy CLI; give it with --keywords ${name}, beside the export`,
    );
  if (has('apis', 'clients'))
    throw new CommandError(`${name} is an issuer.json already; push it with: claimgate push ${name}`);
  if (has('statusCode', 'error'))
    throw new CommandError(
      `${name} is an error of the Management API: ${visible(
        listed(
          [document['error'], document['message']].flatMap((text) => textOf(text) ?? []),
          ':',
        ).slice(0, 200),
      )}; get it again with a token that may read it`,
    );
}
