/** The tables of an outbox file and the statements on them. */

import type { DatabaseSync } from 'node:sqlite';
import type { Sender } from './outbox-port.ts';

export const SCHEMA = `
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
  ) STRICT;
  CREATE TABLE IF NOT EXISTS held (
    place INTEGER PRIMARY KEY AUTOINCREMENT, device BLOB NOT NULL, keyNumber INTEGER NOT NULL,
    boot TEXT NOT NULL, counterMs REAL NOT NULL, payload BLOB NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS known (one INTEGER PRIMARY KEY CHECK (one = 1), timeMs INTEGER NOT NULL) STRICT;`;

/** A sender as its rows say. */
export type SenderRow = Pick<Sender, 'device' | 'keyNumber' | 'next' | 'cursor' | 'size' | 'count' | 'heldCount'> & {
  readonly heldSize: number;
};

/** Everything an outbox asks of its file. */
export function prepareStatements(database: DatabaseSync) {
  const one = 'device = ? AND keyNumber = ?';
  const ofSender = (what: string): string =>
    `(SELECT ${what} FROM held WHERE held.device = sender.device AND held.keyNumber = sender.keyNumber)`;
  return {
    senders: database.prepare(
      `SELECT device, keyNumber, next, cursor, COALESCE(SUM(LENGTH(envelope)), 0) AS size, COUNT(envelope) AS count,
         ${ofSender('COUNT(*)')} AS heldCount, ${ofSender('COALESCE(SUM(LENGTH(payload)), 0)')} AS heldSize
       FROM sender LEFT JOIN unsent USING (device, keyNumber) GROUP BY device, keyNumber`,
    ),
    insert: database.prepare('INSERT INTO unsent VALUES (?, ?, ?, ?, ?)'),
    enter: database.prepare(
      'INSERT INTO sender VALUES (?, ?, 1, ?) ON CONFLICT (device, keyNumber) DO UPDATE SET cursor = excluded.cursor',
    ),
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
    hold: database.prepare('INSERT INTO held (device, keyNumber, boot, counterMs, payload) VALUES (?, ?, ?, ?, ?)'),
    release: database.prepare('DELETE FROM held WHERE place = ?'),
    listHeld: database.prepare(`SELECT place, boot, counterMs, payload FROM held WHERE ${one} ORDER BY place`),
    know: database.prepare(
      'INSERT INTO known VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET timeMs = max(timeMs, excluded.timeMs)',
    ),
    known: database.prepare('SELECT timeMs FROM known'),
  };
}
