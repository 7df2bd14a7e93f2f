/**
 * A proof about the state map: the tree pruned, in pre-order. One shape serves presence, absence, prefix and range, since all four
 * say the same: these leaves are all the keys of the map in these ranges (specs/state-map.md §Proofs).
 *
 * The checker goes step by step as the specification numbers them. Every step is a loop over the nodes in pre-order: nothing
 * recurses, and the work is bounded by nodes × tree depth. Supposed: the trusted root was computed honestly from a real map; the
 * proof comes from anybody.
 */

import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import { type CborValue, encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError, type Rejection, reject } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import type { KeyRange } from '@oppidum/formats/state-layout';
import { HASH_SIZE } from './merkle-hash.ts';
import { BYTE_KEYS, bitAt, childMeetsRange, compareKeys, firstDifference, isInRange, type KeyUnit } from './state-bits.ts';
import { emptyStateRoot, stateBranchHash, stateLeafHash } from './state-hash.ts';

/** One node of the pruned tree. A branch is followed by its left part, then its right part. */
export type ProofNode =
  | { readonly kind: 'branch'; readonly bit: number }
  | { readonly kind: 'leaf'; readonly key: Bytes; readonly valueDigest: Bytes }
  | { readonly kind: 'opaque'; readonly hash: Bytes };

/** The pruned tree in pre-order; no nodes for an empty map. */
export type StateProof = { readonly nodes: readonly ProofNode[] };

/** A key of the map and the SHA-256 of its value. */
export type ProvenLeaf = { readonly key: Bytes; readonly valueDigest: Bytes };

export type StateClaim = {
  readonly root: Bytes;
  readonly proof: StateProof;
  /** From the verifier's own typed arguments (`prefixRange`, `numberRange`), never from the proof; both ends included. */
  readonly ranges: readonly KeyRange[];
  /** The size of every key with this area and kind, or null when the kind is unknown. */
  readonly keySizeOf: (area: number, kind: number) => number | null;
};

/**
 * Checks a proof; what it returns are all keys of the map inside the ranges, ascending, and nothing else.
 * Refuses, in this order: STATE_KEY_INVALID or NUMBER_RANGE (ends of a range); PROOF_MALFORMED (not one whole tree);
 * STATE_KEY_INVALID, UNSORTED, LENGTH_WRONG (revealed keys and hashes); STATE_BRANCH_INVALID; STATE_SIDE_WRONG; STATE_HIDDEN;
 * ROOT_MISMATCH. The numbers of the steps are those of specs/state-map.md.
 */
export function checkStateProof(crypto: Crypto, claim: StateClaim): { readonly leaves: readonly ProvenLeaf[] } | Rejection {
  const { root, proof, ranges, keySizeOf } = claim;
  const hasItsSize = (key: Bytes): boolean => key.length === keySizeOf(key[0] ?? 0, key[1] ?? 0);
  return checkPrunedMap(crypto, { root, nodes: proof.nodes, ranges, hasItsSize, unit: BYTE_KEYS });
}

/** Deterministic CBOR: an array of branches (uint), leaves ([key, valueDigest]) and opaque hashes (32-byte strings) in pre-order. */
export function encodeStateProof(proof: StateProof): Bytes {
  return encodeCbor(proof.nodes.map(encodeNode));
}

function encodeNode(node: ProofNode): CborValue {
  if (node.kind === 'branch') return node.bit;
  return node.kind === 'leaf' ? [node.key, node.valueDigest] : node.hash;
}

/** Parses what `encodeStateProof` writes. Whether the nodes make one tree is for the checker. Throws FormatError. */
export function parseStateProof(data: Bytes): StateProof {
  const value = parseCbor(data);
  if (!Array.isArray(value)) throw formatError('WRONG_TYPE', { want: 'a list of nodes' });
  if (value.length > LIMITS.stateProofNodeCountMax) throw formatError('TOO_LARGE', { countMax: LIMITS.stateProofNodeCountMax });
  return { nodes: value.map(parseNode) };
}

function parseNode(value: CborValue, index: number): ProofNode {
  if (typeof value === 'number' && value >= 0) return { kind: 'branch', bit: value };
  if (value instanceof Uint8Array) return { kind: 'opaque', hash: assertSize(value, HASH_SIZE, HASH_SIZE, index) };
  const [key, valueDigest, ...more] = Array.isArray(value) ? value : [];
  if (!(key instanceof Uint8Array && valueDigest instanceof Uint8Array) || more.length > 0) {
    throw formatError('WRONG_TYPE', { at: index, want: 'a branch, a leaf or a hash' });
  }
  assertSize(key, 1, LIMITS.stateKeySizeMax, index);
  return { kind: 'leaf', key, valueDigest: assertSize(valueDigest, HASH_SIZE, HASH_SIZE, index) };
}

function assertSize(data: Bytes, min: number, max: number, at: number): Bytes {
  if (data.length < min || data.length > max) throw formatError('LENGTH_WRONG', { at, min, max, got: data.length });
  return data;
}

/** What `checkPrunedMap` takes: a claim over keys of any unit. */
export type PrunedMapClaim = {
  readonly root: Bytes;
  readonly nodes: readonly ProofNode[];
  readonly ranges: readonly KeyRange[];
  /** Whether a key has the size that its area and kind prescribe. */
  readonly hasItsSize: (key: Bytes) => boolean;
  readonly unit: KeyUnit;
};

/** `checkStateProof` for keys of any unit; see there for the codes. */
export function checkPrunedMap(crypto: Crypto, claim: PrunedMapClaim): { readonly leaves: readonly ProvenLeaf[] } | Rejection {
  const { nodes, ranges, unit } = claim;
  const badQuery = checkQuery(claim);
  if (badQuery !== null) return badQuery;
  const outline = outlineOf(nodes);
  if (outline === null) return reject('PROOF_MALFORMED', { nodes: nodes.length });
  const refusal =
    checkLeaves(claim) ??
    checkBits(outline) ??
    checkSides(outline, unit) ??
    checkNothingHidden(outline, claim) ??
    checkRoot(crypto, outline, claim.root);
  if (refusal !== null) return refusal;
  return { leaves: leavesOf(nodes).filter(({ key }) => ranges.some((range) => isInRange(key, range, unit))) };
}

/**
 * Refuses NOT_CANONICAL unless a proof that `checkStateProof` accepted opens exactly what `proveRanges` opens for these ranges, so that
 * one claim under one root has one proof.
 */
export function checkMinimalProof(
  { nodes }: StateProof,
  ranges: readonly KeyRange[],
  unit: KeyUnit = BYTE_KEYS,
): Rejection | null {
  const outline = outlineOf(nodes);
  if (outline === null) throw new Error('an accepted proof is one whole tree');
  const { right, firstLeaf } = outline;
  for (const [at, node] of nodes.entries()) {
    if (node.kind !== 'branch') continue;
    const shown = keyAt(nodes, firstLeaf[at] as number);
    const meets = (side: 0 | 1) => ranges.some((range) => childMeetsRange(shown, node.bit, side, range, unit));
    const isOpen = (child: number) => nodes[child]?.kind !== 'opaque';
    const meetsRight = meets(1);
    if (isOpen(at + 1) !== (meets(0) || !meetsRight) || isOpen(right[at] as number) !== meetsRight)
      return reject('NOT_CANONICAL', { at, want: 'nothing open that the claim does not need' });
  }
  return null;
}

type Leaf = Extract<ProofNode, { kind: 'leaf' }>;

/** How the nodes hang together, by index into the pre-order list; −1 where there is none. */
type Outline = {
  readonly nodes: readonly ProofNode[];
  readonly parent: Int32Array;
  readonly side: Uint8Array;
  /** The right child of a branch; its left child is the next node. */
  readonly right: Int32Array;
  /** First and last revealed leaf at or below. */
  readonly firstLeaf: Int32Array;
  readonly lastLeaf: Int32Array;
};

function outlineOf(nodes: readonly ProofNode[]): Outline | null {
  if (nodes.length > LIMITS.stateProofNodeCountMax) return null;
  const none = () => new Int32Array(nodes.length).fill(-1);
  const outline = {
    nodes,
    parent: none(),
    side: new Uint8Array(nodes.length),
    right: none(),
    firstLeaf: none(),
    lastLeaf: none(),
  };
  const { parent, side, right, firstLeaf, lastLeaf } = outline;
  /** Branches whose right child has not come yet. */
  const open: number[] = [];
  for (let i = 0; i < nodes.length; i++) {
    const above = open.at(-1) ?? -1;
    if (i > 0 && above < 0) return null;
    parent[i] = above;
    if (i > above + 1) {
      side[i] = 1;
      right[above] = i;
      open.pop();
    }
    if (nodes[i]?.kind === 'branch') open.push(i);
  }
  if (open.length > 0) return null;
  // Children come after their parents, so backwards each node is complete before it reports to its parent.
  for (let i = nodes.length - 1; i >= 0; i--) {
    if (nodes[i]?.kind === 'leaf') firstLeaf[i] = lastLeaf[i] = i;
    const above = parent[i] as number;
    if (above < 0 || (firstLeaf[i] as number) < 0) continue;
    firstLeaf[above] = firstLeaf[i] as number;
    if ((lastLeaf[above] as number) < 0) lastLeaf[above] = lastLeaf[i] as number;
  }
  return outline;
}

function leavesOf(nodes: readonly ProofNode[]): Leaf[] {
  return nodes.filter((node) => node.kind === 'leaf');
}

/** Step 1: both ends of every range are keys of their kind, in order. */
function checkQuery({ ranges, hasItsSize, unit }: PrunedMapClaim): Rejection | null {
  for (const { lo, hi } of ranges) {
    if (!hasItsSize(lo) || !hasItsSize(hi)) return reject('STATE_KEY_INVALID', { in: 'query' });
    if (compareKeys(lo, hi, unit) > 0) return reject('NUMBER_RANGE', { in: 'query' });
  }
  return null;
}

/** Step 2: revealed keys have their kind's length and ascend strictly; digests and hashes are 32 bytes. */
function checkLeaves({ nodes, hasItsSize, unit }: PrunedMapClaim): Rejection | null {
  let previous: Bytes | null = null;
  for (const [at, node] of nodes.entries()) {
    if (node.kind === 'branch') continue;
    const hash = node.kind === 'leaf' ? node.valueDigest : node.hash;
    if (hash.length !== HASH_SIZE) return reject('LENGTH_WRONG', { at, want: HASH_SIZE, got: hash.length });
    if (node.kind === 'opaque') continue;
    if (!hasItsSize(node.key)) return reject('STATE_KEY_INVALID', { at });
    if (previous !== null && compareKeys(previous, node.key, unit) >= 0) return reject('UNSORTED', { at });
    previous = node.key;
  }
  return null;
}

/** Step 3: every b is an integer that a key can have, and increases downwards; checked before it is encoded as u16. */
function checkBits({ nodes, parent }: Outline): Rejection | null {
  for (const [at, node] of nodes.entries()) {
    if (node.kind !== 'branch') continue;
    const above = nodes[parent[at] as number];
    const after = above?.kind === 'branch' ? above.bit : -1;
    const isPossible = Number.isInteger(node.bit) && node.bit > after && node.bit < 8 * LIMITS.stateKeySizeMax;
    if (!isPossible) return reject('STATE_BRANCH_INVALID', { at, bit: node.bit });
  }
  return null;
}

/** Step 4: a revealed leaf has, at every branch above it, the bit of its side; two sides first differ at b. */
function checkSides(outline: Outline, unit: KeyUnit): Rejection | null {
  const { nodes, parent, side, right, firstLeaf, lastLeaf } = outline;
  for (const [at, node] of nodes.entries()) {
    if (node.kind === 'opaque') continue;
    if (node.kind === 'branch') {
      const lastLeft = lastLeaf[at + 1] as number;
      const firstRight = firstLeaf[right[at] as number] as number;
      if (lastLeft < 0 || firstRight < 0) continue;
      if (firstDifference(keyAt(nodes, lastLeft), keyAt(nodes, firstRight), unit) !== node.bit)
        return reject('STATE_SIDE_WRONG', { at });
      continue;
    }
    for (let below = at, above = parent[at] as number; above >= 0; below = above, above = parent[above] as number) {
      if (bitAt(node.key, bitOf(nodes, above), unit) !== side[below]) return reject('STATE_SIDE_WRONG', { at });
    }
  }
  return null;
}

/** Step 5: what is opaque cannot hold a key of the query. */
function checkNothingHidden({ nodes, parent, side, firstLeaf }: Outline, { ranges, unit }: PrunedMapClaim): Rejection | null {
  if (nodes[0]?.kind === 'opaque') return reject('STATE_HIDDEN', { at: 0 });
  for (const [at, node] of nodes.entries()) {
    const above = parent[at] as number;
    if (node.kind === 'branch') {
      if ((firstLeaf[at] as number) < 0) return reject('STATE_HIDDEN', { at });
    } else if (node.kind === 'leaf') {
      // b increases downwards: the lowest branch above the leaf bounds them all.
      if (above >= 0 && bitOf(nodes, above) >= node.key.length << unit) return reject('STATE_BRANCH_INVALID', { at: above });
    } else {
      const shown = firstLeaf[above] as number;
      if (shown < 0) return reject('STATE_HIDDEN', { at: above });
      const meets = ranges.some((range) =>
        childMeetsRange(keyAt(nodes, shown), bitOf(nodes, above), side[at] as 0 | 1, range, unit),
      );
      if (meets) return reject('STATE_HIDDEN', { at });
    }
  }
  return null;
}

/** Step 6: the recomputed root is the trusted one; leaf hashes are recomputed from key and digest, never taken. */
function checkRoot(crypto: Crypto, { nodes, right }: Outline, root: Bytes): Rejection | null {
  const hashes: Bytes[] = new Array(nodes.length);
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i] as ProofNode;
    if (node.kind === 'leaf') hashes[i] = stateLeafHash(crypto, node.key, node.valueDigest);
    else if (node.kind === 'opaque') hashes[i] = node.hash;
    else hashes[i] = stateBranchHash(crypto, node.bit, hashes[i + 1] as Bytes, hashes[right[i] as number] as Bytes);
  }
  return equalBytes(hashes[0] ?? emptyStateRoot(crypto), root) ? null : reject('ROOT_MISMATCH');
}

function keyAt(nodes: readonly ProofNode[], index: number): Bytes {
  return (nodes[index] as Leaf).key;
}

function bitOf(nodes: readonly ProofNode[], index: number): number {
  return (nodes[index] as { readonly bit: number }).bit;
}
