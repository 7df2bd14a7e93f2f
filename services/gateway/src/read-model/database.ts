/**
 * The read model's tables, in SQLite through kysely. Ids are hex, times milliseconds, flags 0 or 1. Everything here follows from the
 * ledger and the shards' logs: nobody signs, proves or refuses by it, and a deleted file is filled again.
 */

import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { Kysely, SqliteDialect } from 'kysely';

/** What a sign was found in: a reading, a transaction, an account of a cabinet, or what somebody missed (the last anchor or checkpoint). */
export type EvidenceKind = 'reading' | 'transaction' | 'account' | 'anchor' | 'checkpoint';

type Flag = 0 | 1;
/** In force from height to (not including) height. */
type Term = { readonly from_height: number; readonly to_height: number | null };

export type Tables = {
  /**
   * `blocks`: the last height followed; `readings/<shard>`: entries followed, `mark` the id of the last. In the transaction of the rows
   * they stand for.
   */
  readonly cursors: { readonly name: string; readonly value: number; readonly mark: string | null };
  readonly manufacturers: { readonly id: string; readonly name: string; readonly account: string } & Term;
  readonly models: {
    readonly id: string;
    readonly manufacturer: string;
    readonly name: string;
    readonly device_type: string;
    readonly personal: Flag;
    readonly simulated: Flag;
  } & Term;
  readonly devices: {
    readonly id: string;
    readonly model: string;
    readonly label: string | null;
    readonly status: 'registered' | 'active' | 'suspended' | 'revoked';
    readonly registration: string;
    readonly reason: string | null;
    /** Of its model, which never changes them. */
    readonly device_type: string;
    readonly personal: Flag;
  } & Term;
  /** How many devices there are of a type; counted by a trigger. */
  readonly device_counts: { readonly device_type: string; readonly personal: Flag; readonly count: number };
  readonly device_owners: { readonly device: string; readonly owner: string };
  /** The newest key of each device. */
  readonly device_keys: { readonly device: string; readonly number: number; readonly grade: 'device' | 'bridge' | 'imported' };
  readonly device_activity: { readonly sender: number; readonly last_reading_ms: number; readonly reading_count: number };
  readonly accounts: {
    readonly id: string;
    readonly holder: 'organisation' | 'person' | 'service';
    readonly name: string | null;
    readonly key_count: number;
  } & Term;
  readonly proposals: {
    readonly id: string;
    readonly body: string;
    readonly proposer: string;
    /** JSON list. */
    readonly kinds: string;
    readonly created_ms: number;
    readonly expires_ms: number;
    readonly approval_count: number;
    readonly executed: Flag;
    readonly withdrawn: Flag;
    readonly rejected_at: number | null;
  };
  readonly blocks: {
    readonly height: number;
    readonly time_ms: number;
    readonly first_index: number;
    readonly log_size: number;
    readonly transaction_count: number;
    readonly state_root: string | null;
    readonly app_hash: string;
  };
  readonly transactions: {
    readonly log_index: number;
    readonly id: string;
    readonly height: number;
    readonly position: number;
    readonly time_ms: number;
    readonly code: string;
    /** JSON lists. */
    readonly signers: string;
    readonly kinds: string;
  };
  readonly zones: {
    readonly id: string;
    readonly name: string;
    readonly domain: string;
    readonly keys: number;
    readonly envelope: number;
    readonly device_count: number;
    readonly from_height: number;
  };
  readonly zone_devices: { readonly device: string; readonly zone: string };
  /** `device`: null for an order to many. `issued_by`: the transaction. */
  readonly orders: {
    readonly id: string;
    readonly zone: string;
    readonly device: string | null;
    readonly device_count: number;
    readonly command: string;
    /** JSON lists, also `signers`. */
    readonly arguments: string;
    readonly mode: 'ordinary' | 'break-glass';
    readonly lifetime_ms: number;
    readonly expires_ms: number;
    readonly statement: Uint8Array;
    readonly signers: string;
    readonly status: 'awaiting' | 'issued' | 'cancelled' | 'superseded' | 'reported';
    readonly at_ms: number;
    readonly issued_ms: number | null;
    readonly height: number;
    readonly issued_by: string | null;
  };
  /** What devices signed about orders, the first of each sort; `kind`: place in `ANSWERS`. */
  readonly order_answers: {
    readonly order_id: string;
    readonly device: string;
    readonly kind: number;
    readonly code: string | null;
    readonly time_ms: number;
    /** The reading that says so. */
    readonly reading: string;
  };
  /** How many answers of each sort an order has; counted by a trigger. */
  readonly order_answer_counts: { readonly order_id: string; readonly kind: number; readonly count: number };
  /** What devices did without an order of the ledger, as they signed it. */
  readonly local_acts: { readonly reading: string; readonly device: string; readonly what: string; readonly time_ms: number };
  /** One row for each cause at each subject; open unless closed, or acknowledged where `ends` is `seen`. */
  readonly alarms: {
    readonly id: string;
    readonly cause: string;
    readonly subject: string;
    readonly ends: 'gone' | 'seen';
    readonly opened_ms: number;
    readonly opening: string;
    readonly opening_kind: EvidenceKind;
    readonly last_ms: number;
    readonly detail: string | null;
    /** How often it was said since it was opened, and how often it was opened. */
    readonly count: number;
    readonly opening_count: number;
    readonly closed_ms: number | null;
    readonly closed_by: string | null;
    readonly closed_kind: EvidenceKind | null;
  };
  readonly alarm_acknowledgements: {
    readonly alarm: string;
    readonly opening: string;
    readonly account: string;
    readonly response: string;
    readonly at_ms: number;
    readonly height: number;
  };
  readonly anchors: {
    readonly shard: string;
    readonly size: number;
    readonly root: string;
    readonly height: number;
    readonly time_ms: number;
  };
  /** Devices that sent readings, by small numbers: a hundred million rows name their device. */
  readonly senders: { readonly number: number; readonly device: string };
  readonly readings: {
    readonly sender: number;
    /** Of its newest record. */
    readonly time_ms: number;
    readonly shard: number;
    readonly entry: number;
    readonly id: Uint8Array;
    readonly key_number: number;
    readonly sequence: number;
    readonly received_ms: number;
    readonly record_count: number;
    readonly personal: Flag;
    readonly clock_error_ms: number | null;
  };
  /** The hours (their first milliseconds) between which all readings of a device key are timed; none of devices that are about people. */
  readonly key_hours: {
    readonly sender: number;
    readonly key_number: number;
    readonly first_ms: number;
    readonly last_ms: number;
  };
  /** What a device measures under one name in one unit. Of readings about people there is none, and no sample: a name may say much. */
  readonly series: { readonly number: number; readonly sender: number; readonly name: string; readonly unit: string | null };
  /** Values as signed, those of one series side by side in the order of their times. `kind`: place in `SAMPLE_KINDS`. */
  readonly samples: {
    readonly series: number;
    readonly time_ms: number;
    readonly shard: number;
    readonly entry: number;
    readonly position: number;
    readonly kind: number;
    readonly number: number | null;
    readonly text: string | null;
    readonly sum: number | null;
  };
  /**
   * The samples of a series within `ROLLUP_MS` from `start_ms` on; `numbers` of them have a number, which the rest is about, and
   * `positives` one above zero.
   */
  readonly rollups: {
    readonly series: number;
    readonly start_ms: number;
    readonly count: number;
    readonly numbers: number;
    readonly positives: number;
    readonly minimum: number | null;
    readonly maximum: number | null;
    readonly total: number | null;
    readonly last_ms: number | null;
    readonly last: number | null;
  };
};

export type Database = Kysely<Tables>;

/** Changes with the tables or with what fills them: a file of another version is made anew. */
const SCHEMA_VERSION = 11;

/** What a sample holds; `kind` is a place in this list. */
export const SAMPLE_KINDS = ['number', 'boolean', 'text', 'data', 'none'] as const;

/** What a place in `key_hours` is a whole multiple of: a device that speaks every second writes it once in 3,600 readings. */
export const HOUR_MS = 3_600_000;

/** Milliseconds that one row of `rollups` stands for: a quarter of an hour, so that a month is 3,000 rows and a week 700. */
export const ROLLUP_MS = 900_000;

const TERM = 'from_height INTEGER NOT NULL, to_height INTEGER';
const SCHEMA = `
CREATE TABLE cursors (name TEXT PRIMARY KEY, value INTEGER NOT NULL, mark TEXT) STRICT, WITHOUT ROWID;
CREATE TABLE manufacturers (id TEXT PRIMARY KEY, name TEXT NOT NULL, account TEXT NOT NULL, ${TERM}) STRICT, WITHOUT ROWID;
CREATE TABLE models (id TEXT PRIMARY KEY, manufacturer TEXT NOT NULL, name TEXT NOT NULL, device_type TEXT NOT NULL,
  personal INTEGER NOT NULL, simulated INTEGER NOT NULL, ${TERM}) STRICT, WITHOUT ROWID;
CREATE INDEX models_by_personal ON models (personal, id);
CREATE INDEX models_by_type ON models (personal, device_type, id);
CREATE TABLE devices (id TEXT PRIMARY KEY, model TEXT NOT NULL, label TEXT, status TEXT NOT NULL, registration TEXT NOT NULL,
  reason TEXT, device_type TEXT NOT NULL, personal INTEGER NOT NULL, ${TERM}) STRICT, WITHOUT ROWID;
CREATE INDEX devices_by_model ON devices (model, id, status);
CREATE INDEX devices_by_type ON devices (device_type, id, status);
CREATE INDEX devices_by_status ON devices (status, id);
CREATE TABLE device_counts (device_type TEXT NOT NULL, personal INTEGER NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (personal, device_type)) STRICT, WITHOUT ROWID;
CREATE TRIGGER devices_counted AFTER INSERT ON devices BEGIN
  INSERT INTO device_counts VALUES (new.device_type, new.personal, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TABLE device_owners (device TEXT PRIMARY KEY, owner TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE device_keys (device TEXT PRIMARY KEY, number INTEGER NOT NULL, grade TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE device_activity (sender INTEGER PRIMARY KEY, last_reading_ms INTEGER NOT NULL, reading_count INTEGER NOT NULL) STRICT;
CREATE INDEX activity_by_time ON device_activity (last_reading_ms);
CREATE TABLE accounts (id TEXT PRIMARY KEY, holder TEXT NOT NULL, name TEXT, key_count INTEGER NOT NULL, ${TERM})
  STRICT, WITHOUT ROWID;
CREATE TABLE proposals (id TEXT PRIMARY KEY, body TEXT NOT NULL, proposer TEXT NOT NULL, kinds TEXT NOT NULL,
  created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, approval_count INTEGER NOT NULL, executed INTEGER NOT NULL,
  withdrawn INTEGER NOT NULL, rejected_at INTEGER) STRICT, WITHOUT ROWID;
CREATE INDEX proposals_by_time ON proposals (created_ms, id);
CREATE TABLE blocks (height INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, first_index INTEGER NOT NULL, log_size INTEGER NOT NULL,
  transaction_count INTEGER NOT NULL, state_root TEXT, app_hash TEXT NOT NULL) STRICT;
CREATE INDEX blocks_by_hash ON blocks (app_hash);
CREATE TABLE transactions (log_index INTEGER PRIMARY KEY, id TEXT NOT NULL, height INTEGER NOT NULL, position INTEGER NOT NULL,
  time_ms INTEGER NOT NULL, code TEXT NOT NULL, signers TEXT NOT NULL, kinds TEXT NOT NULL) STRICT;
CREATE INDEX transactions_by_height ON transactions (height);
CREATE TABLE anchors (shard TEXT NOT NULL, size INTEGER NOT NULL, root TEXT NOT NULL, height INTEGER NOT NULL,
  time_ms INTEGER NOT NULL, PRIMARY KEY (height, shard, size)) STRICT, WITHOUT ROWID;
CREATE TABLE zones (id TEXT PRIMARY KEY, name TEXT NOT NULL, domain TEXT NOT NULL, keys INTEGER NOT NULL, envelope INTEGER NOT NULL,
  device_count INTEGER NOT NULL, from_height INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX zones_by_domain ON zones (domain, id);
CREATE TABLE zone_devices (device TEXT PRIMARY KEY, zone TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX zone_devices_by_zone ON zone_devices (zone, device);
CREATE TABLE orders (id TEXT PRIMARY KEY, zone TEXT NOT NULL, device TEXT, device_count INTEGER NOT NULL, command TEXT NOT NULL,
  arguments TEXT NOT NULL, mode TEXT NOT NULL, lifetime_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, statement BLOB NOT NULL,
  signers TEXT NOT NULL, status TEXT NOT NULL, at_ms INTEGER NOT NULL, issued_ms INTEGER, height INTEGER NOT NULL, issued_by TEXT)
  STRICT, WITHOUT ROWID;
CREATE INDEX orders_by_time ON orders (at_ms, id);
CREATE INDEX orders_by_zone ON orders (zone, at_ms, id, status);
CREATE INDEX orders_by_device ON orders (device, at_ms, id, zone, status);
CREATE INDEX orders_by_status ON orders (status, at_ms, id);
CREATE INDEX orders_issued ON orders (issued_ms) WHERE status = 'issued';
CREATE TABLE order_answers (order_id TEXT NOT NULL, device TEXT NOT NULL, kind INTEGER NOT NULL, code TEXT, time_ms INTEGER NOT NULL,
  reading TEXT NOT NULL, PRIMARY KEY (order_id, device, kind)) STRICT, WITHOUT ROWID;
CREATE TABLE order_answer_counts (order_id TEXT NOT NULL, kind INTEGER NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (order_id, kind)) STRICT, WITHOUT ROWID;
CREATE TRIGGER answers_counted AFTER INSERT ON order_answers BEGIN
  INSERT OR IGNORE INTO order_answer_counts VALUES (new.order_id, new.kind, 0);
  UPDATE order_answer_counts SET count = count + 1 WHERE order_id = new.order_id AND kind = new.kind;
END;
CREATE TABLE local_acts (reading TEXT PRIMARY KEY, device TEXT NOT NULL, what TEXT NOT NULL, time_ms INTEGER NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE INDEX local_acts_by_time ON local_acts (time_ms, reading);
CREATE INDEX local_acts_by_device ON local_acts (device, time_ms, reading);
CREATE TABLE alarms (id TEXT PRIMARY KEY, cause TEXT NOT NULL, subject TEXT NOT NULL, ends TEXT NOT NULL, opened_ms INTEGER NOT NULL,
  opening TEXT NOT NULL, opening_kind TEXT NOT NULL, last_ms INTEGER NOT NULL, detail TEXT, count INTEGER NOT NULL,
  opening_count INTEGER NOT NULL, closed_ms INTEGER, closed_by TEXT, closed_kind TEXT) STRICT, WITHOUT ROWID;
CREATE INDEX alarms_by_time ON alarms (opened_ms, id);
CREATE INDEX alarms_by_subject ON alarms (subject, opened_ms, id);
CREATE INDEX alarms_by_cause ON alarms (cause, opened_ms, id);
CREATE INDEX alarms_unclosed ON alarms (opened_ms, id, cause, ends, opening) WHERE closed_ms IS NULL;
CREATE INDEX alarms_unclosed_by_cause ON alarms (cause, opened_ms, id) WHERE closed_ms IS NULL;
CREATE TABLE alarm_acknowledgements (alarm TEXT NOT NULL, opening TEXT NOT NULL, account TEXT NOT NULL, response TEXT NOT NULL,
  at_ms INTEGER NOT NULL, height INTEGER NOT NULL, PRIMARY KEY (alarm, opening)) STRICT, WITHOUT ROWID;
CREATE TABLE senders (number INTEGER PRIMARY KEY, device TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE readings (sender INTEGER NOT NULL, time_ms INTEGER NOT NULL, shard INTEGER NOT NULL, entry INTEGER NOT NULL,
  id BLOB NOT NULL, key_number INTEGER NOT NULL, sequence INTEGER NOT NULL, received_ms INTEGER NOT NULL,
  record_count INTEGER NOT NULL, personal INTEGER NOT NULL, clock_error_ms INTEGER,
  PRIMARY KEY (sender, time_ms, shard, entry)) STRICT, WITHOUT ROWID;
CREATE INDEX readings_by_time ON readings (time_ms, shard, entry);
CREATE INDEX readings_personal ON readings (shard, entry) WHERE personal = 1;
CREATE TABLE key_hours (sender INTEGER NOT NULL, key_number INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
  PRIMARY KEY (sender, key_number)) STRICT, WITHOUT ROWID;
CREATE TABLE series (number INTEGER PRIMARY KEY, sender INTEGER NOT NULL, name TEXT NOT NULL, unit TEXT) STRICT;
CREATE INDEX series_by_unit ON series (sender, name, unit);
CREATE INDEX series_by_name ON series (sender, name);
CREATE INDEX series_by_sender ON series (sender);
CREATE TABLE samples (series INTEGER NOT NULL, time_ms INTEGER NOT NULL, shard INTEGER NOT NULL, entry INTEGER NOT NULL,
  position INTEGER NOT NULL, kind INTEGER NOT NULL, number REAL, text TEXT, sum REAL,
  PRIMARY KEY (series, time_ms, shard, entry, position)) STRICT, WITHOUT ROWID;
CREATE TABLE rollups (series INTEGER NOT NULL, start_ms INTEGER NOT NULL, count INTEGER NOT NULL, numbers INTEGER NOT NULL,
  positives INTEGER NOT NULL, minimum REAL, maximum REAL, total REAL, last_ms INTEGER, last REAL, PRIMARY KEY (series, start_ms)) STRICT, WITHOUT ROWID;
PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** An open connection. Kysely's own `destroy` does nothing before the first question, so the file is closed here. */
export type OpenDatabase = { readonly database: Database; readonly close: () => void };

/** The one that writes. `truncateLog` empties the write-ahead log, where deleted rows would lie on until others take their place. */
export type WritableDatabase = OpenDatabase & { readonly isNew: boolean; readonly truncateLog: () => void };

// WAL readers see whole transactions. NORMAL: a power cut may cost the last ones, rows and cursor together, never the file.
// secure_delete: what is deleted is overwritten, for rows of erased readings.
/** Settings of every connection that writes. */
export const WRITER_PRAGMAS =
  'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4000; PRAGMA busy_timeout = 5000; PRAGMA secure_delete = 1';

/** Opens the file for writing and makes its tables when it has none (`isNew`). Throws as SQLite does, also for tables of another version. */
export function openForWriting(file: string): WritableDatabase {
  const connection = new DatabaseSync(file);
  connection.exec(WRITER_PRAGMAS);
  const { user_version: version } = connection.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version !== 0 && version !== SCHEMA_VERSION) {
    connection.close();
    throw new Error(`a read model of version ${version}`);
  }
  if (version === 0) connection.exec(`BEGIN; ${SCHEMA} COMMIT`);
  const truncateLog = (): void => connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  return { ...makeKysely(() => connection), isNew: version === 0, truncateLog };
}

/** For questions. `reopen`: what is asked from now on is asked of the file that stands under the name now. */
export type ReadableDatabase = OpenDatabase & { readonly reopen: () => void };

/** Opens the file for questions, beside the connection that writes. */
export function openForReading(file: string): ReadableDatabase {
  const open = (): DatabaseSync => {
    const connection = new DatabaseSync(file, { readOnly: true });
    connection.exec('PRAGMA cache_size = -4096; PRAGMA busy_timeout = 5000; PRAGMA query_only = 1');
    return connection;
  };
  let connection = open();
  const reopen = (): void => {
    const former = connection;
    connection = open();
    former.close();
  };
  return { ...makeKysely(() => connection), reopen };
}

/** Kysely speaks to better-sqlite3; node:sqlite says the same in other words. Each statement asks for the connection of its time. */
function makeKysely(connection: () => DatabaseSync): OpenDatabase {
  const database = {
    close: () => {
      if (connection().isOpen) connection().close();
    },
    prepare(sql: string) {
      const statement = connection().prepare(sql);
      const bind = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[];
      return {
        reader: statement.columns().length > 0,
        all: (parameters: readonly unknown[]) => statement.all(...bind(parameters)),
        run: (parameters: readonly unknown[]) => statement.run(...bind(parameters)),
        iterate: (parameters: readonly unknown[]) => statement.iterate(...bind(parameters)),
      };
    },
  };
  return { database: new Kysely<Tables>({ dialect: new SqliteDialect({ database }) }), close: database.close };
}
