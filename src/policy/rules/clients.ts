/** `clients`: which clients may call. */
import { list, text } from './fields.ts';
import { defineRule } from './rule-kind.ts';

export const clients = defineRule({
  schema: list(text('a client id'), 'name at least one client id, or leave the field out'),
  compile: (ids) => [{ anyOf: ids.map((value) => ({ of: 'client', value })) }],
  refusal: () => ({ code: 'client_not_allowed' }),
});
