/**
 * What the doors must not forget: API keys (as hashes), the log of who did what with them, and first answers to requests that are sent
 * again. One SQLite file of mode 0600; each change is on the disk before it is answered (synchronous = FULL).
 *
 * The log is a chain: entry n has SHA-256(hash of entry n − 1, its bytes), so that an entry cannot be altered or taken away without
 * altering all that follow; whoever wrote down a later hash elsewhere notices.
 */

import { createHash } from 'node:crypto';
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { fsyncFolderSync } from '@oppidum/node/durable-file';
import type { Right } from './principal.ts';

/** A key as it is kept. Times are milliseconds since 1970. */
export type StoredKey = {
  readonly id: string;
  /** SHA-256 of its text. */
  readonly hash: Bytes;
  readonly name: string;
  readonly rights: readonly Right[];
  readonly devices: readonly string[] | null;
  readonly deviceTypes: readonly string[] | null;
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly revokedMs: number | null;
  readonly lastUsedMs: number | null;
};

/** Who did something: the owner of the data folder (by the name the machine has for this user), or a key. */
export type Actor = { readonly owner: string } | { readonly key: string };

/** What is recorded. */
export type AccessEvent =
  | {
      readonly kind: 'key-created';
      readonly by: Actor;
      readonly key: string;
      readonly name: string;
      readonly rights: readonly Right[];
      readonly devices: readonly string[] | null;
      readonly deviceTypes: readonly string[] | null;
      readonly expiresMs: number;
    }
  | { readonly kind: 'key-revoked'; readonly by: Actor; readonly key: string }
  | { readonly kind: 'personal-read'; readonly by: Actor; readonly device: string; readonly path: string };

/** An entry of the log; `hash` is hex. */
export type LogEntry = {
  readonly number: number;
  readonly timeMs: number;
  readonly event: AccessEvent;
  readonly hash: string;
};

const FILE_NAME = 'access.sqlite';
const VERSION = 1;
const SCHEMA = `
CREATE TABLE keys (id TEXT PRIMARY KEY, hash BLOB NOT NULL, name TEXT NOT NULL, rights TEXT NOT NULL, devices TEXT, device_types TEXT,
  created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, revoked_ms INTEGER, last_used_ms INTEGER) STRICT, WITHOUT ROWID;
CREATE TABLE log (number INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, event TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE TABLE answers (principal TEXT NOT NULL, key TEXT NOT NULL, request BLOB NOT NULL, time_ms INTEGER NOT NULL, status INTEGER,
  type TEXT, body BLOB, PRIMARY KEY (principal, key)) STRICT;
CREATE INDEX answers_by_time ON answers (time_ms);
PRAGMA user_version = ${VERSION};
`;

/** The hash before the first entry. */
const FIRST_HASH = new Uint8Array(32);

/** Opens the file in a folder of mode 0700, both made where there are none. Throws as SQLite does. */
export function openAccessDatabase(folder: string): DatabaseSync {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  fsyncFolderSync(dirname(resolve(folder)));
  const file = join(folder, FILE_NAME);
  // SQLite gives the files beside it the mode that this one has when it is opened.
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -512; PRAGMA secure_delete = 1');
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version !== 0 && version !== VERSION) throw new Error(`${file} is of version ${version}`);
    // DURABLE: access
    if (version === 0) database.exec(`BEGIN; ${SCHEMA} COMMIT`);
    // SQLite syncs the file and not its name, nor that of the folder.
    for (const named of [folder, dirname(folder)]) fsyncFolderSync(named);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

type KeyRow = Readonly<Record<'id' | 'name' | 'rights', string>> &
  Readonly<Record<'devices' | 'device_types', string | null>> & { readonly hash: Bytes } & Readonly<
    Record<'created_ms' | 'expires_ms', number>
  > &
  Readonly<Record<'revoked_ms' | 'last_used_ms', number | null>>;
type LogRow = { readonly number: number; readonly time_ms: number; readonly event: string; readonly hash: Bytes };

/** Keys and log of an open file. */
export class KeyStore {
  readonly #database: DatabaseSync;
  #last: { readonly number: number; readonly hash: Bytes };

  constructor(database: DatabaseSync) {
    this.#database = database;
    const row = database.prepare('SELECT * FROM log ORDER BY number DESC LIMIT 1').get() as LogRow | undefined;
    this.#last = row === undefined ? { number: -1, hash: FIRST_HASH } : row;
  }

  /** All keys, the newest last. */
  keys(): StoredKey[] {
    const rows = this.#database.prepare('SELECT * FROM keys ORDER BY created_ms, id').all() as unknown as KeyRow[];
    return rows.map(keyOf);
  }

  /** Keeps a new key and records it, both or none. */
  create(key: StoredKey, by: Actor): void {
    const { id, name, rights, devices, deviceTypes, createdMs, expiresMs } = key;
    this.#change(() => {
      this.#database
        .prepare('INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)')
        .run(id, key.hash, name, JSON.stringify(rights), listText(devices), listText(deviceTypes), createdMs, expiresMs);
      this.#append([{ kind: 'key-created', by, key: id, name, rights, devices, deviceTypes, expiresMs }], createdMs);
    });
  }

  /** Marks a key as revoked and records it, both or none. */
  revoke(id: string, by: Actor, timeMs: number): void {
    this.#change(() => {
      this.#database.prepare('UPDATE keys SET revoked_ms = ? WHERE id = ?').run(timeMs, id);
      this.#append([{ kind: 'key-revoked', by, key: id }], timeMs);
    });
  }

  /** Records what was done. */
  record(events: readonly AccessEvent[], timeMs: number): void {
    this.#change(() => this.#append(events, timeMs));
  }

  /** Writes down when keys were last used. */
  markUsed(uses: ReadonlyMap<string, number>): void {
    const statement = this.#database.prepare('UPDATE keys SET last_used_ms = ? WHERE id = ?');
    this.#change(() => {
      for (const [id, timeMs] of uses) statement.run(timeMs, id);
    });
  }

  /** Up to `limit` entries of the log below a number, newest first. */
  log(limit: number, below: number | null): LogEntry[] {
    const statement = this.#database.prepare('SELECT * FROM log WHERE number < ? ORDER BY number DESC LIMIT ?');
    const rows = statement.all(below ?? Number.MAX_SAFE_INTEGER, limit) as unknown as LogRow[];
    return rows.map((row) => ({
      number: row.number,
      timeMs: row.time_ms,
      event: JSON.parse(row.event) as AccessEvent,
      hash: toHex(new Uint8Array(row.hash)),
    }));
  }

  #append(events: readonly AccessEvent[], timeMs: number): void {
    const statement = this.#database.prepare('INSERT INTO log VALUES (?, ?, ?, ?)');
    for (const event of events) {
      const number = this.#last.number + 1;
      const text = JSON.stringify(event);
      const hash = chainHash(this.#last.hash, { number, timeMs, text });
      statement.run(number, timeMs, text, hash);
      this.#last = { number, hash };
    }
  }

  /** One transaction; what it appended is forgotten when it fails. */
  #change(write: () => void): void {
    const last = this.#last;
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      write();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#last = last;
      // A full disk may have ended it already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}

/** The hash of an entry whose event is this JSON text: SHA-256 of the hash before it, then `<number> <timeMs> <text>` in UTF-8. */
export function chainHash(
  previous: Bytes,
  { number, timeMs, text }: { readonly number: number; readonly timeMs: number; readonly text: string },
): Bytes {
  return new Uint8Array(createHash('sha256').update(previous).update(`${number} ${timeMs} ${text}`).digest());
}

function listText(list: readonly string[] | null): string | null {
  return list === null ? null : JSON.stringify(list);
}

function keyOf(row: KeyRow): StoredKey {
  const list = (text: string | null): readonly string[] | null => (text === null ? null : (JSON.parse(text) as string[]));
  return {
    id: row.id,
    hash: new Uint8Array(row.hash),
    name: row.name,
    rights: JSON.parse(row.rights) as Right[],
    devices: list(row.devices),
    deviceTypes: list(row.device_types),
    createdMs: row.created_ms,
    expiresMs: row.expires_ms,
    revokedMs: row.revoked_ms,
    lastUsedMs: row.last_used_ms,
  };
}
