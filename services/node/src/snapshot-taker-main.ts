/**
 * `node snapshot-taker-main.ts --node DIR --size N --out DIR`: writes the chunks of the state under the first N leaves of a running node's
 * block log, a process of its own beside the node, which goes on. What it reads is one LMDB snapshot. Prints one line of JSON: the log's
 * edge before the window and the SHA-256 of each chunk, in hex.
 */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { fsyncFolderSync, writeAndSyncNow } from './durable-file.ts';
import { NodeStore } from './node-store.ts';
import { runEntry } from './run-entry.ts';
import { takeSnapshot } from './snapshots.ts';
import { STATE_SIZE_MAX, SYNC_CHUNK_SIZE_MAX } from './sync-manifest.ts';

const USAGE = 'snapshot-taker-main.ts --node DIR --size N --out DIR';

type Options = { readonly node: string; readonly size: number; readonly out: string };

function readOptions(): Options | string {
  const text = { type: 'string' } as const;
  const { node, size, out } = parseArgs({ options: { node: text, size: text, out: text } }).values;
  if (node === undefined || out === undefined || !Number.isSafeInteger(Number(size))) return 'Options are missing';
  return { node, size: Number(size), out };
}

/** Without a pause: LMDB's read transaction lasts as long as this turn of the event loop. */
function take({ node, size, out }: Options): string {
  const store = NodeStore.open({ folder: node, crypto: nativeCrypto, readOnly: true });
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
  return JSON.stringify({ windowEdge: toHex(windowEdge), chunks: digests });
}

await runEntry({
  usage: USAGE,
  readOptions,
  run: async (options) => void process.stdout.write(`${take(options)}\n`),
});
