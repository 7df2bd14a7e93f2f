/** LMDB environments, opened to be read and nothing else, and walked once before anything relies on them. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Bytes } from '@oppidum/formats/bytes';
import { type Database, type Key, open, type RootDatabase } from 'lmdb';

/** How keys and values of a table are spelled: numbers in order, texts, or bytes. */
export type TableForm = { readonly name: string; readonly keys: 'ordered' | 'bytes'; readonly values: 'bytes' | 'ordered' };

const ordered = (name: string): TableForm => ({ name, keys: 'ordered', values: 'bytes' });
const bytes = (name: string): TableForm => ({ name, keys: 'bytes', values: 'bytes' });

/** The tables of a node's environment (specs/data-folder.md). */
export const NODE_TABLES = {
  blocks: ordered('blocks'),
  firstIndexes: { name: 'firstIndexes', keys: 'ordered', values: 'ordered' },
  head: ordered('head'),
  stateLog: ordered('stateLog'),
  stateHeights: ordered('stateHeights'),
  transactionRuns: ordered('transactionRuns'),
  transactionRunEnds: { name: 'transactionRunEnds', keys: 'ordered', values: 'ordered' },
} as const satisfies Record<string, TableForm>;

/** The tables of a vault. */
export const VAULT_TABLES = {
  groups: ordered('groups'),
  firstIndexes: { name: 'firstIndexes', keys: 'ordered', values: 'ordered' },
  envelopes: ordered('envelopes'),
  places: bytes('places'),
  digestRuns: ordered('digestRuns'),
  head: ordered('head'),
  clones: bytes('clones'),
  anchors: ordered('anchors'),
  erasures: bytes('erasures'),
  erasedEntries: ordered('erasedEntries'),
  erasureLeaves: bytes('erasureLeaves'),
} as const satisfies Record<string, TableForm>;

/** One table; a missing one reads as an empty one, and whoever needs its rows misses them. */
export class Table<K extends Key, V> {
  readonly #database: Database<V, K> | undefined;

  constructor(database: Database<V, K> | undefined) {
    this.#database = database;
  }

  get count(): number {
    return this.#database === undefined ? 0 : (this.#database.getStats() as { readonly entryCount: number }).entryCount;
  }

  get(key: K): V | null {
    const value = this.#database?.get(key);
    return value === undefined ? null : own(value);
  }

  /** The last row up to a key, or null. */
  upTo(key: K): { readonly key: K; readonly value: V } | null {
    if (this.#database === undefined) return null;
    for (const row of this.#database.getRange({ start: key, reverse: true, limit: 1 }))
      return { key: own(row.key), value: own(row.value) };
    return null;
  }

  /** Rows from a key on, ascending. */
  *rows(start?: K): Generator<{ readonly key: K; readonly value: V }> {
    if (this.#database === undefined) return;
    const range = this.#database.getRange(start === undefined ? {} : { start });
    for (const { key, value } of range) yield { key: own(key), value: own(value) };
  }
}

/** LMDB hands out buffers that it writes over with the next read. */
function own<T>(value: T): T {
  return value instanceof Uint8Array ? (new Uint8Array(value) as T) : value;
}

/** An environment that is only read. */
export class Environment {
  readonly #root: RootDatabase;
  readonly #tables = new Map<string, Table<Key, unknown>>();

  /** Throws what LMDB throws where there is no environment, or none that it can read. */
  constructor(folder: string, forms: Readonly<Record<string, TableForm>>) {
    // Without this LMDB would say it in words of its own, or make what is not there.
    if (!existsSync(join(folder, 'data.mdb'))) throw new Error('there is no data.mdb');
    this.#root = open({ path: folder, readOnly: true, overlappingSync: false, maxDbs: 32, noSubdir: false });
    // All at once: opening a table ends the transaction that rows of another are being read in.
    for (const form of Object.values(forms)) this.#tables.set(form.name, new Table(this.#open(form)));
  }

  /** One of the tables that the environment was opened with. */
  table<K extends Key, V>({ name }: TableForm): Table<K, V> {
    return this.#tables.get(name) as unknown as Table<K, V>;
  }

  async close(): Promise<void> {
    await this.#root.close();
  }

  #open({ name, keys, values }: TableForm): Database<unknown, Key> | undefined {
    return this.#root.openDB<unknown, Key>({
      name,
      encoding: values === 'bytes' ? 'binary' : 'ordered-binary',
      ...(keys === 'bytes' ? { keyEncoding: 'binary' } : {}),
    }) as Database<unknown, Key> | undefined;
  }
}

/** Reads every row once. A damaged page ends in an error, or ends the process: so this runs in a process of its own. */
export async function walkEnvironment(folder: string, forms: Readonly<Record<string, TableForm>>): Promise<void> {
  const environment = new Environment(folder, forms);
  for (const form of Object.values(forms)) {
    const table = environment.table<Key, Bytes | number>(form);
    let count = 0;
    for (const { value } of table.rows()) {
      count++;
      if (value instanceof Uint8Array) readThrough(value);
    }
    if (count !== table.count) throw new Error(`table ${form.name} has ${count} rows and should have ${table.count}`);
  }
  await environment.close();
}

/** Touches every page of a value. */
function readThrough(value: Bytes): number {
  let last = 0;
  for (let at = 0; at < value.length; at += 1024) last = value[at] as number;
  return last;
}
