/**
 * `node snapshot-taker-main.ts --node DIR --size N --out DIR`: writes the chunks of the state under the first N leaves of a running node's
 * block log, a process of its own beside the node, which goes on. What it reads is one LMDB snapshot. Prints `open` as soon as it reads from
 * that, so that the node may let go of the state; then one line of JSON: the log's edge before the window and the SHA-256 of each chunk, in hex.
 */

import { writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runEntry } from './run-entry.ts';
import { type SnapshotTask, writeSnapshot } from './snapshot-writing.ts';

const STDOUT = 1;
const USAGE = 'snapshot-taker-main.ts --node DIR --size N --out DIR';

function readOptions(): SnapshotTask | string {
  const text = { type: 'string' } as const;
  const { node, size, out } = parseArgs({ options: { node: text, size: text, out: text } }).values;
  if (node === undefined || out === undefined || !Number.isSafeInteger(Number(size))) return 'Options are missing';
  return { node, size: Number(size), out };
}

await runEntry({
  usage: USAGE,
  readOptions,
  // At once, in the middle of one turn of the event loop.
  run: async (options) => void process.stdout.write(`${writeSnapshot(options, () => writeSync(STDOUT, 'open\n'))}\n`),
});
