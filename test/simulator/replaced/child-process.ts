/** `node:child_process` for the one process that a node starts: it takes a snapshot, in this thread, some virtual time later. */

import { EventEmitter } from 'node:events';
import { writeSnapshot } from '@oppidum/node/snapshot-writing';
import { time } from '../virtual-time.ts';

const TAKING_MS = 40;

class SnapshotTaker extends EventEmitter {
  readonly pid = undefined;
  readonly stdout = new EventEmitter();
  readonly stderr = new EventEmitter();

  end(code: number | null, stream: EventEmitter, text: string): void {
    stream.emit('data', Buffer.from(text));
    this.emit('close', code);
  }
}

/** See the original. */
export function spawn(_program: string, words: readonly string[], { signal }: { readonly signal: AbortSignal }): SnapshotTaker {
  const taker = new SnapshotTaker();
  const option = (name: string): string => words[words.indexOf(name) + 1] as string;
  time.after(TAKING_MS, () => {
    if (signal.aborted) return taker.end(null, taker.stderr, 'aborted');
    try {
      const task = { node: option('--node'), size: Number(option('--size')), out: option('--out') };
      taker.end(0, taker.stdout, writeSnapshot(task));
    } catch (error) {
      taker.end(1, taker.stderr, (error as Error).message);
    }
  });
  return taker;
}
