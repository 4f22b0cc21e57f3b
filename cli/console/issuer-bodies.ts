/** What the issuer's pages send: members are named as the flags of the command that does the same. */
import * as z from 'zod/mini';
import { SIGNING_ALGORITHMS, TOKEN_DIALECTS } from '../../issuer/src/records.ts';
import type { IssuerAction } from './issuer-commands.ts';

/** As the argument of a command: it holds no NUL. What it means is checked by what the command runs. */
const text = z.string().check(
  z.maxLength(2_000, 'at most 2000 characters'),
  z.refine((value) => value.isWellFormed() && !value.includes('\0'), 'text without NUL'),
);
const duration = z.int().check(z.positive('seconds, 1 or more'));
const list = z.array(text).check(z.maxLength(500, 'at most 500'));
const flag = z.boolean();
const pairName = text.check(
  z.refine(
    (name) => name !== '' && name !== '__proto__' && !name.includes('='),
    'a name without an equals sign',
  ),
);

const apiFields = {
  identifier: text,
  name: z.optional(text),
  scope: z.optional(list),
  lifetime: z.optional(duration),
  alg: z.optional(z.enum(SIGNING_ALGORITHMS)),
  dialect: z.optional(z.enum(TOKEN_DIALECTS)),
};
const client = z.strictObject({ client: text });
const grant = z.strictObject({ client: text, audience: text });
const removal = z.strictObject({ client: text, id: text, force: z.optional(flag) });

export const ISSUER_BODIES = {
  'api/create': z.strictObject(apiFields),
  'api/update': z.strictObject({
    ...apiFields,
    removeScope: z.optional(list),
    enable: z.optional(flag),
    disable: z.optional(flag),
  }),
  'api/delete': z.strictObject({ identifier: text, force: z.optional(flag) }),
  'client/create': z.strictObject({
    name: text,
    id: z.optional(text),
    metadata: z.optional(z.record(pairName, text)),
    defaultAudience: z.optional(text),
    secret: z.optional(flag),
  }),
  'client/enable': client,
  'client/disable': client,
  'client/delete': client,
  'client/grant': z.extend(grant, { scope: z.optional(list), allScopes: z.optional(flag) }),
  'client/ungrant': grant,
  'client/secret/add': z.extend(client, { expiresIn: z.optional(duration) }),
  'client/secret/remove': removal,
  'client/key/remove': removal,
  'keys/rotate': z.strictObject({
    alg: z.optional(z.array(z.enum(SIGNING_ALGORITHMS)).check(z.minLength(1, 'one or more'))),
    force: z.optional(flag),
  }),
  'keys/revoke': z.strictObject({ kid: text, now: z.optional(flag) }),
} as const satisfies Readonly<Record<IssuerAction, z.ZodMiniType>>;

export type IssuerBodies = { [Action in IssuerAction]: z.infer<(typeof ISSUER_BODIES)[Action]> };
