/**
 * Where a device keeps what it signed until a proven receipt settles it: one SQLite file for all devices of a process, or memory.
 * Nothing is sent before it is durable, and a sequence number that was ever durable is never given again: it lives in the
 * same commit as the bytes it was signed into. One commit, so one fsync, serves everything that waits.
 * The file is held exclusively: two processes would give one sequence number twice. Never restore it from a backup; when it is lost,
 * rotate the key of the device, which begins a fresh sequence.
 */

import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError, formatError } from '@oppidum/formats/errors';

/** A message that no receipt has settled yet. `digest`: SHA-256 of the envelope. */
export type Unsent = { readonly sequence: number; readonly digest: Bytes; readonly envelope: Bytes };

/** A message that the shard refused for good, with the receipt that says so. */
export type Refused = { readonly sequence: number; readonly code: string; readonly envelope: Bytes; readonly receipt: Bytes };

export type OutboxOptions = {
  /** The file; null keeps everything in memory, for simulations that may lose it. */
  readonly path: string | null;
  readonly crypto: Crypto;
  /** Genesis hash of the city all messages are for. */
  readonly audience: Bytes;
  /** Bytes of unsettled envelopes, of all devices and of one. */
  readonly sizeMax?: number;
  readonly senderSizeMax?: number;
  /** Refused messages kept for each sender; the oldest are forgotten. */
  readonly refusedCountMax?: number;
};

/** One key of one device, as the outbox knows it. */
export type Sender = {
  readonly device: Bytes;
  readonly keyNumber: number;
  /** The next sequence number. */
  next: number;
  /** How far the source of the readings has been reported, as the caller counts it; 0 at first. */
  cursor: number;
  /** Bytes and number of unsettled envelopes. */
  size: number;
  count: number;
  /** Settled in memory, not yet in the file. */
  readonly settled: Set<number>;
};

type Work = { readonly write: () => void; readonly done: () => void; readonly failed: (error: unknown) => void };

const SIZE_MAX = 64 * 1024 * 1024;
const REFUSED_COUNT_MAX = 1_000;
/** Settled messages leave the file within this time: losing that leads to sending again, which is harmless. */
const SETTLE_DELAY_MS = 100;
/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const SQLITE = { busy: 5, corrupt: 11, full: 13, notDatabase: 26 } as const;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS city (audience BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS sender (
    device BLOB NOT NULL, keyNumber INTEGER NOT NULL, next INTEGER NOT NULL, cursor INTEGER NOT NULL,
    PRIMARY KEY (device, keyNumber)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS unsent (
    device BLOB NOT NULL, keyNumber INTEGER NOT NULL, sequence INTEGER NOT NULL, digest BLOB NOT NULL, envelope BLOB NOT NULL,
    PRIMARY KEY (device, keyNumber, sequence)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS refused (
    device BLOB NOT NULL, keyNumber INTEGER NOT NULL, sequence INTEGER NOT NULL, code TEXT NOT NULL,
    envelope BLOB NOT NULL, receipt BLOB NOT NULL, PRIMARY KEY (device, keyNumber, sequence)
  ) STRICT;`;

/**
 * Opens an outbox, or makes it. Throws OUTBOX_LOCKED while another process holds it, OUTBOX_DAMAGED for a file that is no outbox or
 * is broken, WRONG_CITY for one whose messages are for another city.
 */
export function openOutbox(options: OutboxOptions): Outbox {
  const { path } = options;
  if (path !== null) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // SQLite gives the files beside it the mode that this one has when it is opened.
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
  }
  const database = new DatabaseSync(path ?? ':memory:');
  try {
    return translateSqlite(path, () => {
      database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
      database.exec('PRAGMA cache_size = -512; BEGIN IMMEDIATE;');
      database.exec(SCHEMA);
      claimCity(database, options.audience);
      database.exec('COMMIT');
      return new Outbox(database, options);
    });
  } catch (error) {
    database.close();
    throw error;
  }
}

function claimCity(database: DatabaseSync, audience: Bytes): void {
  const row = database.prepare('SELECT audience FROM city').get() as { readonly audience: Bytes } | undefined;
  if (row === undefined) database.prepare('INSERT INTO city VALUES (?)').run(audience);
  else if (!equalBytes(row.audience, audience))
    throw formatError('WRONG_CITY', { want: toHex(row.audience), got: toHex(audience) });
}

/** Gives the refusals of SQLite that an owner can do something about their codes. */
function translateSqlite<T>(path: string | null, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = (error as { readonly errcode?: unknown }).errcode;
    const where = { path: path ?? 'memory' };
    if (typeof code !== 'number') throw error;
    if ((code & 0xff) === SQLITE.busy) throw formatError('OUTBOX_LOCKED', where);
    if ((code & 0xff) === SQLITE.corrupt || (code & 0xff) === SQLITE.notDatabase) throw formatError('OUTBOX_DAMAGED', where);
    if ((code & 0xff) === SQLITE.full) throw formatError('OUTBOX_FULL', { ...where, disk: 'full' });
    throw error;
  }
}

/** An open outbox. Every method but `append` is done when it returns; what is settled reaches the file a little later. */
export class Outbox {
  readonly audience: Bytes;
  readonly #database: DatabaseSync;
  readonly #options: Required<OutboxOptions>;
  readonly #senders = new Map<string, Sender>();
  readonly #statements: ReturnType<typeof prepareStatements>;
  #size = 0;
  #queue: Work[] = [];
  #timer: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;

  /** Use `openOutbox`. */
  constructor(database: DatabaseSync, options: OutboxOptions) {
    const sizeMax = options.sizeMax ?? SIZE_MAX;
    this.#database = database;
    this.#options = { sizeMax, senderSizeMax: sizeMax, refusedCountMax: REFUSED_COUNT_MAX, ...options };
    this.audience = options.audience;
    this.#statements = prepareStatements(database);
    this.#load();
  }

  /** Bytes of all unsettled envelopes. */
  get size(): number {
    return this.#size;
  }

  /** The state of one key of a device, kept from now on. */
  sender(device: Bytes, keyNumber: number): Sender {
    const name = `${toHex(device)}/${keyNumber}`;
    const known = this.#senders.get(name);
    if (known !== undefined) return known;
    const fresh: Sender = { device, keyNumber, next: 1, cursor: 0, size: 0, count: 0, settled: new Set() };
    this.#senders.set(name, fresh);
    return fresh;
  }

  /**
   * Signs the next message and makes it durable: `sign` gets the sequence number. Resolves after the fsync; only then may it be sent.
   * With `cursor`, the sender's cursor moves in the same commit. Throws what `sign` throws, and OUTBOX_FULL; neither uses up the number.
   */
  async append(sender: Sender, sign: (sequence: number) => Bytes, cursor = sender.cursor): Promise<Omit<Unsent, 'envelope'>> {
    const sequence = sender.next;
    const envelope = sign(sequence);
    this.#assertRoom(sender, envelope.length);
    const digest = this.#options.crypto.sha256(envelope);
    const { device, keyNumber } = sender;
    sender.next = sequence + 1;
    sender.cursor = cursor;
    this.#resize(sender, envelope.length, 1);
    const written = this.#enqueue(() => {
      this.#statements.insert.run(device, keyNumber, sequence, digest, envelope);
      this.#statements.advance.run(device, keyNumber, sequence + 1, cursor);
    });
    this.#immediate ??= setImmediate(() => this.flush());
    await written;
    return { sequence, digest };
  }

  #assertRoom(sender: Sender, size: number): void {
    const { sizeMax, senderSizeMax } = this.#options;
    if (this.#size + size > sizeMax) throw formatError('OUTBOX_FULL', { size: this.#size, sizeMax });
    if (sender.size + size > senderSizeMax) throw formatError('OUTBOX_FULL', { size: sender.size, sizeMax: senderSizeMax });
  }

  /** Durable messages of a sender beyond a sequence number, oldest first. */
  unsent(sender: Sender, afterSequence: number, limit: number): readonly Unsent[] {
    const { device, keyNumber, settled } = sender;
    const rows = this.#statements.select.all(device, keyNumber, afterSequence, limit + settled.size);
    return (rows as unknown as Unsent[]).filter(({ sequence }) => !settled.has(sequence)).slice(0, limit);
  }

  /** The digest of an unsettled message, or null. */
  digestOf(sender: Sender, sequence: number): Bytes | null {
    if (sender.settled.has(sequence)) return null;
    const row = this.#statements.find.get(sender.device, sender.keyNumber, sequence) as { readonly digest: Bytes } | undefined;
    return row?.digest ?? null;
  }

  /** A proven receipt said kept: our copy is no longer needed. */
  settle(sender: Sender, sequence: number): void {
    this.#settle(sender, sequence, () => undefined);
  }

  /** A proven receipt said refused for good: the message and its receipt move to the refused ones. */
  refuse(sender: Sender, sequence: number, code: string, receipt: Bytes): void {
    const { device, keyNumber } = sender;
    this.#settle(sender, sequence, () => {
      this.#statements.refuse.run(code, receipt, device, keyNumber, sequence);
      this.#statements.forget.run(device, keyNumber, device, keyNumber, this.#options.refusedCountMax);
    });
  }

  #settle(sender: Sender, sequence: number, first: () => void): void {
    const row = this.#statements.measure.get(sender.device, sender.keyNumber, sequence) as { readonly size: number } | undefined;
    if (row === undefined || sender.settled.has(sequence)) return;
    sender.settled.add(sequence);
    this.#resize(sender, -row.size, -1);
    const written = this.#enqueue(() => {
      first();
      this.#statements.remove.run(sender.device, sender.keyNumber, sequence);
    });
    written.then(
      () => sender.settled.delete(sequence),
      () => undefined, // `#load` has set everything back: the message is sent again.
    );
    this.#timer ??= setTimeout(() => this.flush(), SETTLE_DELAY_MS).unref();
  }

  /** Messages that were refused for good, oldest first. */
  refused(sender: Sender): readonly Refused[] {
    this.flush();
    return this.#statements.listRefused.all(sender.device, sender.keyNumber) as unknown as Refused[];
  }

  /** Commits all that waits, in one transaction. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    this.#timer = null;
    this.#immediate = null;
    const works = this.#queue;
    this.#queue = [];
    if (works.length === 0) return;
    try {
      translateSqlite(this.#options.path, () => this.#commit(works));
    } catch (error) {
      this.#load();
      for (const { failed } of works) failed(error);
      return;
    }
    for (const { done } of works) done();
  }

  #commit(works: readonly Work[]): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      for (const { write } of works) write();
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Commits and lets go of the file. */
  close(): void {
    this.flush();
    this.#database.close();
  }

  #enqueue(write: () => void): Promise<void> {
    return new Promise((done, failed) => {
      this.#queue.push({ write, done, failed });
    });
  }

  #resize(sender: Sender, size: number, count: number): void {
    sender.size += size;
    sender.count += count;
    this.#size += size;
  }

  /** Makes memory say what the file says; nothing that waited was sent. */
  #load(): void {
    for (const sender of this.#senders.values()) {
      Object.assign(sender, { next: 1, cursor: 0, size: 0, count: 0 });
      sender.settled.clear();
    }
    this.#size = 0;
    for (const row of this.#statements.senders.all() as unknown as SenderRow[]) {
      const sender = this.sender(row.device, row.keyNumber);
      sender.next = row.next;
      sender.cursor = row.cursor;
      this.#resize(sender, row.size, row.count);
    }
  }
}

type SenderRow = Pick<Sender, 'device' | 'keyNumber' | 'next' | 'cursor' | 'size' | 'count'>;

function prepareStatements(database: DatabaseSync) {
  const one = 'device = ? AND keyNumber = ?';
  return {
    senders: database.prepare(
      `SELECT device, keyNumber, next, cursor, COALESCE(SUM(LENGTH(envelope)), 0) AS size, COUNT(envelope) AS count
       FROM sender LEFT JOIN unsent USING (device, keyNumber) GROUP BY device, keyNumber`,
    ),
    insert: database.prepare('INSERT INTO unsent VALUES (?, ?, ?, ?, ?)'),
    advance: database.prepare('INSERT OR REPLACE INTO sender VALUES (?, ?, ?, ?)'),
    select: database.prepare(
      `SELECT sequence, digest, envelope FROM unsent WHERE ${one} AND sequence > ? ORDER BY sequence LIMIT ?`,
    ),
    find: database.prepare(`SELECT digest FROM unsent WHERE ${one} AND sequence = ?`),
    measure: database.prepare(`SELECT LENGTH(envelope) AS size FROM unsent WHERE ${one} AND sequence = ?`),
    remove: database.prepare(`DELETE FROM unsent WHERE ${one} AND sequence = ?`),
    refuse: database.prepare(
      `INSERT OR REPLACE INTO refused SELECT device, keyNumber, sequence, ?, envelope, ? FROM unsent WHERE ${one} AND sequence = ?`,
    ),
    forget: database.prepare(
      `DELETE FROM refused WHERE ${one} AND sequence <=
       (SELECT sequence FROM refused WHERE ${one} ORDER BY sequence DESC LIMIT 1 OFFSET ?)`,
    ),
    listRefused: database.prepare(`SELECT sequence, code, envelope, receipt FROM refused WHERE ${one} ORDER BY sequence`),
  };
}

/** True for the refusal of a full outbox: stop measuring or keep the values elsewhere until messages are settled. */
export function isOutboxFull(error: unknown): boolean {
  return error instanceof FormatError && error.code === 'OUTBOX_FULL';
}
