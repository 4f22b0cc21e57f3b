/**
 * The class of a Durable Object must be made by a migration. wrangler warns where a file has none at all, and the platform
 * refuses the upload where one lacks the class (seen in wrangler 4.155: src/config/validation.ts of its
 * workers-utils, and its schema of `migrations` and `exports`).
 */
import { isTable, listOf, type Table } from '../../text/json.ts';
import type { Section } from '../file/config.ts';
import { type FileCheck, outsideVars } from './findings.ts';

export const objectMigration: FileCheck = {
  name: 'object-migration',
  severity: 'error',
  finds: 'a class of the object that `revocation` names, which no migration makes with SQLite',
  why: 'the platform refuses the upload, or the object can store nothing: every request is then answered with 503',
  remedy:
    'add `[[migrations]]` with a new `tag` and `new_sqlite_classes = ["Revocations"]` at the top of the file',
  find(section) {
    const gateway = section.vars?.['GATEWAY'];
    const name = isTable(gateway) ? gateway['revocation'] : undefined;
    const bindings = listOf(section.durable_objects?.bindings).filter(isTable);
    const at = bindings.findIndex((one) => one['name'] === name);
    const { class_name: className, script_name: script } = bindings[at] ?? {};
    // Another Worker's class is its own matter.
    if (name === undefined || typeof className !== 'string' || script !== undefined) return [];
    const made = storageOf(className, section);
    if (made === 'sqlite') return [];
    const quoted = JSON.stringify(className);
    return [
      outsideVars(
        ['durable_objects', 'bindings', at, 'class_name'],
        made === undefined
          ? `no migration makes the class ${quoted}`
          : `the class ${quoted} is made without SQLite, which keeps revocations`,
        made === undefined
          ? `add [[migrations]] with a new tag and new_sqlite_classes = [${quoted}]`
          : `name another class in the binding, and make it with new_sqlite_classes: a class can't change its storage`,
      ),
    ];
  },
};

type Storage = 'sqlite' | 'other';

/** `undefined`: there is no such class. */
function storageOf(className: string, { migrations, exports }: Section): Storage | undefined {
  const exported = isTable(exports) ? exports[className] : undefined;
  if (isTable(exported) && exported['type'] === 'durable-object' && isLive(exported))
    return exported['storage'] === 'sqlite' ? 'sqlite' : 'other';
  const classes = new Map<unknown, Storage>();
  for (const migration of listOf(migrations).filter(isTable)) {
    const names = (field: string) => listOf(migration[field]);
    for (const name of names('new_classes')) classes.set(name, 'other');
    for (const name of names('new_sqlite_classes')) classes.set(name, 'sqlite');
    for (const { from, to } of names('renamed_classes').filter(isTable)) {
      classes.set(to, classes.get(from) ?? 'sqlite');
      classes.delete(from);
    }
    // Where it comes from says how it stores.
    for (const { to } of names('transferred_classes').filter(isTable)) classes.set(to, 'sqlite');
    for (const name of names('deleted_classes')) classes.delete(name);
  }
  return classes.get(className);
}

const isLive = ({ state = 'created' }: Table) => state === 'created' || state === 'expecting-transfer';
