/**
 * Copies an LMDB environment row by row, in one read transaction: as it was at one moment, also while others write to it, and without
 * anything that was deleted before. LMDB's own compacting copy is not used: what it writes aborts the process that later changes it
 * (seen with lmdb 3.5.6; a test here holds it), and its plain copy would carry pages whose rows were erased.
 */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Bytes } from '@oppidum/formats/bytes';
import { makeSecretFolder } from '@oppidum/node/key-files';
import { type Database, open, type RootDatabase } from 'lmdb';

/** Rows of one write transaction are no more than this many bytes, or one row. */
const COMMIT_BYTES = 16_777_216;
const FORM = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** Copies the environment of a folder into a new one. What is in the copy is on the disk when this returns. */
export async function copyEnvironment(from: string, to: string): Promise<void> {
  const source = openAt(from, true);
  try {
    await makeSecretFolder(to);
    // Tables are opened before: a transaction of LMDB knows those that were open when it began.
    const tables = [...source.getKeys()].map((name) => ({ name, rows: source.openDB<Buffer, Buffer>({ name, ...FORM }) }));
    const copy = openAt(to, false);
    const moment = source.useReadTransaction();
    try {
      for (const { name, rows } of tables)
        copyRows(rows.getRange({ transaction: moment }), copy.openDB<Bytes, Buffer>({ name, ...FORM }), copy);
    } finally {
      moment.done();
      await copy.close();
    }
  } finally {
    await source.close();
  }
  // Whoever opens the copy makes one of its own.
  rmSync(join(to, 'lock.mdb'), { force: true });
}

function openAt(path: string, readOnly: boolean): RootDatabase<Bytes, string> {
  return open({ path, readOnly, overlappingSync: false, maxDbs: 32, noSubdir: false });
}

function copyRows(rows: Iterable<{ key: Buffer; value: Buffer }>, table: Database<Bytes, Buffer>, copy: RootDatabase): void {
  const left = rows[Symbol.iterator]();
  for (let next = left.next(); next.done !== true; ) {
    copy.transactionSync(() => {
      for (let bytes = 0; next.done !== true && bytes < COMMIT_BYTES; next = left.next()) {
        const { key, value } = next.value;
        // Rows come in order, so pages are filled one after the other.
        table.putSync(key, value, { append: true });
        bytes += key.length + value.length;
      }
    });
  }
}
