/** Checking inclusion and consistency in an RFC 6962 log, as RFC 9162 §2.1.3.2 and §2.1.4.2 define it. */

import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { HASH_SIZE, nodeHash } from './merkle-hash.ts';
import { consistencyPath, inclusionSiblings, type Sibling } from './merkle-path.ts';

/** The entry with `leafHash` stands at `index` of the log with `size` entries; `proof` leads from it to the root. */
export type InclusionPath = {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Bytes;
  readonly proof: readonly Bytes[];
};
export type InclusionClaim = InclusionPath & { readonly root: Bytes };

/** The log with `size2` entries begins with the `size1` entries of the one whose root is `root1`. */
export type ConsistencyClaim = {
  readonly size1: number;
  readonly root1: Bytes;
  readonly size2: number;
  readonly root2: Bytes;
  readonly proof: readonly Bytes[];
};

/**
 * Checks that the entry is in the log (RFC 9162 §2.1.3.2).
 * Refuses: NUMBER_RANGE (index not inside size, or not safe integers), PROOF_LENGTH_WRONG, LENGTH_WRONG (a hash is not 32 bytes),
 * ROOT_MISMATCH.
 */
export function checkInclusion(crypto: Crypto, claim: InclusionClaim): Rejection | null {
  const root = rootFromInclusion(crypto, claim);
  if ('code' in root) return root;
  return equalBytes(root.root, claim.root) ? null : reject('ROOT_MISMATCH', { index: claim.index, size: claim.size });
}

/** The root that the path leads to; for callers that compare it with something else. Refuses as `checkInclusion` does. */
export function rootFromInclusion(crypto: Crypto, path: InclusionPath): { readonly root: Bytes } | Rejection {
  const { index, size, proof } = path;
  if (!isSize(index) || !isSize(size) || index >= size) return reject('NUMBER_RANGE', { index, size });
  const siblings = inclusionSiblings(index, size);
  const refusal = checkProofShape(proof, siblings.length) ?? checkHashSize(path.leafHash);
  if (refusal !== null) return refusal;
  return { root: siblings.reduce((hash, sibling, i) => join(crypto, hash, sibling, proof[i] as Bytes), path.leafHash) };
}

/**
 * Checks that the larger log begins with the smaller one (RFC 9162 §2.1.4.2).
 * Equal sizes: equal roots and an empty proof. Size 0 against a larger log proves nothing and is refused: whoever begins at
 * nothing decides so without a proof.
 * Refuses: NUMBER_RANGE (0 < size1 ≤ size2 does not hold, or not safe integers), PROOF_LENGTH_WRONG, LENGTH_WRONG, ROOT_MISMATCH.
 */
export function checkConsistency(crypto: Crypto, claim: ConsistencyClaim): Rejection | null {
  const { size1, size2, root1, root2, proof } = claim;
  if (!isSize(size1) || !isSize(size2) || size1 > size2) return reject('NUMBER_RANGE', { size1, size2 });
  if (size1 === size2) {
    if (proof.length !== 0) return reject('PROOF_LENGTH_WRONG', { want: 0, got: proof.length });
    return equalBytes(root1, root2) ? null : reject('ROOT_MISMATCH', { size1, size2 });
  }
  if (size1 === 0) return reject('NUMBER_RANGE', { size1, size2 });

  const { seedInProof, siblings } = consistencyPath(size1, size2);
  const refusal = checkProofShape(proof, siblings.length + (seedInProof ? 1 : 0)) ?? checkHashSize(root1);
  if (refusal !== null) return refusal;
  const hashes = seedInProof ? proof : [root1, ...proof];
  const seed = hashes[0] as Bytes;
  let computed1 = seed;
  let computed2 = seed;
  siblings.forEach((sibling, i) => {
    const hash = hashes[i + 1] as Bytes;
    // What stands to the right was appended after size1: the smaller log does not have it.
    if (sibling.side === 'left') computed1 = join(crypto, computed1, sibling, hash);
    computed2 = join(crypto, computed2, sibling, hash);
  });
  return equalBytes(computed1, root1) && equalBytes(computed2, root2) ? null : reject('ROOT_MISMATCH', { size1, size2 });
}

function join(crypto: Crypto, hash: Bytes, sibling: Sibling, siblingHash: Bytes): Bytes {
  return sibling.side === 'left' ? nodeHash(crypto, siblingHash, hash) : nodeHash(crypto, hash, siblingHash);
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function checkProofShape(proof: readonly Bytes[], want: number): Rejection | null {
  if (proof.length !== want) return reject('PROOF_LENGTH_WRONG', { want, got: proof.length });
  for (const hash of proof) {
    const refusal = checkHashSize(hash);
    if (refusal !== null) return refusal;
  }
  return null;
}

function checkHashSize(hash: Bytes): Rejection | null {
  return hash.length === HASH_SIZE ? null : reject('LENGTH_WRONG', { want: HASH_SIZE, got: hash.length });
}
