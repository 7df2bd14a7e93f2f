/** First answers to requests that may be sent again, by principal and Idempotency-Key: bounded in count, size and time. */

import type { DatabaseSync } from 'node:sqlite';
import { type Bytes, equalBytes } from '@oppidum/formats/bytes';

/** A request with an Idempotency-Key. */
export type Request = {
  readonly principal: string;
  readonly key: string;
  /** SHA-256 of where it went and what it carried. */
  readonly digest: Bytes;
  /** Done again it has no further effect and gets the same answer, so only its digest is kept. */
  readonly repeats: boolean;
};

type Answer = { readonly status: number; readonly type: string; readonly body: Bytes };

/** `new`: go on, and tell the outcome with `end`. */
export type Begun = { readonly kind: 'new' | 'busy' | 'reused' } | ({ readonly kind: 'answered' } & Answer);

const LIFE_MS = 24 * 3_600_000;
/** Of one principal, and of all. */
const OWN_COUNT_MAX = 1_000;
const COUNT_MAX = 20_000;
const BODY_SIZE_MAX = 65_536;
/** What is too old or too much is looked for once in so many writes. */
const WRITES_OF_ONE_LOOK = 32;

type Row = {
  readonly request: Bytes;
  readonly time_ms: number;
  readonly status: number | null;
  readonly type: string | null;
  readonly body: Bytes | null;
};

/** Looks requests up and keeps their answers. */
export class AnswerStore {
  readonly #database: DatabaseSync;
  readonly #clock: () => number;
  readonly #underWay = new Set<string>();
  #writeCount = 0;

  /** Over the file of `openAccessDatabase`. */
  constructor(database: DatabaseSync, clock: () => number) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Looks for the first request of this key; there being none, this one is it, which is on the disk when this returns. */
  begin(request: Request): Begun {
    const { principal, key, digest, repeats } = request;
    const nowMs = this.#clock();
    const row = this.#database.prepare('SELECT * FROM answers WHERE principal = ? AND key = ?').get(principal, key) as
      | Row
      | undefined;
    if (row !== undefined && nowMs - row.time_ms < LIFE_MS) {
      if (!equalBytes(row.request, digest)) return { kind: 'reused' };
      if (!repeats && this.#underWay.has(nameOf(request))) return { kind: 'busy' };
      const { status, type, body } = row;
      if (status !== null && type !== null && body !== null) return { kind: 'answered', status, type, body };
      // It repeats, or this process ended before it was answered: nobody was told anything.
    }
    this.#underWay.add(nameOf(request));
    this.#write(repeats, () => {
      this.#database
        .prepare('INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, NULL, NULL, NULL)')
        .run(principal, key, digest, nowMs);
      if (this.#writeCount++ % WRITES_OF_ONE_LOOK === 0) this.#forget(principal, nowMs);
    });
    return { kind: 'new' };
  }

  /** Keeps the answer, or with null lets the same request be done again. */
  end(request: Request, answer: Answer | null): void {
    this.#underWay.delete(nameOf(request));
    const { principal, key, repeats } = request;
    if (repeats) return;
    this.#write(repeats, () => {
      if (answer === null || answer.body.length > BODY_SIZE_MAX)
        this.#database.prepare('DELETE FROM answers WHERE principal = ? AND key = ?').run(principal, key);
      else
        this.#database
          .prepare('UPDATE answers SET status = ?, type = ?, body = ? WHERE principal = ? AND key = ?')
          .run(answer.status, answer.type, answer.body, principal, key);
    });
  }

  #forget(principal: string, nowMs: number): void {
    this.#database.prepare('DELETE FROM answers WHERE time_ms <= ?').run(nowMs - LIFE_MS);
    const oldest = 'ORDER BY time_ms DESC, rowid DESC LIMIT -1 OFFSET ?';
    this.#database
      .prepare(`DELETE FROM answers WHERE rowid IN (SELECT rowid FROM answers WHERE principal = ? ${oldest})`)
      .run(principal, OWN_COUNT_MAX);
    this.#database.prepare(`DELETE FROM answers WHERE rowid IN (SELECT rowid FROM answers ${oldest})`).run(COUNT_MAX);
  }

  /**
   * One transaction. What repeats is not waited for until it is on the disk: a power cut that forgets it lets nothing be done twice, and
   * a stranger who sends readings shall not make this process wait for the disk.
   */
  #write(repeats: boolean, write: () => void): void {
    this.#database.exec(`PRAGMA synchronous = ${repeats ? 'NORMAL' : 'FULL'}; BEGIN IMMEDIATE`);
    try {
      write();
      this.#database.exec('COMMIT');
    } finally {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      this.#database.exec('PRAGMA synchronous = FULL');
    }
  }
}

function nameOf({ principal, key }: Request): string {
  return `${principal}\n${key}`;
}
