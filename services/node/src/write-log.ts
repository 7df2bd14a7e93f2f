/** The files of a log written anew from its entries, every hash computed again. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { makeFolder } from './durable-file.ts';
import { type LogHead, TileLog } from './tile-log.ts';

/** Entries written before the log is made durable. */
const WRITE_COUNT = 65_536;

export type WriteLogOptions = {
  readonly folder: string;
  readonly crypto: Crypto;
  /** In order, from the first one that the folder does not have. */
  readonly entries: (from: number) => Iterable<Bytes>;
  /** A size at which partial tiles are kept, for a checkpoint stands there; 0 without one. */
  readonly checkpointSize: number;
};

/** Writes a log and makes it durable; answers its head, for the caller to compare, and the root at the checkpoint's size. */
export async function writeLog({ folder, crypto, entries, checkpointSize }: WriteLogOptions): Promise<{
  readonly head: LogHead;
  readonly rootAtCheckpoint: Bytes | null;
}> {
  await makeFolder(folder);
  const log = TileLog.open({ folder, crypto });
  try {
    for (const entry of entries(log.size)) {
      log.append([entry]);
      // Beyond the checkpoint nothing is persisted twice: that would take its partial tiles away.
      const isDue = log.size === checkpointSize || (log.size < checkpointSize && log.size % WRITE_COUNT === 0);
      if (isDue) await log.persist();
    }
    const head = await log.persist();
    return { head, rootAtCheckpoint: checkpointSize > log.size ? null : log.root(checkpointSize) };
  } finally {
    log.close();
  }
}
