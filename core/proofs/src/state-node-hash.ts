/** Hashing nodes where they lie, without making an object per hash. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { LIMITS } from '@oppidum/formats/limits';
import { HASH_SIZE } from './merkle-hash.ts';
import { STATE_BRANCH_PREFIX, STATE_LEAF_PREFIX } from './state-hash.ts';
import { copyBytes, type StateNodes } from './state-nodes.ts';
import type { NodeRef } from './state-prove.ts';

/** `stateLeafHash` and `stateBranchHash` over the arrays of a tree; what is hashed is laid out in two scratch arrays. */
export class NodeHasher {
  readonly #crypto: Crypto;
  readonly #nodes: StateNodes;
  /** Begins one byte before what is hashed, so that both hashes lie on whole words. */
  readonly #words = new Int32Array(1 + (2 * HASH_SIZE) / 4);
  readonly #bytes = new Uint8Array(this.#words.buffer);
  readonly #branch = this.#bytes.subarray(1);
  readonly #leaf = new Uint8Array(2 + LIMITS.stateKeySizeMax + HASH_SIZE);
  /** `#leaf` cut to each key size. */
  readonly #leafViews: Bytes[] = [];

  constructor(crypto: Crypto, nodes: StateNodes) {
    this.#crypto = crypto;
    this.#nodes = nodes;
    this.#branch[0] = STATE_BRANCH_PREFIX;
    this.#leaf[0] = STATE_LEAF_PREFIX;
    for (let size = 0; size <= LIMITS.stateKeySizeMax; size++) this.#leafViews.push(this.#leaf.subarray(0, 2 + size + HASH_SIZE));
  }

  /** Computes and stores the hash of a branch whose children have theirs. */
  hashBranch(branch: NodeRef): void {
    const nodes = this.#nodes;
    const bit = nodes.bit(branch);
    this.#branch[1] = bit >> 8;
    this.#branch[2] = bit & 255;
    this.#layOut(nodes.child(branch, 0), 4);
    this.#layOut(nodes.child(branch, 1), 4 + HASH_SIZE);
    this.#crypto.sha256Into(this.#branch, nodes.hashesOf(branch), nodes.hashOffset(branch));
  }

  /** Writes the hash of a node: a branch has it stored, a leaf's is computed. */
  hashInto(ref: NodeRef, out: Bytes, offset: number): void {
    if (ref >= 0) return copyBytes(this.#nodes.hashesOf(ref), this.#nodes.hashOffset(ref), out, offset, HASH_SIZE);
    this.#hashLeaf(ref, out, offset);
  }

  #layOut(child: NodeRef, offset: number): void {
    if (child >= 0) this.#nodes.copyHash(child, this.#words, offset / 4);
    else this.#hashLeaf(child, this.#bytes, offset);
  }

  #hashLeaf(ref: NodeRef, out: Bytes, offset: number): void {
    const keySize = this.#nodes.copyLeaf(ref, this.#leaf, 1);
    this.#crypto.sha256Into(this.#leafViews[keySize] as Bytes, out, offset);
  }
}
