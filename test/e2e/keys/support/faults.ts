/** The faults of docs/keys.md, by the names that they have there. */
import { type Isolate, START_MS } from './isolates.ts';
import { ANSWERS, type Answer, type KeyServer } from './key-server.ts';
import type { Kv } from './kv.ts';
import type { SigningKey } from './tokens.ts';

/** What one cell of the tables takes: a gateway, another with the cron, and what they ask. */
export interface World {
  readonly isolate: Isolate;
  readonly cron: Isolate;
  readonly server: KeyServer;
  readonly kv: Kv;
  /** The key that the issuer publishes at first, and another one. */
  readonly first: SigningKey;
  readonly second: SigningKey;
}

export interface Fault {
  /** Breaks something, from now on. */
  apply(world: World): void | Promise<void>;
  /** Whose token is sent. */
  readonly signer?: 'first' | 'second';
  readonly isBound?: false;
  /** Work behind answers never comes to an end. */
  readonly isEndless?: true;
  readonly secrets?: Readonly<Record<string, string>>;
}

const answering = (answer: Answer): Fault => ({
  apply({ server }) {
    server.answer = answer;
  },
});

export const ISSUER_FAULTS: Readonly<Record<string, Fault>> = {
  'refuses connections': { apply: ({ server }) => server.refuse() },
  'closes connections': answering(ANSWERS.reset),
  'does not answer': answering(ANSWERS.never),
  'sends a byte now and then': answering(ANSWERS.drip),
  'answers after 1 s': answering(ANSWERS.late),
  'answers 500': answering(ANSWERS.error),
  'answers 404': answering(ANSWERS.absent),
  'answers with HTML': answering(ANSWERS.html),
  'answers with half a JSON': answering(ANSWERS.truncated),
  'sends good JSON as text/html': answering(ANSWERS.mislabelled),
  'sends 10 MB': answering(ANSWERS.huge),
  'redirects, even to a good key set': answering(ANSWERS.redirect),
  "has another issuer's metadata": {
    apply({ server }) {
      server.namedIssuer = 'https://other.example';
    },
  },
  'has an empty key set': {
    apply({ server }) {
      server.keys = [];
    },
  },
  "refuses connections, and the token's key id is unknown": {
    signer: 'second',
    apply: ({ server }) => server.refuse(),
  },
  "has dropped the token's key": {
    apply({ server, second }) {
      server.keys = [second.publicJwk];
    },
  },
  "has just added the token's key": {
    signer: 'second',
    apply({ server, first, second }) {
      server.keys = [first.publicJwk, second.publicJwk];
    },
  },
};

const holding = (change: (entry: string) => string, more: Partial<Fault> = {}): Fault => ({
  ...more,
  async apply({ kv, cron }) {
    if ((await kv.entry()) === undefined) await cron.runCron(); // it is known then what the entry is called
    await kv.overwrite(change((await kv.entry()) ?? ''));
  },
});

export const KV_FAULTS: Readonly<Record<string, Fault>> = {
  'is not bound': { isBound: false, apply() {} },
  "can't be read": {
    apply({ kv }) {
      kv.readFault = 'error';
    },
  },
  "can't be written": {
    apply({ kv }) {
      kv.writeFault = 'error';
    },
  },
  'does not answer': {
    isEndless: true,
    apply({ kv }) {
      kv.readFault = 'hang';
      kv.writeFault = 'hang';
    },
  },
  'holds garbage': holding(() => '\u0000<!doctype html>'),
  'holds an entry of another shape': holding((entry) => {
    const { keys } = JSON.parse(entry) as { keys: object[] };
    return JSON.stringify({ fetchedAt: new Date(START_MS).toISOString(), jwks: { keys } });
  }),
  'holds an entry without keys': holding((entry) => JSON.stringify({ ...JSON.parse(entry), keys: [] })),
  'holds an entry without the seal of KEYS_SECRET': holding((entry) => entry.replace(/^[0-9a-f]{64}/, ''), {
    secrets: { KEYS_SECRET: 'a secret of the test' },
  }),
  "can't be read, and the issuer refuses connections": {
    async apply({ kv, server }) {
      kv.readFault = 'error';
      await server.refuse();
    },
  },
};
