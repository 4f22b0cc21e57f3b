import { DurableObject } from 'cloudflare:workers';

/** The clock here is not that of the Worker which checked the expiry. */
const CLOCK_SLACK_SECONDS = 60;

/**
 * The assertions that one client has used (RFC 7523 §3: `jti`). A Durable Object, since only one place in the world
 * can say who came first; one for each client, so that none waits for another.
 */
export class AssertionReplay extends DurableObject {
  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env);
    this.ctx.storage.sql.exec(
      'CREATE TABLE IF NOT EXISTS used (jti TEXT PRIMARY KEY, expires_at INTEGER NOT NULL)',
    );
  }

  /**
   * Takes an assertion's id for good.
   *
   * @param expiresAtSeconds when the assertion is refused for its age anyway: its id is kept so long
   * @returns `false` if it was used before
   */
  async use(jti: string, expiresAtSeconds: number): Promise<boolean> {
    const { sql } = this.ctx.storage;
    const { rowsWritten } = sql.exec('INSERT OR IGNORE INTO used VALUES (?, ?)', jti, expiresAtSeconds);
    if (rowsWritten === 0) return false;
    if ((await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm((expiresAtSeconds + CLOCK_SLACK_SECONDS) * 1000);
    return true;
  }

  /** Forgets what has expired. Every assertion lives for minutes, so that this is all the upkeep there is. */
  override async alarm(): Promise<void> {
    const { sql } = this.ctx.storage;
    sql.exec('DELETE FROM used WHERE expires_at <= ?', Math.floor(Date.now() / 1000) - CLOCK_SLACK_SECONDS);
    const { next } = sql.exec<{ next: number | null }>('SELECT MIN(expires_at) AS next FROM used').one();
    if (next !== null) await this.ctx.storage.setAlarm((next + CLOCK_SLACK_SECONDS) * 1000);
  }
}
