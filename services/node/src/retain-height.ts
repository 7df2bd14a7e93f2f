/**
 * Which of CometBFT's blocks may go. Ours stay, with every leaf and proof: CometBFT's are needed by validators that catch up, by nodes that
 * begin with a snapshot and execute what came after it, and while evidence of double signing still counts.
 */

import { EVIDENCE_BLOCKS_MAX, EVIDENCE_MS_MAX } from './comet-genesis.ts';
import type { NodeStore } from './node-store.ts';

export type RetainOptions = {
  readonly store: Pick<NodeStore, 'head' | 'block' | 'firstHeight'>;
  /** What the operator wants kept at least; 0: everything. */
  readonly retainBlocks: number;
  /** The oldest snapshot that is offered, or null. */
  readonly snapshotHeight: number | null;
};

/** Heights between two answers: each costs a search. */
const ASKED_EVERY = 100;

/** The lowest height that is kept, as Commit answers it; 0: nothing goes. */
export function retainHeightOf({ store, retainBlocks, snapshotHeight }: RetainOptions): number {
  const { head } = store;
  if (head === null || head.height % ASKED_EVERY !== 0) return 0;
  // Whoever begins needs a snapshot to begin with before the first block may go.
  if (retainBlocks === 0 || snapshotHeight === null) return 0;
  const byCount = head.height - Math.max(retainBlocks, EVIDENCE_BLOCKS_MAX) + 1;
  const wanted = Math.min(byCount, snapshotHeight);
  if (wanted <= 0) return 0;
  return Math.max(0, Math.min(wanted, firstHeightAfter(store, head.timeMs - EVIDENCE_MS_MAX, wanted)));
}

/** The lowest height whose block is not older than this; `end` where all before it are. */
function firstHeightAfter(store: RetainOptions['store'], timeMs: number, end: number): number {
  let [low, high] = [store.firstHeight ?? 0, end];
  while (low < high) {
    const middle = (low + high) >> 1;
    const block = store.block(middle);
    // A node that began with a snapshot has no blocks of these heights.
    if (block === null || block.timeMs < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
