/**
 * The configuration of the Auth0 Deploy CLI: what its keywords stand for, and what it is told to leave alone. It is a
 * config.json, or variables of an environment whose values are JSON (seen in auth0-deploy-cli:
 * docs/configuring-the-deploy-cli.md).
 */
import { parseEnv } from 'node:util';
import { isTable, listOf, parseJson, type Table, textOf } from '../../text/json.ts';
import { CommandError } from '../../text/terminal.ts';
import type { Mappings } from './keywords.ts';
import { readBounded } from './read.ts';

export interface DeployConfig {
  readonly mappings: Mappings;
  /** Why the Deploy CLI would leave out such a section, or undefined. */
  readonly excludesSection: (name: string) => string | undefined;
  /** The same for one API or client. */
  readonly excludesOne: (kind: 'api' | 'client' | 'grant', one: Table) => string | undefined;
}

export const NO_CONFIG: DeployConfig = {
  mappings: [],
  excludesSection: () => undefined,
  excludesOne: () => undefined,
};

const MAPPINGS = 'AUTH0_KEYWORD_REPLACE_MAPPINGS';
/** A file with one of these is a configuration, though it may have no mappings. */
const SETTINGS =
  /^AUTH0_(CLIENT_ID|CLIENT_SECRET|ALLOW_DELETE|EXCLUDED\w*|INCLUDED\w*|EXCLUDE_THIRD_PARTY_CLIENTS)$/;

/** Reads a config.json, an env file, or a file that has mappings alone. Throws `CommandError`. */
export function readDeployConfig(path: string): DeployConfig {
  const text = readBounded(path, 'name the config.json or the env file of the Deploy CLI');
  const isJson = /^\s*[[{]/.test(text);
  const value = isJson ? parseJson(text) : parseEnv(text);
  if (isJson && value === undefined)
    throw new CommandError(`${path} is not JSON; the Deploy CLI could not read it`);
  if (!isTable(value) || Object.keys(value).length === 0)
    throw new CommandError(
      `${path} has no keywords; write JSON such as { "${MAPPINGS}": { "ENV": "dev" } }, or the line ${MAPPINGS}='{"ENV":"dev"}'`,
    );
  const misspelt = Object.keys(value).find((name) => /^AUTH0_KEYWORD_\w*MAPPING\w*$/.test(name));
  if (misspelt !== undefined && misspelt !== MAPPINGS)
    throw new CommandError(`${path} has ${misspelt}; the Deploy CLI reads ${MAPPINGS}`);
  const isConfig = MAPPINGS in value || Object.keys(value).some((name) => SETTINGS.test(name));
  if (!isConfig) return { ...NO_CONFIG, mappings: readMappings(value, path) };
  return { mappings: readMappings(setting(value, MAPPINGS) ?? {}, path), ...readExclusions(value) };
}

/** A value that may be JSON within a text, as variables have it. */
function setting(config: Table, name: string): unknown {
  const value = config[name];
  return typeof value === 'string' ? parseJson(value, value) : value;
}

function readMappings(value: unknown, path: string): Mappings {
  if (!isTable(value))
    throw new CommandError(
      `${path}: ${MAPPINGS} is not a table; write { "ENV": "dev" }, as JSON, and in an env file between single quotes`,
    );
  const faulty = Object.keys(value).find((name) => name === '' || /[\n@#]/.test(name));
  if (faulty !== undefined)
    throw new CommandError(
      `${path}: ${JSON.stringify(faulty)} is not a keyword; write the name without @@ and ##, such as "ENV"`,
    );
  return Object.entries(value);
}

function readExclusions(config: Table): Omit<DeployConfig, 'mappings'> {
  const namesOf = (name: string) => {
    const value = setting(config, name);
    return value === undefined ? undefined : listOf(value).map(String);
  };
  const excluded = namesOf('AUTH0_EXCLUDED') ?? [];
  const only = namesOf('AUTH0_INCLUDED_ONLY');
  const lists = {
    api: namesOf('AUTH0_EXCLUDED_RESOURCE_SERVERS') ?? [],
    client: namesOf('AUTH0_EXCLUDED_CLIENTS') ?? [],
    grant: namesOf('AUTH0_EXCLUDED_CLIENTS') ?? [],
  };
  const skipsThirdParties = setting(config, 'AUTH0_EXCLUDE_THIRD_PARTY_CLIENTS') === true;
  return {
    excludesSection: (name) => {
      if (excluded.includes(name)) return `AUTH0_EXCLUDED of the Deploy CLI names ${name}`;
      return only === undefined || only.includes(name)
        ? undefined
        : `AUTH0_INCLUDED_ONLY of the Deploy CLI does not name ${name}`;
    },
    excludesOne: (kind, one) => {
      const names = [one['name'], one['identifier'], one['client_id']].map(textOf);
      if (lists[kind].some((name) => names.includes(name)))
        return `AUTH0_EXCLUDED_${kind === 'api' ? 'RESOURCE_SERVERS' : 'CLIENTS'} of the Deploy CLI names it`;
      return kind === 'client' && skipsThirdParties && one['is_first_party'] === false
        ? 'AUTH0_EXCLUDE_THIRD_PARTY_CLIENTS of the Deploy CLI leaves it out'
        : undefined;
    },
  };
}
