import { DurableObject } from 'cloudflare:workers';
import { errorLine } from '../../error-line.ts';
import { createSeal } from '../../seal.ts';
import { headName } from '../access.ts';
import type { Question, RevocationObject } from '../asked.ts';
import { type Content, writeContent } from '../content.ts';
import type { ReceivedEvent } from '../revocation.ts';
import { REVOCATION_TIMES } from '../times.ts';
import { waitFor, within } from '../waiting.ts';
import { changeSchema, eventSchema, pageSchema, readInput } from './input.ts';
import { type Changed, Ledger } from './ledger.ts';
import { pageOf } from './page.ts';

/** KV takes one write a second of an entry. */
const MIN_PUBLISH_MS = 1_100;
/** A large content is being published at most half of the time. */
const PUBLISH_SHARE = 1;
/** How long somebody who changes something is kept waiting for the publication. */
const WAIT_MS = 5_000;
const RETRY_MS = 5_000;
const PUT_LIMIT_MS = 30_000;
/** Isolates may be reading the body of an older head. */
const KEEP_BODY_MS = 10 * 60_000;
const IS_CURRENT = 0;

export interface Applied extends Changed {
  /** Whether KV has it. If not, the object goes on trying. */
  readonly published: boolean;
}

/**
 * Writes down what is revoked and switched: the one place in the world that does. It publishes to the KV namespace
 * `KEYS` what isolates read, sealed with `KEYS_SECRET` where that is set.
 */
export class Revocations extends DurableObject implements RevocationObject {
  readonly #ledger: Ledger;
  /** The publication under way, and the one that comes after it. */
  #running: Promise<boolean> | undefined;
  #next: Promise<boolean> | undefined;
  #lastMs = 0;
  #tookMs = 0;

  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env);
    this.#ledger = new Ledger(state.storage.sql, () => Math.floor(Date.now() / 1000));
  }

  /** Applies one change, and publishes it. Throws with a sentence for people where it can't. */
  async apply(input: unknown): Promise<Applied> {
    const change = readInput(changeSchema, input);
    const changed = this.ctx.storage.transactionSync(() => this.#ledger.apply(change));
    if (!changed.changed) return { ...changed, published: true };
    await this.#count();
    const published = await Promise.race([this.#publish(), waitFor(WAIT_MS).then(() => false)]);
    return { ...changed, published };
  }

  /** Resolves once the event is stored; what it changed is published behind. */
  async receive(input: ReceivedEvent): Promise<'stored' | 'repeated'> {
    const event = readInput(eventSchema, input);
    const told = this.ctx.storage.transactionSync(() => this.#ledger.receive(event));
    if (told === 'stored' && event.revoke.length > 0) {
      await this.#count();
      this.ctx.waitUntil(this.#publish());
    }
    return told;
  }

  /** For isolates to which KV says nothing. */
  async content(): Promise<Content> {
    this.#publishIfOld();
    return { ...this.#ledger.content(), publishedAtMs: Date.now() };
  }

  async ask(question: Question): Promise<Content> {
    return { ...this.#ledger.content(question), publishedAtMs: Date.now() };
  }

  async beat(): Promise<void> {
    this.#ledger.sweep();
    this.#publishIfOld();
  }

  /** A page of what is revoked and switched, or of who did what. `published`: whether KV has the latest of it. */
  async page(input: unknown) {
    const { sql } = this.ctx.storage;
    return { ...pageOf(sql, readInput(pageSchema, input)), published: !this.#isOwed() };
  }

  /** Publishes what an eviction, or a KV that failed, has left unpublished. */
  override async alarm(): Promise<void> {
    if (this.#isOwed()) await this.#publish();
  }

  /** Counts a change. The alarm is set before: what is stored will be published, whatever happens to this object. */
  async #count(): Promise<void> {
    // An object that was emptied, or was set back, must not count from 1 again: isolates take no older version.
    const next = Number(this.#ledger.state('version') ?? 0) + 1;
    this.#ledger.setState('version', Math.max(next, Date.now()));
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + RETRY_MS);
  }

  #isOwed(): boolean {
    return this.#ledger.state('version') !== this.#ledger.state('published_version');
  }

  #publishIfOld(): void {
    const publishedAtMs = Number(this.#ledger.state('published_at') ?? 0);
    if (this.#isOwed() || Date.now() - publishedAtMs > REVOCATION_TIMES.beatMs)
      this.ctx.waitUntil(this.#publish());
  }

  /** Publishes what there is when its turn comes; changes until then share it. Never rejects. @returns whether KV took it */
  #publish(): Promise<boolean> {
    this.#next ??= this.#publishInTurn();
    return this.#next;
  }

  async #publishInTurn(): Promise<boolean> {
    // One after the other: an older content must not arrive after a younger one.
    await this.#running;
    const pauseMs = Math.max(MIN_PUBLISH_MS, this.#tookMs * PUBLISH_SHARE);
    await waitFor(this.#lastMs + pauseMs - Date.now());
    // Changes from here on need a publication of their own.
    this.#next = undefined;
    this.#running = this.#publishNow();
    return this.#running;
  }

  async #publishNow(): Promise<boolean> {
    const startedAt = Date.now();
    let writing: Promise<void> | undefined;
    try {
      this.#ledger.sweep();
      const content = { ...this.#ledger.content(), publishedAtMs: startedAt };
      writing = this.#write(content);
      await within(writing, PUT_LIMIT_MS);
      this.#ledger.setState('published_version', content.version);
      this.#ledger.setState('published_at', content.publishedAtMs);
      return true;
    } catch (error) {
      const tell = (failure: unknown) =>
        console.log(JSON.stringify({ ...errorLine(failure), at: 'publish' }));
      tell(error);
      // What nobody waits for any longer may still arrive, after what is published next.
      writing?.then(
        () => this.ctx.waitUntil(this.#publish()),
        () => {},
      );
      // One that rejects would be the last: those after it wait for it.
      await this.ctx.storage.setAlarm(Date.now() + RETRY_MS).catch(tell);
      return false;
    } finally {
      this.#lastMs = Date.now();
      this.#tookMs = this.#lastMs - startedAt;
    }
  }

  async #write(content: Content): Promise<void> {
    const { KEYS: kv, KEYS_SECRET: secret } = this.env as { KEYS: KVNamespace; KEYS_SECRET?: string };
    const seal = secret === undefined || secret === '' ? undefined : createSeal(secret);
    const name = headName(this.ctx.id.toString());
    const bodyName = `${name}:${content.version}`;
    const { head, body } = writeContent(content, bodyName);
    const put = async (key: string, text: string) =>
      kv.put(key, seal === undefined ? text : await seal.close(key, text));
    if (body !== undefined) await put(bodyName, body);
    await put(name, head);
    await this.#dropBodies(kv, body === undefined ? undefined : bodyName, content.publishedAtMs);
  }

  /** Deletes the bodies that were replaced long ago. */
  async #dropBodies(kv: KVNamespace, current: string | undefined, now: number): Promise<void> {
    const bodies = JSON.parse(this.#ledger.state('bodies') ?? '{}') as Record<string, number>;
    for (const [name, replacedAt] of Object.entries(bodies)) {
      if (replacedAt === IS_CURRENT) bodies[name] = now;
      else if (replacedAt + KEEP_BODY_MS <= now) {
        await kv.delete(name);
        delete bodies[name];
      }
    }
    if (current !== undefined) bodies[current] = IS_CURRENT;
    this.#ledger.setState('bodies', JSON.stringify(bodies));
  }
}
