/** Small numbers for devices and series, given once and never again; what was asked for last is in memory. */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Bytes, toHex, toOctets } from '@oppidum/formats/bytes';
import { HOUR_MS } from './database.ts';

/** The hours between which all readings of a key are timed. */
export type Hours = { readonly firstMs: number; readonly lastMs: number };
/** A device that sends, with those of its series and keys that were asked for. */
export type Sender = { readonly number: number; readonly series: Map<string, number>; readonly keys: Map<number, Hours> };

/** Devices and series in memory: more are asked for again. */
const KNOWN_COUNT_MAX = 200_000;

const ADD_HOURS = `INSERT INTO key_hours VALUES (?, ?, ?, ?) ON CONFLICT (sender, key_number) DO UPDATE SET
  first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms) RETURNING first_ms, last_ms`;

/** Looks numbers up and gives new ones, in its caller's transaction: `forget` when that was rolled back. */
export class SeriesNumbers {
  readonly #findSender: StatementSync;
  readonly #addSender: StatementSync;
  readonly #findSeries: StatementSync;
  readonly #addSeries: StatementSync;
  readonly #addHours: StatementSync;
  readonly #senders = new Map<string, Sender>();
  #count = 0;

  constructor(connection: DatabaseSync) {
    this.#findSender = connection.prepare('SELECT number FROM senders WHERE device = ?');
    this.#addSender = connection.prepare('INSERT INTO senders (device) VALUES (?) RETURNING number');
    this.#findSeries = connection.prepare('SELECT number FROM series WHERE sender = ? AND name = ? AND unit IS ?');
    this.#addSeries = connection.prepare('INSERT INTO series (sender, name, unit) VALUES (?, ?, ?) RETURNING number');
    this.#addHours = connection.prepare(ADD_HOURS);
  }

  /** The sender with this device id. */
  sender(id: Bytes): Sender {
    const name = toOctets(id);
    const known = this.#senders.get(name);
    if (known !== undefined) return known;
    const device = toHex(id);
    const row = this.#findSender.get(device) ?? this.#addSender.get(device);
    const sender = {
      number: (row as { number: number }).number,
      series: new Map<string, number>(),
      keys: new Map<number, Hours>(),
    };
    this.#remember();
    this.#senders.set(name, sender);
    return sender;
  }

  /** The number of a sender's series. */
  series({ number: sender, series }: Sender, name: string, unit: string | null): number {
    // Neither names nor units hold this separator (RFC 8428 §4.5.1); a unit that did could only meet another of its own device.
    const key = unit === null ? name : `${name}\n${unit}`;
    const known = series.get(key);
    if (known !== undefined) return known;
    const row = this.#findSeries.get(sender, name, unit) ?? this.#addSeries.get(sender, name, unit);
    const { number } = row as { number: number };
    this.#remember();
    series.set(key, number);
    return number;
  }

  /** Notes that a reading of this key has this time. */
  noteTime({ number: sender, keys }: Sender, keyNumber: number, timeMs: number): void {
    const known = keys.get(keyNumber);
    const hourMs = Math.floor(timeMs / HOUR_MS) * HOUR_MS;
    if (known !== undefined && known.firstMs <= hourMs && hourMs <= known.lastMs) return;
    const row = this.#addHours.get(sender, keyNumber, hourMs, hourMs) as { first_ms: number; last_ms: number };
    if (known === undefined) this.#remember();
    keys.set(keyNumber, { firstMs: row.first_ms, lastMs: row.last_ms });
  }

  forget(): void {
    this.#senders.clear();
    this.#count = 0;
  }

  #remember(): void {
    if (this.#count >= KNOWN_COUNT_MAX) this.forget();
    this.#count += 1;
  }
}
