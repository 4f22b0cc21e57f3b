/** A configuration of wrangler: the top level, and environments of the same kind. */
import { CommandError } from '../text/terminal.ts';

export type WithEnvironments<Section> = Section & { readonly env?: Readonly<Record<string, Section>> };

/** Throws `CommandError` if there is no such environment. @param environment `undefined`: the top level */
export function sectionOf<Section>(
  config: WithEnvironments<Section>,
  path: string,
  environment: string | undefined,
): Section {
  // An empty name is the top level, as it is to wrangler.
  if (environment === undefined || environment === '') return config;
  const section = config.env?.[environment];
  if (section !== undefined && Object.hasOwn(config.env ?? {}, environment)) return section;
  const names = Object.keys(config.env ?? {});
  const alike = names.find((name) => name.toLowerCase() === environment.toLowerCase());
  if (alike !== undefined)
    throw new CommandError(
      `${path} has no [env.${environment}], and names are compared with their case; did you mean [env.${alike}]?`,
    );
  const known = names.join(', ') || 'no environments';
  throw new CommandError(`${path} has no [env.${environment}]; it has ${known}`);
}
