/**
 * Where a device keeps what it signed until a proven receipt settles it: one SQLite file for all devices of a process, or memory.
 * Nothing is sent before it is durable, and a sequence number that was ever durable is never given again: it lives in the
 * same commit as the bytes it was signed into. One commit, so one fsync, serves everything that waits.
 * The file is held exclusively: two processes would give one sequence number twice. Never restore it from a backup; when it is lost,
 * rotate the key of the device, which begins a fresh sequence.
 */

import { chmodSync, closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError, formatError } from '@oppidum/formats/errors';
import type { AppendOptions, Held, Moment, OutboxPort, Refused, Sender, Unsent } from './outbox-port.ts';
import { prepareStatements, SCHEMA, type SenderRow } from './outbox-tables.ts';
import { makePrivateFolder } from './private-folder.ts';

export type OutboxOptions = {
  /** The file; null keeps everything in memory, for simulations that may lose it. */
  readonly path: string | null;
  readonly crypto: Crypto;
  /** Genesis hash of the city all messages are for. */
  readonly audience: Bytes;
  /** Bytes of what waits, signed or not, of all devices and of one. */
  readonly sizeMax?: number;
  readonly senderSizeMax?: number;
  /** Bytes of the file, its write-ahead log aside; refused messages count, too. A full disk and this limit are the same OUTBOX_FULL. */
  readonly fileSizeMax?: number;
  /** What gives way when there is no room: the new message (`refuse-new`, the default) or the oldest of the same sender (`drop-oldest`). */
  readonly whenFull?: 'refuse-new' | 'drop-oldest';
  /** Learns of each message that gave way to a newer one; it is lost, and its sequence number stays a gap that everybody sees. */
  readonly onDropped?: (dropped: { readonly device: Bytes; readonly sequence: number }) => void;
  /** Refused messages kept for each sender; the oldest are forgotten. */
  readonly refusedCountMax?: number;
};

type Work = { readonly write: () => void; readonly done: () => void; readonly failed: (error: unknown) => void };

const SIZE_MAX = 64 * 1024 * 1024;
const REFUSED_COUNT_MAX = 1_000;
/** Settled messages leave the file within this time: losing that leads to sending again, which is harmless. */
const SETTLE_DELAY_MS = 100;
/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const SQLITE = { busy: 5, corrupt: 11, full: 13, notDatabase: 26 } as const;

/**
 * Opens an outbox, or makes it. Throws OUTBOX_LOCKED while another process holds it, OUTBOX_DAMAGED for a file that is no outbox or
 * is broken, WRONG_CITY for one whose messages are for another city.
 */
export function openOutbox(options: OutboxOptions): Outbox {
  const { path } = options;
  if (path !== null) {
    makePrivateFolder(dirname(path));
    // SQLite gives the files beside it the mode that this one has when it is opened.
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
  }
  const database = new DatabaseSync(path ?? ':memory:');
  try {
    return translateSqlite(path, () => {
      database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
      if (options.fileSizeMax !== undefined) limitFile(database, options.fileSizeMax);
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

function limitFile(database: DatabaseSync, sizeMax: number): void {
  const { page_size: pageSize } = database.prepare('PRAGMA page_size').get() as { readonly page_size: number };
  database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(sizeMax / pageSize))}`);
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

/** An open outbox in a file. Every method but `append` is done when it returns; what is settled reaches the file a little later. */
export class Outbox implements OutboxPort {
  readonly audience: Bytes;
  readonly #database: DatabaseSync;
  readonly #options: Required<Omit<OutboxOptions, 'fileSizeMax'>>;
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
    this.#options = {
      ...{ sizeMax, senderSizeMax: sizeMax, refusedCountMax: REFUSED_COUNT_MAX, whenFull: 'refuse-new' as const },
      ...{ onDropped: () => undefined, ...options },
    };
    this.audience = options.audience;
    this.#statements = prepareStatements(database);
    this.#load();
  }

  /** Bytes of all that waits. */
  get size(): number {
    return this.#size;
  }

  /** The state of one key of a device, kept from now on. */
  sender(device: Bytes, keyNumber: number): Sender {
    const name = `${toHex(device)}/${keyNumber}`;
    const known = this.#senders.get(name);
    if (known !== undefined) return known;
    const fresh: Sender = { device, keyNumber, next: 1, cursor: 0, size: 0, count: 0, heldCount: 0, settled: new Set() };
    this.#senders.set(name, fresh);
    return fresh;
  }

  /**
   * Signs the next message and makes it durable: `sign` gets the sequence number and answers at once. Resolves after the fsync; only then
   * may it be sent. With `cursor`, the sender's cursor moves in the same commit; what was `held` for it goes; `knownMs` is remembered as
   * the latest time that was surely over. Throws what `sign` throws, and OUTBOX_FULL; neither uses up the number.
   */
  async append(
    sender: Sender,
    sign: (sequence: number) => Bytes | Promise<Bytes>,
    { cursor = sender.cursor, held, knownMs }: AppendOptions = {},
  ): Promise<Omit<Unsent, 'envelope'>> {
    const sequence = sender.next;
    const envelope = sign(sequence);
    if (envelope instanceof Promise) throw new Error('this outbox takes signers that answer at once');
    const heldSize = held?.payload.length ?? 0;
    this.#makeRoom(sender, envelope.length - heldSize);
    const digest = this.#options.crypto.sha256(envelope);
    const { device, keyNumber } = sender;
    sender.next = sequence + 1;
    sender.cursor = cursor;
    this.#resize(sender, envelope.length - heldSize, 1);
    if (held !== undefined) sender.heldCount--;
    const written = this.#enqueue(() => {
      this.#statements.insert.run(device, keyNumber, sequence, digest, envelope);
      this.#statements.advance.run(device, keyNumber, sequence + 1, cursor);
      if (held !== undefined) this.#statements.release.run(held.place);
      if (knownMs !== undefined) this.#statements.know.run(knownMs);
    });
    this.#immediate ??= setImmediate(() => this.flush());
    await written;
    return { sequence, digest };
  }

  /** Makes room for that many more bytes by the declared rule. Throws OUTBOX_FULL. */
  #makeRoom(sender: Sender, size: number): void {
    const { sizeMax, senderSizeMax, whenFull } = this.#options;
    const isFull = (): boolean => this.#size + size > sizeMax || sender.size + size > senderSizeMax;
    while (whenFull === 'drop-oldest' && isFull() && this.#dropOldest(sender));
    if (this.#size + size > sizeMax) throw formatError('OUTBOX_FULL', { size: this.#size, sizeMax });
    if (sender.size + size > senderSizeMax) throw formatError('OUTBOX_FULL', { size: sender.size, sizeMax: senderSizeMax });
  }

  /** The oldest durable message of a sender gives way; false when there is none. */
  #dropOldest(sender: Sender): boolean {
    const [oldest] = this.unsent(sender, 0, 1);
    if (oldest === undefined) return false;
    this.#settle(sender, oldest.sequence, () => undefined);
    this.#options.onDropped({ device: sender.device, sequence: oldest.sequence });
    return true;
  }

  /** Keeps what was measured while the time was unknown, with the cursor if it moves; resolves when it is durable. Throws OUTBOX_FULL. */
  async hold(sender: Sender, moment: Moment, payload: Bytes, cursor = sender.cursor): Promise<void> {
    this.#makeRoom(sender, payload.length);
    const { device, keyNumber } = sender;
    this.#resize(sender, payload.length, 0);
    sender.heldCount++;
    sender.cursor = cursor;
    const written = this.#enqueue(() => {
      this.#statements.enter.run(device, keyNumber, cursor);
      this.#statements.hold.run(device, keyNumber, moment.boot, moment.counterMs, payload);
    });
    this.#immediate ??= setImmediate(() => this.flush());
    await written;
  }

  /** What waits for the time, in the order in which it was measured. */
  held(sender: Sender): readonly Held[] {
    this.flush();
    return this.#statements.listHeld.all(sender.device, sender.keyNumber) as unknown as Held[];
  }

  /** Gives up something held: no time will ever be known for it. */
  release(sender: Sender, { place, payload }: Held): void {
    this.#resize(sender, -payload.length, 0);
    sender.heldCount--;
    this.#enqueue(() => this.#statements.release.run(place)).catch(() => undefined);
    this.flush();
  }

  /** The latest time that was surely over when something was appended; null before. */
  knownMs(): number | null {
    const row = this.#statements.known.get() as { readonly timeMs: number } | undefined;
    return row?.timeMs ?? null;
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
      Object.assign(sender, { next: 1, cursor: 0, size: 0, count: 0, heldCount: 0 });
      sender.settled.clear();
    }
    this.#size = 0;
    for (const row of this.#statements.senders.all() as unknown as SenderRow[]) {
      const sender = this.sender(row.device, row.keyNumber);
      sender.next = row.next;
      sender.cursor = row.cursor;
      sender.heldCount = row.heldCount;
      this.#resize(sender, row.size + row.heldSize, row.count);
    }
  }
}

/** True for the refusal of a full outbox: stop measuring or keep the values elsewhere until messages are settled. */
export function isOutboxFull(error: unknown): boolean {
  return error instanceof FormatError && error.code === 'OUTBOX_FULL';
}
