/** A log in memory whose every root and proof is computed from its entries: slow, small and plain. */

import type { Bytes } from '@oppidum/formats/bytes';
import { leafHash, nodeHash } from '@oppidum/proofs/merkle-hash';
import { proveConsistency, proveInclusion, treeRoot } from '@oppidum/proofs/merkle-tree';
import { nodeCrypto } from './crypto.ts';

/** Entries in order, and what they prove. */
export class MemoryLog {
  readonly entries: Bytes[];

  constructor(entries: readonly Bytes[] = []) {
    this.entries = [...entries];
  }

  get size(): number {
    return this.entries.length;
  }

  root(size = this.size): Bytes {
    return treeRoot(nodeCrypto, this.#hash, size);
  }

  /** A hop of evidence: index and path. */
  hop(index: number, size = this.size): { index: number; path: Bytes[] } {
    return { index, path: proveInclusion(nodeCrypto, this.#hash, index, size) };
  }

  consistency(size1: number, size2 = this.size): Bytes[] {
    return size1 === 0 ? [] : proveConsistency(nodeCrypto, this.#hash, size1, size2);
  }

  readonly #hash = (level: number, index: number): Bytes => {
    if (level === 0) return leafHash(nodeCrypto, this.entries[index] ?? new Uint8Array(0));
    return nodeHash(nodeCrypto, this.#hash(level - 1, 2 * index), this.#hash(level - 1, 2 * index + 1));
  };
}
