/** Proven receipt keys with their evidence in a folder: `<shard, hex>.evidence`. */

import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from './durable-file.ts';
import { type EvidenceStore, KeyBook } from './key-book.ts';
import type { ProvenRecords } from './proven-records.ts';

export type ShardKeys = KeyBook;

const SUFFIX = '.evidence';
const NAME_FORM = /^[0-9a-f]{64}\.evidence$/;

/** Opens the receipt keys; `folder` keeps evidence for starts without network, null keeps nothing. */
export async function openShardKeys(records: ProvenRecords, folder: string | null): Promise<ShardKeys> {
  const keys = new KeyBook(records, folder === null ? null : evidenceFolder(folder));
  await keys.load();
  return keys;
}

function evidenceFolder(folder: string): EvidenceStore {
  return {
    write: (name, evidence) => writeFileDurably(join(folder, name + SUFFIX), evidence),
    list: async () => {
      await mkdir(folder, { recursive: true });
      const names = (await readdir(folder)).filter((name) => NAME_FORM.test(name));
      const read = async (name: string) => ({
        name: name.slice(0, -SUFFIX.length),
        evidence: new Uint8Array(await readFile(join(folder, name))),
      });
      return Promise.all(names.map(read));
    },
  };
}
