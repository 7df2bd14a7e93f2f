/**
 * Writes kept readings as rows, a batch and its cursor in one transaction, by statements that are prepared once. A large batch is written
 * in a thread of its own (`reading-worker.ts`), a small one where it is: a quiet city needs no second thread.
 */

import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { alarmSignsOf, mayBeSign } from '@oppidum/formats/alarm-signs';
import {
  type Bytes,
  concatBytes,
  encodeUint32,
  encodeUint64,
  parseHex,
  readUint32,
  readUint64,
  toHex,
} from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { deviceUrnPrefix, ID_SIZE } from '@oppidum/formats/ids';
import type { ResolvedRecord } from '@oppidum/formats/senml';
import { CLEAR_SQL, clearValues, RAISE_SQL, raiseValues } from './alarm-rows.ts';
import { WRITER_PRAGMAS } from './database.ts';
import { ANSWERS, answerOf, localOf } from './order-rows.ts';
import { type KeptRow, msOf, openReading, type SampleRow, sampleRow } from './reading-rows.ts';
import { rollUp } from './rollups.ts';
import { RowInserter } from './row-inserter.ts';
import { SeriesNumbers } from './series-numbers.ts';

/** Readings of one shard that follow each other, without those erased; `end` is the index after the last that was looked at. */
export type ReadingBatch = { readonly shard: number; readonly end: number; readonly rows: readonly KeptRow[] };

const INSERT_ACTIVITY = 'INSERT INTO device_activity';
const ADD_ACTIVITY = `ON CONFLICT (sender) DO UPDATE SET last_reading_ms = max(last_reading_ms, excluded.last_reading_ms),
  reading_count = reading_count + excluded.reading_count`;
// min(x, NULL) is NULL in SQLite. Of equal times the later sample counts.
const ADD_ROLLUP = `ON CONFLICT (series, start_ms) DO UPDATE SET count = count + excluded.count, numbers = numbers + excluded.numbers,
  positives = positives + excluded.positives,
  minimum = min(coalesce(minimum, excluded.minimum), coalesce(excluded.minimum, minimum)),
  maximum = max(coalesce(maximum, excluded.maximum), coalesce(excluded.maximum, maximum)),
  total = coalesce(total + excluded.total, total, excluded.total),
  last = CASE WHEN excluded.last_ms >= coalesce(last_ms, 0) THEN excluded.last ELSE last END,
  last_ms = max(coalesce(last_ms, excluded.last_ms), coalesce(excluded.last_ms, last_ms))`;

/** Of every device's URN. */
const URN_PREFIX_SIZE = deviceUrnPrefix(new Uint8Array(ID_SIZE)).length;
/** Readings and samples that one transaction takes. */
const ROWS_OF_ONE_COMMIT = 65_536;
/** Pages of SQLite that stay in memory, in kB: small batches touch few and are committed at once; large ones wait for a commit together. */
const CACHE_KB = { small: 8_192, large: 65_536 } as const;

type Activity = { lastMs: number; count: number };

/** A connection that writes readings; nobody else writes to the file while a batch is being written. */
export class ReadingWriter {
  readonly #connection: DatabaseSync;
  readonly #crypto: Crypto;
  readonly #numbers: SeriesNumbers;
  readonly #readings: RowInserter;
  readonly #samples: RowInserter;
  readonly #rollups: RowInserter;
  readonly #activity: RowInserter;
  readonly #answers: RowInserter;
  readonly #localActs: RowInserter;
  readonly #alarms: AlarmStatements;
  readonly #cursor: StatementSync;
  #isOpen = false;
  #rowCount = 0;

  constructor(file: string, crypto: Crypto, batches: keyof typeof CACHE_KB) {
    this.#connection = new DatabaseSync(file);
    this.#connection.exec(`${WRITER_PRAGMAS}; PRAGMA cache_size = -${CACHE_KB[batches]}`);
    this.#crypto = crypto;
    this.#numbers = new SeriesNumbers(this.#connection);
    this.#readings = new RowInserter(this.#connection, 'INSERT INTO readings', 11);
    this.#samples = new RowInserter(this.#connection, 'INSERT INTO samples', 9);
    this.#rollups = new RowInserter(this.#connection, 'INSERT INTO rollups', 10, ADD_ROLLUP);
    this.#activity = new RowInserter(this.#connection, INSERT_ACTIVITY, 3, ADD_ACTIVITY);
    this.#answers = new RowInserter(this.#connection, 'INSERT OR IGNORE INTO order_answers', 6);
    this.#localActs = new RowInserter(this.#connection, 'INSERT OR IGNORE INTO local_acts', 4);
    this.#alarms = new AlarmStatements(this.#connection, crypto);
    this.#cursor = this.#connection.prepare('INSERT OR REPLACE INTO cursors VALUES (?, ?, ?)');
  }

  /**
   * Writes a batch; all of it or, when it throws, nothing, also of batches before it that are not committed. True when it is committed:
   * where `moreFollows`, several batches are one transaction, so that a page on which many of them have rows is written once.
   */
  write({ shard, end, rows }: ReadingBatch, moreFollows = false): boolean {
    if (!this.#isOpen) this.#connection.exec('BEGIN IMMEDIATE');
    this.#isOpen = true;
    try {
      this.#rowCount += rows.length + this.#write(shard, rows);
      const last = rows.at(-1);
      this.#cursor.run(`readings/${shard}`, end, last?.index === end - 1 ? toHex(last.digest) : null);
      if (!moreFollows || this.#rowCount >= ROWS_OF_ONE_COMMIT) this.commit();
    } catch (error) {
      this.#isOpen = false;
      this.#numbers.forget();
      for (const table of this.#tables()) table.forget();
      this.#connection.exec('ROLLBACK');
      throw error;
    }
    return !this.#isOpen;
  }

  /** Commits what was written. */
  commit(): void {
    if (!this.#isOpen) return;
    this.#connection.exec('COMMIT');
    this.#isOpen = false;
    this.#rowCount = 0;
  }

  close(): void {
    this.commit();
    this.#connection.close();
  }

  #tables(): readonly RowInserter[] {
    return [this.#readings, this.#samples, this.#rollups, this.#activity, this.#answers, this.#localActs];
  }

  /** The answer: how many samples there were. */
  #write(shard: number, rows: readonly KeptRow[]): number {
    const activity = new Map<number, Activity>();
    const samples: SampleRow[] = [];
    for (const row of rows) this.#open(shard, row, activity, samples);
    this.#readings.flush();
    this.#answers.flush();
    this.#localActs.flush();
    // Side by side as they will lie: each page of the table is found once.
    samples.sort((a, b) => a.series - b.series || a.timeMs - b.timeMs || a.entry - b.entry || a.position - b.position);
    for (const { series, timeMs, entry, position, kind, number, text, sum } of samples)
      this.#samples.add(series, timeMs, shard, entry, position, kind, number, text, sum);
    this.#samples.flush();
    for (const row of rollUp(samples)) {
      const { series, startMs, count, numbers, positives, minimum, maximum, total, lastMs, last } = row;
      this.#rollups.add(series, startMs, count, numbers, positives, minimum, maximum, total, lastMs, last);
    }
    this.#rollups.flush();
    for (const [sender, { lastMs, count }] of activity) this.#activity.add(sender, lastMs, count);
    this.#activity.flush();
    return samples.length;
  }

  #open(shard: number, row: KeptRow, activity: Map<number, Activity>, samples: SampleRow[]): void {
    const { index, digest, receivedMs, isPersonal, envelope } = row;
    const { reading, records } = openReading(this.#crypto, envelope, digest);
    const sender = this.#numbers.sender(reading.device);
    // Resolved records stand in the order of their times.
    const timeMs = msOf(records.at(-1)?.timeS ?? 0);
    const { keyNumber, sequence, clockErrorMs } = reading;
    const personal = isPersonal ? 1 : 0;
    const counts = [receivedMs, records.length, personal, clockErrorMs];
    this.#readings.add(sender.number, timeMs, shard, index, digest, keyNumber, sequence, ...counts);
    const known = activity.get(sender.number);
    if (known === undefined) activity.set(sender.number, { lastMs: receivedMs, count: 1 });
    else {
      known.lastMs = Math.max(known.lastMs, receivedMs);
      known.count += 1;
    }
    if (isPersonal) return;
    this.#numbers.noteTime(sender, keyNumber, timeMs);
    const named = records.map((record) => ({ name: record.name.slice(URN_PREFIX_SIZE), value: record.value }));
    if (named.some(({ name }) => mayBeSign(name))) this.#alarms.write(reading.device, named, row);
    for (const [position, record] of records.entries()) {
      const name = named[position]?.name ?? '';
      if (name.startsWith('order/')) this.#addAnswer(name, record, row, toHex(reading.device));
      const series = this.#numbers.series(sender, name, record.unit);
      samples.push(sampleRow(record, { series, entry: index, position }));
    }
  }

  /** What a device says about an order, or about what it did without one. */
  #addAnswer(name: string, record: ResolvedRecord, { digest }: KeptRow, device: string): void {
    const timeMs = msOf(record.timeS);
    const answer = answerOf(name, record);
    if (answer !== null)
      this.#answers.add(answer.order, device, ANSWERS.indexOf(answer.kind), answer.code, timeMs, toHex(digest));
    const local = localOf(name, record);
    if (local !== null) this.#localActs.add(toHex(digest), device, local, timeMs);
  }
}

/** What readings say about alarms: rare, and each by itself. */
class AlarmStatements {
  readonly #crypto: Crypto;
  readonly #raise: StatementSync;
  readonly #clear: StatementSync;
  readonly #zone: StatementSync;
  readonly #order: StatementSync;

  constructor(connection: DatabaseSync, crypto: Crypto) {
    this.#crypto = crypto;
    this.#raise = connection.prepare(RAISE_SQL);
    this.#clear = connection.prepare(CLEAR_SQL);
    this.#zone = connection.prepare('SELECT zone FROM zone_devices WHERE device = ?');
    this.#order = connection.prepare('SELECT zone FROM orders WHERE id = ?');
  }

  write(device: Bytes, records: Parameters<typeof alarmSignsOf>[1], { digest, receivedMs: timeMs }: KeptRow): void {
    const zoneOf = (statement: StatementSync, id: Bytes): Bytes | null => {
      const row = statement.get(toHex(id)) as { readonly zone: string } | undefined;
      return row === undefined ? null : parseHex(row.zone);
    };
    const zone = () => zoneOf(this.#zone, device);
    const speaker = { device, zone, zoneOfOrder: (order: Bytes) => zoneOf(this.#order, order) };
    for (const sign of alarmSignsOf(speaker, records)) {
      const found = { ...sign, evidence: toHex(digest), kind: 'reading', timeMs } as const;
      if (sign.what === 'raise') this.#raise.run(...raiseValues(this.#crypto, found));
      else this.#clear.run(...clearValues(this.#crypto, found));
    }
  }
}

const DIGEST_SIZE = 32;
const ROW_HEADER_SIZE = 8 + 8 + 1 + DIGEST_SIZE + 4;

/** shard: u32 ‖ end: u64 ‖ (index: u64 ‖ received: u64 ‖ personal: u8 ‖ digest ‖ size: u32 ‖ envelope)* */
export function encodeReadingBatch({ shard, end, rows }: ReadingBatch): Uint8Array<ArrayBuffer> {
  const parts: Bytes[] = [encodeUint32(shard), encodeUint64(end)];
  for (const { index, receivedMs, isPersonal, digest, envelope } of rows) {
    parts.push(encodeUint64(index), encodeUint64(receivedMs), Uint8Array.of(isPersonal ? 1 : 0), digest);
    parts.push(encodeUint32(envelope.length), envelope);
  }
  return concatBytes(...parts) as Uint8Array<ArrayBuffer>;
}

/** Opens what `encodeReadingBatch` wrote; envelopes and digests are views. */
export function parseReadingBatch(bytes: Bytes): ReadingBatch {
  const rows: KeptRow[] = [];
  let at = 12;
  while (at < bytes.length) {
    const digestAt = at + 17;
    const envelopeAt = at + ROW_HEADER_SIZE;
    const end = envelopeAt + readUint32(bytes, envelopeAt - 4);
    rows.push({
      index: readUint64(bytes, at),
      receivedMs: readUint64(bytes, at + 8),
      isPersonal: bytes[at + 16] === 1,
      digest: bytes.subarray(digestAt, digestAt + DIGEST_SIZE),
      envelope: bytes.subarray(envelopeAt, end),
    });
    at = end;
  }
  return { shard: readUint32(bytes, 0), end: readUint64(bytes, 4), rows };
}
