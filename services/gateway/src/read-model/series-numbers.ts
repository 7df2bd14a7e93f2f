/** Small numbers for devices and series, given once and never again; what was asked for last is in memory. */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Bytes, toHex, toOctets } from '@oppidum/formats/bytes';

/** A device that sends, with those of its series that were asked for. */
export type Sender = { readonly number: number; readonly series: Map<string, number> };

/** Devices and series in memory: more are asked for again. */
const KNOWN_COUNT_MAX = 200_000;

/** Looks numbers up and gives new ones, in its caller's transaction: `forget` when that was rolled back. */
export class SeriesNumbers {
  readonly #findSender: StatementSync;
  readonly #addSender: StatementSync;
  readonly #findSeries: StatementSync;
  readonly #addSeries: StatementSync;
  readonly #senders = new Map<string, Sender>();
  #count = 0;

  constructor(connection: DatabaseSync) {
    this.#findSender = connection.prepare('SELECT number FROM senders WHERE device = ?');
    this.#addSender = connection.prepare('INSERT INTO senders (device) VALUES (?) RETURNING number');
    this.#findSeries = connection.prepare('SELECT number FROM series WHERE sender = ? AND name = ? AND unit IS ?');
    this.#addSeries = connection.prepare('INSERT INTO series (sender, name, unit) VALUES (?, ?, ?) RETURNING number');
  }

  /** The sender with this device id. */
  sender(id: Bytes): Sender {
    const name = toOctets(id);
    const known = this.#senders.get(name);
    if (known !== undefined) return known;
    const device = toHex(id);
    const row = this.#findSender.get(device) ?? this.#addSender.get(device);
    const sender = { number: (row as { number: number }).number, series: new Map<string, number>() };
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

  forget(): void {
    this.#senders.clear();
    this.#count = 0;
  }

  #remember(): void {
    if (this.#count >= KNOWN_COUNT_MAX) this.forget();
    this.#count += 1;
  }
}
