/**
 * The read model follows the ledger and the shards: batch by batch, each batch and its cursor in one transaction, so a crash anywhere
 * resumes where the rows end. It always asks for what comes after its cursor; being told of news only wakes it, so catching up and
 * keeping up are one path. A file that is damaged, of another version or of another history is deleted and filled again.
 */

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError } from '@oppidum/formats/errors';
import { erasureKind } from '@oppidum/formats/state-erasure';
import { prefixRange } from '@oppidum/formats/state-layout';
import { kindNamed, kindOfKey } from '@oppidum/formats/state-registry';
import type { CommittedBlock, NodeClient } from '@oppidum/node/client';
import type { KeptReading, TelemetryClient } from '@oppidum/telemetry/client';
import { type FoundSign, writeSigns } from './alarm-rows.ts';
import { followedKinds, writeBlock, writeRecords } from './block-rows.ts';
import { type Database, openForReading, openForWriting, type ReadableDatabase, type WritableDatabase } from './database.ts';
import { ReadingFollower } from './reading-follower.ts';
import { deleteErased, type KeptRow, takeSize } from './reading-rows.ts';

const FILE_NAME = 'read-model.sqlite';
const BLOCKS_OF_ONE_BATCH = 100;
const READINGS_OF_ONE_BATCH = 4_096;
/** Bytes of their envelopes: packs have many records each. */
const READINGS_SIZE_OF_ONE_BATCH = 2_097_152;
const RECORDS_OF_ONE_BATCH = 1_000;
const SIGNS_OF_ONE_BATCH = 256;
const GIVE_WAY_MIN_MS = 1_000;
const GIVE_WAY_MAX_MS = 10_000;
/** So many times as long as the last batch took. */
const GIVE_WAY_SHARE = 9;
const GIVE_WAY_STEP_MS = 25;
/** So many readings behind, rows grow as quickly as they can. */
const BEHIND_COUNT_MAX = 2_000_000;

export type ReadModelOptions = {
  /** `gateway/` of the data folder. */
  readonly folder: string;
  readonly crypto: Crypto;
  readonly node: NodeClient;
  readonly shards: readonly TelemetryClient[];
  /** Told once when following failed: what it answers grows old from then on. */
  readonly onFailure: (error: Error) => void;
};

/** How far the rows are behind. */
export type ReadModelLag = { readonly blocks: number; readonly readings: number };

/** Deletes the read model of a stopped gateway; the next start fills it again. */
export function deleteReadModel(folder: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `${FILE_NAME}${end}`), { force: true });
}

/** An open read model. */
export class ReadModel {
  readonly #options: ReadModelOptions;
  #writer: WritableDatabase;
  readonly #reader: ReadableDatabase;
  #follower: ReadingFollower;
  readonly #forget: (() => void)[] = [];
  #height: number;
  #sizes: Map<number, number>;
  /** The same of what questions see. */
  #committed: ReadonlyMap<number, number>;
  /** Shards, by number, whose rows are not compared yet with what was erased there: one may be away when the ledger says so. */
  #unswept: Set<number>;
  #noted: FoundSign[] = [];
  #lastBatchMs = 0;
  #isCaughtUp = false;
  #hasFailed = false;
  #hasNews = true;
  #isClosed = false;
  #running: Promise<void> = Promise.resolve();
  #isRunning = false;
  /** While the file is made anew. */
  #refilling: Promise<void> | null = null;

  private constructor(options: ReadModelOptions, writer: WritableDatabase, place: Place) {
    this.#options = options;
    this.#writer = writer;
    this.#height = place.height;
    this.#sizes = new Map(place.sizes);
    this.#committed = place.sizes;
    this.#unswept = new Set(place.unswept);
    this.#reader = openForReading(this.file);
    this.#follower = new ReadingFollower(this.file, options.crypto);
  }

  /** Opens the file, or makes it, and begins to follow. */
  static async open(options: ReadModelOptions): Promise<ReadModel> {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    const { writer, place } = (await openKnown(options)) ?? (await openNew(options));
    const model = new ReadModel(options, writer, place);
    model.#forget.push(options.node.onBlock(() => model.#wake()));
    for (const shard of options.shards) model.follow(shard);
    model.#wake();
    return model;
  }

  /** Is told of the news of a shard: of those it was opened with, or one that came to them since. */
  follow(shard: TelemetryClient): void {
    this.#forget.push(shard.onKept(() => this.#wake()));
  }

  /** Writes what follows from time alone; of what is noted before the file is made anew nothing is left. */
  note(signs: readonly FoundSign[]): void {
    this.#noted.push(...signs);
    if (signs.length > 0) this.#wake();
  }

  /** For questions; sees whole batches only. */
  get database(): Database {
    return this.#reader.database;
  }

  /** For threads that count by themselves. */
  get file(): string {
    return join(this.#options.folder, FILE_NAME);
  }

  /** True once it has been level with the ledger and the shards. */
  get isCaughtUp(): boolean {
    return this.#isCaughtUp;
  }

  /** True once following has failed: what it answers grows old until the next start. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  lag(): ReadModelLag {
    const { node, shards } = this.#options;
    const behind = shards.map((shard) => {
      const { number, size } = shard.status();
      return Math.max(0, size - (this.#committed.get(number) ?? 0));
    });
    return { blocks: Math.max(0, node.head().height - this.#height), readings: behind.reduce((sum, count) => sum + count, 0) };
  }

  /**
   * Deletes the file and fills a new one, beside everything else; resolves when that has begun. Until then questions are answered by the
   * old rows, afterwards by the new ones so far; `lag` and `isCaughtUp` say how far. Asked again meanwhile, it begins nothing new.
   */
  async refill(): Promise<void> {
    if (this.#isClosed) return;
    this.#refilling ??= this.#begin().finally(() => {
      this.#refilling = null;
      if (!this.#hasFailed) this.#wake();
    });
    await this.#refilling;
  }

  async #begin(): Promise<void> {
    await this.#running;
    try {
      await this.#follower.close();
      this.#writer.close();
      const { writer, place } = await openNew(this.#options);
      this.#writer = writer;
      this.#follower = new ReadingFollower(join(this.#options.folder, FILE_NAME), this.#options.crypto);
      this.#reader.reopen();
      [this.#height, this.#sizes, this.#committed] = [place.height, new Map(place.sizes), place.sizes];
      this.#unswept = new Set(place.unswept);
      [this.#isCaughtUp, this.#hasFailed, this.#isRunning] = [false, false, false];
    } catch (error) {
      [this.#hasFailed, this.#isRunning] = [true, true];
      this.#options.onFailure(error as Error);
    }
  }

  /** Ends after the batch that is being written. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const forget of this.#forget) forget();
    await this.#refilling;
    await this.#running;
    this.#reader.close();
    await this.#follower.close();
    this.#writer.close();
  }

  #wake(): void {
    this.#hasNews = true;
    if (this.#isRunning || this.#isClosed || this.#refilling !== null) return;
    this.#isRunning = true;
    this.#running = this.#follow().then(
      () => {
        this.#isRunning = false;
      },
      // Stays "running": a writer that failed is not tried again on the same rows.
      (error: Error) => {
        this.#hasFailed = true;
        this.#options.onFailure(error);
      },
    );
  }

  async #follow(): Promise<void> {
    while (this.#hasNews && !this.#isClosed && this.#refilling === null) {
      await this.#giveWay();
      this.#hasNews = false;
      const found = [await this.#followBlocks()];
      await this.#writeNoted();
      await this.#sweep();
      for (const shard of this.#options.shards) found.push(await this.#followReadings(shard));
      if (found.some(Boolean)) this.#hasNews = true;
      else {
        await this.#commit();
        this.#isCaughtUp = true;
      }
      await nextTurn();
    }
  }

  /** Taking readings in comes first: while a shard is busy, rows take a tenth of the time at most, until too many are behind. */
  async #giveWay(): Promise<void> {
    const giveWayMs = Math.min(GIVE_WAY_MAX_MS, Math.max(GIVE_WAY_MIN_MS, GIVE_WAY_SHARE * this.#lastBatchMs));
    for (let waitedMs = 0; waitedMs < giveWayMs; waitedMs += GIVE_WAY_STEP_MS) {
      const isBusy = this.#options.shards.some((shard) => shard.isBusy?.() === true);
      if (!isBusy || this.#isClosed || this.#refilling !== null || this.lag().readings > BEHIND_COUNT_MAX) return;
      if (waitedMs === 0) await this.#commit();
      await sleep(GIVE_WAY_STEP_MS);
    }
  }

  /** Writes the next batch of blocks; false when there was none. */
  async #followBlocks(): Promise<boolean> {
    const blocks = this.#options.node.blocks(this.#height + 1, BLOCKS_OF_ONE_BATCH);
    const last = blocks.at(-1);
    if (last === undefined) return false;
    await this.#commit();
    const unswept = blocks.some(recordsErasure) ? this.#options.shards.map((shard) => shard.status().number) : [];
    await this.#writer.database.transaction().execute(async (transaction) => {
      for (const block of blocks) await writeBlock(transaction, block);
      for (const number of unswept) await writeCursor(transaction, unsweptName(number), 1);
      await writeCursor(transaction, 'blocks', last.height);
    });
    for (const number of unswept) this.#unswept.add(number);
    this.#height = last.height;
    return true;
  }

  async #writeNoted(): Promise<void> {
    while (this.#noted.length > 0) {
      const some = this.#noted.splice(0, SIGNS_OF_ONE_BATCH);
      await this.#commit();
      await this.#writer.database.transaction().execute((transaction) => writeSigns(transaction, some));
      await nextTurn();
    }
  }

  /** Deletes the rows of what was erased in the shards that can be asked now. */
  async #sweep(): Promise<void> {
    for (const client of this.#options.shards) {
      const { number } = client.status();
      if (!this.#unswept.has(number)) continue;
      await this.#commit();
      const sweep = this.#writer.database.transaction().execute(async (transaction) => {
        await deleteErased(transaction, [{ number, client }]);
        await transaction.deleteFrom('cursors').where('name', '=', unsweptName(number)).execute();
        return true;
      });
      if (!(await askShard(() => sweep, false))) continue;
      this.#unswept.delete(number);
      this.#writer.truncateLog();
    }
  }

  /** Writes the next batch of a shard's entries; false when there was none. */
  async #followReadings(shard: TelemetryClient): Promise<boolean> {
    const { number } = shard.status();
    const size = this.#sizes.get(number) ?? 0;
    const kept = await askShard(() => shard.readings(size, READINGS_OF_ONE_BATCH), []);
    if (kept.length === 0) return false;
    const taken = takeSize(kept, READINGS_SIZE_OF_ONE_BATCH);
    const end = (taken.at(-1) as KeptReading).index + 1;
    const moreFollows = taken.length < kept.length || kept.length === READINGS_OF_ONE_BATCH;
    const begunMs = performance.now();
    const isCommitted = await this.#follower.write({ shard: number, end, rows: taken.filter(hasEnvelope) }, moreFollows);
    this.#lastBatchMs = performance.now() - begunMs;
    this.#sizes.set(number, end);
    if (isCommitted) this.#committed = new Map(this.#sizes);
    return true;
  }

  /** Ends the transaction that batches of readings share. */
  async #commit(): Promise<void> {
    await this.#follower.commit();
    this.#committed = new Map(this.#sizes);
  }
}

/** What a shard answers, or something else while it is away. */
async function askShard<T>(ask: () => T | Promise<T>, without: T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return without;
  }
}

function unsweptName(number: number): string {
  return `unswept/${number}`;
}

const hasEnvelope = (kept: KeptReading): kept is KeptRow => kept.envelope !== null;

/** True for a block that says that something was erased: the shard had done it before. */
function recordsErasure({ changes }: CommittedBlock): boolean {
  return changes.some(({ key }) => kindOfKey(key)?.name === erasureKind.name);
}

/** Where the rows end: the last block, and entries by shard number. */
type Place = {
  readonly height: number;
  readonly sizes: ReadonlyMap<number, number>;
  readonly unswept: readonly number[];
};
type Opened = { readonly writer: WritableDatabase; readonly place: Place };

function writeCursor(database: Database, name: string, value: number): Promise<unknown> {
  return database.replaceInto('cursors').values({ name, value, mark: null }).execute();
}

/** The file that is there, or null when it is none or not of this history. */
async function openKnown(options: ReadModelOptions): Promise<Opened | null> {
  const opened = openFile(options.folder);
  if (opened === null) return null;
  try {
    if (opened.isNew) throw new Error('an empty read model');
    const rows = await opened.database.selectFrom('cursors').selectAll().execute();
    const height = rows.find(({ name }) => name === 'blocks')?.value ?? -1;
    const sizes = options.shards.map((shard): [number, number] => {
      const { number } = shard.status();
      return [number, rows.find(({ name }) => name === `readings/${number}`)?.value ?? 0];
    });
    const unswept = sizes.flatMap(([number]) => (rows.some(({ name }) => name === unsweptName(number)) ? [number] : []));
    const place = { height, sizes: new Map(sizes), unswept };
    await assertSameHistory(options, opened.database, place);
    return { writer: opened, place };
  } catch {
    opened.close();
    return null;
  }
}

function openFile(folder: string): ReturnType<typeof openForWriting> | null {
  try {
    return openForWriting(join(folder, FILE_NAME));
  } catch {
    return null;
  }
}

/** Throws unless the last rows are what the ledger and the shards have at their places: a restored backup may be older, or another city. */
async function assertSameHistory({ node, shards }: ReadModelOptions, database: Database, place: Place): Promise<void> {
  const { height } = place;
  const [block] = await database.selectFrom('blocks').select('app_hash').where('height', '=', height).execute();
  const known = node.block(height);
  if (block === undefined || known === null || toHex(known.appHash) !== block.app_hash)
    throw new Error(`another block ${height}`);
  for (const shard of shards) {
    const { number } = shard.status();
    const last = (place.sizes.get(number) ?? 0) - 1;
    const [cursor] = await database.selectFrom('cursors').select('mark').where('name', '=', `readings/${number}`).execute();
    const found = last < 0 ? [] : await askShard(() => shard.readings(last, 1), null);
    // Away: its entries never change, and a shard of another history would not come back under this number.
    if (found === null) continue;
    const [kept] = found;
    if (last >= 0 && kept?.index !== last) throw new Error(`no entry ${last}`);
    const mark = cursor?.mark ?? null;
    if (mark !== null && kept !== undefined && mark !== toHex(kept.digest)) throw new Error(`another entry ${last}`);
  }
}

/** A new file. Where the first blocks are gone (a node begun from a snapshot) the records come from the state as it stands. */
async function openNew(options: ReadModelOptions): Promise<Opened> {
  deleteReadModel(options.folder);
  const writer = openForWriting(join(options.folder, FILE_NAME));
  const [first] = options.node.blocks(0, 1);
  if (first === undefined || first.height > 0) await writeState(writer.database, options.node);
  return { writer, place: { height: (first?.height ?? 0) - 1, sizes: new Map(), unswept: [] } };
}

async function writeState(database: Database, node: NodeClient): Promise<void> {
  for (const name of followedKinds) {
    const records = [...node.scan(prefixRange(kindNamed(name), []))];
    for (let i = 0; i < records.length; i += RECORDS_OF_ONE_BATCH) {
      const batch = records.slice(i, i + RECORDS_OF_ONE_BATCH);
      await database.transaction().execute((transaction) => writeRecords(transaction, batch));
      await nextTurn();
    }
  }
}
