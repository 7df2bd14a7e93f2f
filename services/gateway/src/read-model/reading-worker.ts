/** The worker that writes large batches of readings to the read model: one message with a batch in, one when it is committed. */

import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { parseReadingBatch, ReadingWriter } from './reading-writer.ts';

stepBack();
const writer = new ReadingWriter(workerData as string, nativeCrypto);
parentPort?.on('message', (message: Uint8Array | null) => {
  if (message === null) {
    writer.close();
    parentPort?.close();
    return;
  }
  writer.write(parseReadingBatch(message));
  parentPort?.postMessage('written');
});

/** Taking readings in comes first, showing them second: where the system can tell threads apart (Linux), this one waits for the others. */
function stepBack(): void {
  try {
    setPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1)), constants.priority.PRIORITY_LOW);
  } catch {
    // All threads are equal then.
  }
}
