/** Writing the chunks of a snapshot: what the process beside a node does (`snapshot-taker-main.ts`). */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { fsyncFolderSync, writeAndSyncNow } from './durable-file.ts';
import { NodeStore } from './node-store.ts';
import { takeSnapshot } from './snapshots.ts';
import { STATE_SIZE_MAX, SYNC_CHUNK_SIZE_MAX } from './sync-manifest.ts';

/** The store's folder, of how many leaves, and where to. */
export type SnapshotTask = { readonly node: string; readonly size: number; readonly out: string };

/**
 * Answers one line of JSON: the log's edge before the window and the SHA-256 of each chunk, in hex. Without a pause: LMDB's read transaction
 * lasts as long as this turn of the event loop; `onOpen` is told when it has begun. Throws STATE_PRUNED, TOO_LARGE.
 */
export function writeSnapshot({ node, size, out }: SnapshotTask, onOpen: () => void = () => undefined): string {
  const store = NodeStore.open({ folder: node, crypto: nativeCrypto, readOnly: true });
  onOpen();
  mkdirSync(out, { recursive: true });
  const { windowEdge, chunks } = takeSnapshot(store, size);
  const digests: string[] = [];
  let stateSize = 0;
  for (const chunk of chunks) {
    stateSize += chunk.length;
    if (stateSize > STATE_SIZE_MAX) throw formatError('TOO_LARGE', { stateSize, sizeMax: STATE_SIZE_MAX });
    if (chunk.length > SYNC_CHUNK_SIZE_MAX) throw formatError('TOO_LARGE', { size: chunk.length, sizeMax: SYNC_CHUNK_SIZE_MAX });
    // DURABLE: snapshot
    writeAndSyncNow(join(out, String(digests.length)), chunk);
    digests.push(toHex(nativeCrypto.sha256(chunk)));
  }
  fsyncFolderSync(out);
  void store.close();
  return JSON.stringify({ windowEdge: toHex(windowEdge), chunks: digests });
}
