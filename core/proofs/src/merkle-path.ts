/**
 * How a log of n entries decomposes on the way from its root down to one place (RFC 6962 §2.1.1, §2.1.2).
 * Prover and checker both walk these lists, so they cannot disagree about what a proof consists of.
 * Numbers go up to 2^53 − 1: no bit operators here, they would truncate to 32 bits.
 */

/** Entries [start, start + count) that stand beside the path; their hash is one proof element. */
export type Sibling = { readonly start: number; readonly count: number; readonly side: 'left' | 'right' };

/** The largest power of two strictly less than `size` (RFC 6962 §2.1: k); `size` > 1. */
export function splitPoint(size: number): number {
  let k = 1;
  while (2 * k < size) k *= 2;
  return k;
}

/** The siblings of entry `index` in a log of `size` entries, leaf to root; 0 ≤ index < size. */
export function inclusionSiblings(index: number, size: number): Sibling[] {
  return siblingsDown(size, (start, count) => (count === 1 ? null : index - start));
}

/** What a consistency proof consists of (RFC 6962 §2.1.2 SUBPROOF). */
export type ConsistencyPath = {
  /** The last complete subtree of the smaller log that the larger one still has, where both computations begin. */
  readonly seed: { readonly start: number; readonly count: number };
  /** False when the seed is the whole smaller log: its hash is root1, which the verifier has. */
  readonly seedInProof: boolean;
  /** Siblings from the seed to the root; only those on the left belong to both logs. */
  readonly siblings: readonly Sibling[];
};

/** The decomposition for 0 < size1 < size2. */
export function consistencyPath(size1: number, size2: number): ConsistencyPath {
  let seed = { start: 0, count: size2 };
  const siblings = siblingsDown(size2, (start, count) => {
    seed = { start, count };
    return start + count === size1 ? null : size1 - start - 1;
  });
  return { seed, seedInProof: seed.start !== 0, siblings };
}

/** Descends from the whole log toward a place; `aim` gives the offset inside [start, start + count) or null to stop. */
function siblingsDown(size: number, aim: (start: number, count: number) => number | null): Sibling[] {
  const siblings: Sibling[] = [];
  let start = 0;
  let count = size;
  for (let offset = aim(start, count); offset !== null; offset = aim(start, count)) {
    const k = splitPoint(count);
    if (offset < k) {
      siblings.push({ start: start + k, count: count - k, side: 'right' });
      count = k;
    } else {
      siblings.push({ start, count: k, side: 'left' });
      start += k;
      count -= k;
    }
  }
  return siblings.reverse();
}
