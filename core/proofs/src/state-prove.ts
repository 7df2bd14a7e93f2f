/** Pruning the state map's tree to a proof; decides what stays open by the same test as the checker (`childMeetsRange`). */

import type { Bytes } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import type { KeyRange } from '@oppidum/formats/state-layout';
import { childMeetsRange, type KeyUnit } from './state-bits.ts';
import type { ProofNode, StateProof } from './state-proof.ts';

/** Names a node of a tree; what the number means is the tree's business. */
export type NodeRef = number;

/** A tree as the prover walks it. `hash` of a leaf is its leaf hash. */
export type MapNodes = {
  readonly unit: KeyUnit;
  isLeaf(node: NodeRef): boolean;
  bit(branch: NodeRef): number;
  child(branch: NodeRef, side: 0 | 1): NodeRef;
  hash(node: NodeRef): Bytes;
  key(leaf: NodeRef): Bytes;
  valueDigest(leaf: NodeRef): Bytes;
};

/**
 * The proof that shows all keys in the ranges under `root` (null: an empty map). Of a branch neither of whose sides can hold such
 * a key the left one is opened, since every branch must reveal a leaf. Throws TOO_LARGE beyond the limit of nodes.
 */
export function proveRanges(map: MapNodes, root: NodeRef | null, ranges: readonly KeyRange[]): StateProof {
  const nodes: ProofNode[] = [];
  if (root === null) return { nodes };
  // A first leaf below a node gives the bits before its branch; a left child has the same one as its parent.
  const pending: { readonly node: NodeRef; readonly isOpen: boolean; readonly leaf: Bytes | null }[] = [
    { node: root, isOpen: true, leaf: null },
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, isOpen } = next;
    if (nodes.length >= LIMITS.stateProofNodeCountMax)
      throw formatError('TOO_LARGE', { countMax: LIMITS.stateProofNodeCountMax });
    if (!isOpen) nodes.push({ kind: 'opaque', hash: map.hash(node) });
    else if (map.isLeaf(node)) nodes.push({ kind: 'leaf', key: map.key(node), valueDigest: map.valueDigest(node) });
    else {
      const bit = map.bit(node);
      const leaf = next.leaf ?? firstKey(map, node);
      const [meetsLeft, meetsRight] = ([0, 1] as const).map((side) =>
        ranges.some((range) => childMeetsRange(leaf, bit, side, range, map.unit)),
      );
      nodes.push({ kind: 'branch', bit });
      pending.push({ node: map.child(node, 1), isOpen: meetsRight === true, leaf: null });
      pending.push({ node: map.child(node, 0), isOpen: meetsLeft === true || meetsRight !== true, leaf });
    }
  }
  return { nodes };
}

function firstKey(map: MapNodes, node: NodeRef): Bytes {
  let leaf = node;
  while (!map.isLeaf(leaf)) leaf = map.child(leaf, 0);
  return map.key(leaf);
}
