/** Small trees whose leaf hashes are all at hand: the leaves of an erasure, the hashes of one tile. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { CompactTree, type HashReader } from './merkle-tree.ts';

/** Every complete subtree over these leaf hashes, hashed once. */
export function subtreeReader(crypto: Crypto, leafHashes: readonly Bytes[]): HashReader {
  const levels: Bytes[][] = [];
  const tree = new CompactTree(crypto);
  for (const leaf of leafHashes) {
    tree.append(leaf, (level, index, hash) => {
      const row = levels[level] ?? [];
      row[index] = hash;
      levels[level] = row;
    });
  }
  return (level, index) => levels[level]?.[index] as Bytes;
}
