/**
 * Writes kept readings as rows, a batch and its cursor in one transaction, by statements that are prepared once. A large batch is written
 * in a thread of its own (`reading-worker.ts`), a small one where it is: a quiet city needs no second thread.
 */

import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type Bytes, concatBytes, encodeUint32, encodeUint64, readUint32, readUint64, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { deviceUrnPrefix } from '@oppidum/formats/ids';
import { WRITER_PRAGMAS } from './database.ts';
import { type KeptRow, msOf, openReading, recordRow } from './reading-rows.ts';

/** Readings of one shard that follow each other, without those erased; `end` is the index after the last that was looked at. */
export type ReadingBatch = { readonly shard: number; readonly end: number; readonly rows: readonly KeptRow[] };

const INSERT_READING = 'INSERT OR REPLACE INTO readings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';
const INSERT_RECORD = 'INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';
const INSERT_ACTIVITY = `INSERT INTO device_activity VALUES (?, ?, ?) ON CONFLICT (device) DO UPDATE SET
  last_reading_ms = max(last_reading_ms, excluded.last_reading_ms), reading_count = reading_count + excluded.reading_count`;
const INSERT_CURSOR = 'INSERT OR REPLACE INTO cursors VALUES (?, ?)';

type Activity = { lastMs: number; count: number };

/** A connection that writes readings; nobody else writes to the file while a batch is being written. */
export class ReadingWriter {
  readonly #connection: DatabaseSync;
  readonly #crypto: Crypto;
  readonly #reading: StatementSync;
  readonly #record: StatementSync;
  readonly #activity: StatementSync;
  readonly #cursor: StatementSync;

  constructor(file: string, crypto: Crypto) {
    this.#connection = new DatabaseSync(file);
    this.#connection.exec(WRITER_PRAGMAS);
    this.#crypto = crypto;
    this.#reading = this.#connection.prepare(INSERT_READING);
    this.#record = this.#connection.prepare(INSERT_RECORD);
    this.#activity = this.#connection.prepare(INSERT_ACTIVITY);
    this.#cursor = this.#connection.prepare(INSERT_CURSOR);
  }

  /** Writes a batch; all of it or, when it throws, nothing. */
  write({ shard, end, rows }: ReadingBatch): void {
    const activity = new Map<string, Activity>();
    this.#connection.exec('BEGIN IMMEDIATE');
    try {
      for (const row of rows) this.#write(shard, row, activity);
      for (const [device, { lastMs, count }] of activity) this.#activity.run(device, lastMs, count);
      this.#cursor.run(`readings/${shard}`, end);
      this.#connection.exec('COMMIT');
    } catch (error) {
      this.#connection.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#connection.close();
  }

  #write(shard: number, { index, digest, receivedMs, isPersonal, envelope }: KeptRow, activity: Map<string, Activity>): void {
    const { reading, records } = openReading(this.#crypto, envelope);
    const device = toHex(reading.device);
    // Resolved records stand in the order of their times.
    const timeMs = msOf(records.at(-1)?.timeS ?? 0);
    const { keyNumber, sequence, clockErrorMs } = reading;
    const personal = isPersonal ? 1 : 0;
    const counts = [receivedMs, timeMs, records.length, personal, clockErrorMs];
    this.#reading.run(shard, index, toHex(digest), device, keyNumber, sequence, ...counts);
    const known = activity.get(device) ?? { lastMs: 0, count: 0 };
    activity.set(device, { lastMs: Math.max(known.lastMs, receivedMs), count: known.count + 1 });
    if (isPersonal) return;
    const urnPrefixSize = deviceUrnPrefix(reading.device).length;
    for (const [position, record] of records.entries()) {
      const { name, unit, time_ms, kind, number, text, sum } = recordRow(record, urnPrefixSize);
      this.#record.run(shard, index, position, name, unit, time_ms, kind, number, text, sum);
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
