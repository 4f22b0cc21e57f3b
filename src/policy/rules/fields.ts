/** Parts of the schema that fields share. Each message says what is wanted: it becomes the remedy of the fault. */
import * as z from 'zod/mini';

export const text = (want: string) => z.string().check(z.minLength(1, want));

export const list = <T extends z.core.$ZodType>(item: T, want: string) =>
  z.array(item).check(z.minLength(1, want));

export const oneOrMore = <T extends z.core.$ZodType>(item: T, want: string) =>
  z.union([item, list(item, want)]);

export const claimValue = z.union([z.string(), z.number(), z.boolean()]);
export const claimValues = list(claimValue, 'give at least one value');
