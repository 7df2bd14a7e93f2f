/** The worker that writes large batches of readings to the read model: an order in, out whether all so far is committed. */

import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { parseReadingBatch, ReadingWriter } from './reading-writer.ts';

/** What the worker is told; `batch` as `encodeReadingBatch` makes it. */
export type ReadingOrder =
  | { readonly kind: 'write'; readonly batch: Uint8Array; readonly moreFollows: boolean }
  | { readonly kind: 'commit' }
  | { readonly kind: 'close' };

/** What the thread is started with: whoever else imports this file is no such thread. `file`: the read model's. */
export type ReadingThread = { readonly thread: typeof READING_THREAD; readonly file: string };
export const READING_THREAD = 'write readings';

const started = workerData as Partial<ReadingThread> | null;
if (started?.thread === READING_THREAD && started.file !== undefined) work(started.file);

function work(file: string): void {
  stepBack();
  const writer = new ReadingWriter(file, nativeCrypto, 'large');
  parentPort?.on('message', (order: ReadingOrder) => {
    if (order.kind === 'close') {
      writer.close();
      parentPort?.close();
      return;
    }
    if (order.kind === 'commit') {
      writer.commit();
      parentPort?.postMessage(true);
      return;
    }
    parentPort?.postMessage(writer.write(parseReadingBatch(order.batch), order.moreFollows));
  });
}

/** Taking readings in comes first, showing them second: where the system can tell threads apart (Linux), this one waits for the others. */
export function stepBack(): void {
  try {
    setPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1)), constants.priority.PRIORITY_LOW);
  } catch {
    // All threads are equal then.
  }
}
