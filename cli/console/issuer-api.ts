/** The issuer's pages ask here: what they do is what the commands do, by the same code. */
import type * as z from 'zod/mini';
import { createApi, deleteApi, updateApi } from '../issuer/change-apis.ts';
import {
  createClient,
  deleteClient,
  disableClient,
  enableClient,
  grantApi,
  ungrantApi,
} from '../issuer/change-clients.ts';
import { addSecret, removeCredential } from '../issuer/change-credentials.ts';
import { revokeKey, rotateKeys } from '../issuer/change-keys.ts';
import { gatewayAdvice } from '../issuer/gateway-lines.ts';
import type { Outcome } from '../issuer/outcome.ts';
import { atPlace, type Place, type PlaceOptions } from '../issuer/place.ts';
import { parseRecord } from '../issuer/records.ts';
import { CommandError, printError } from '../text/terminal.ts';
import type { ConsoleApi, ConsoleHandler, ConsoleReply } from './api.ts';
import { ISSUER_BODIES, type IssuerBodies } from './issuer-bodies.ts';
import { ISSUER_ACTIONS, type IssuerAction, issuerCommand } from './issuer-commands.ts';
import type { IssuerChange } from './issuer-data.ts';
import { placeFlags, readIssuerData } from './issuer-state.ts';

type Changes = {
  readonly [Action in IssuerAction]: (
    place: Place,
    body: IssuerBodies[Action],
    nowSeconds: number,
  ) => Promise<Outcome>;
};

const CHANGES: Changes = {
  'api/create': (place, { identifier, ...fields }) => createApi(place, identifier, fields),
  'api/update': (place, { identifier, ...change }) => updateApi(place, identifier, change),
  'api/delete': (place, { identifier, force }) => deleteApi(place, identifier, force ?? false),
  'client/create': (place, { name, ...fields }, now) => createClient(place, name, fields, now),
  'client/enable': (place, { client }) => enableClient(place, client),
  'client/disable': (place, { client }, now) => disableClient(place, client, now),
  'client/delete': (place, { client }) => deleteClient(place, client),
  'client/grant': (place, { client, audience, ...fields }) => grantApi(place, client, audience, fields),
  'client/ungrant': (place, { client, audience }) => ungrantApi(place, client, audience),
  'client/secret/add': (place, { client, expiresIn }, now) => addSecret(place, client, expiresIn, now),
  'client/secret/remove': (place, body, now) => remove(place, 'secret', body, now),
  'client/key/remove': (place, body, now) => remove(place, 'key', body, now),
  'keys/rotate': (place, body, now) => rotateKeys(place, body, now),
  'keys/revoke': (place, { kid, now: atOnce }, now) => revokeKey(place, kid, atOnce ?? false, now),
};

const remove = (
  place: Place,
  word: 'secret' | 'key',
  { client, id, force }: IssuerBodies['client/secret/remove'],
  now: number,
) => removeCredential(place, client, { word, id, force: force ?? false }, now);

/**
 * Handlers for the issuer that the options name: `GET /api/issuer` tells what there is ({@link IssuerData}), and
 * `POST /api/issuer/…` changes it ({@link IssuerChange}). What a person can mend is answered with 400 and the
 * command's message.
 *
 * @param clock seconds since 1970
 */
export function issuerApi(
  options: PlaceOptions,
  clock: () => number = () => Math.floor(Date.now() / 1000),
): ConsoleApi {
  const inTurn = queue();
  const at = <T>(run: (place: Place) => Promise<T>) => inTurn(() => atPlace(options, run, () => {}));
  const flags = placeFlags(options);
  const change = async <Action extends IssuerAction>(action: Action, given: unknown) => {
    const schema: z.ZodMiniType<unknown> = ISSUER_BODIES[action];
    const body = parseRecord(schema, given, 'request') as IssuerBodies[Action];
    const outcome = await at((place) => CHANGES[action](place, body, clock()));
    return shownOutcome(outcome, issuerCommand(action, body, flags));
  };
  return {
    'GET /api/issuer': answer(() => at((place) => readIssuerData(place, options, clock()))),
    ...Object.fromEntries(
      ISSUER_ACTIONS.map((action) => [
        `POST /api/issuer/${action}`,
        answer(({ body }) => change(action, body)),
      ]),
    ),
  };
}

/** One after the other: a change reads a record and writes it back, and two at once would lose one. */
function queue() {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(run: () => Promise<T>): Promise<T> => {
    const mine = last.then(run, run);
    last = mine;
    return mine;
  };
}

function shownOutcome({ said, credentials, gateway, next, notes }: Outcome, command: string): IssuerChange {
  const { client_id = '', client_secret } = credentials ?? {};
  return {
    command,
    said,
    credentials: client_secret === undefined ? null : { client_id, client_secret },
    gateway: gateway === undefined ? null : { what: gatewayAdvice(), lines: gateway },
    next: next ?? [],
    notes: notes ?? [],
  };
}

function answer(run: (request: Parameters<ConsoleHandler>[0]) => Promise<unknown>): ConsoleHandler {
  return async (request): Promise<ConsoleReply> => {
    try {
      return { status: 200, body: await run(request) };
    } catch (error) {
      if (error instanceof CommandError) return { status: 400, body: { error: error.message } };
      printError(error instanceof Error ? (error.stack ?? error.message) : String(error));
      return { status: 500, body: { error: 'Something went wrong in the console; its terminal has more.' } };
    }
  };
}
