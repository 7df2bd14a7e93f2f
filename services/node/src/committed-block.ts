/** A durable block as neighbours see it, from what the store keeps of it or from what was just decided. */

import { parseLeaf } from '@oppidum/formats/block-log';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { leafHash } from '@oppidum/proofs/merkle-hash';
import { CompactTree } from '@oppidum/proofs/merkle-tree';
import type { CommittedBlock } from './client.ts';
import type { StoredBlock } from './stored-block.ts';

/** The view of a block; `log` is the log after it. */
export function committedBlock(block: StoredBlock, log: CompactTree): CommittedBlock {
  const { height, timeMs, firstIndex, leaves, hasBlockLeaf, outcomes, changes } = block;
  const transactions = outcomes.flatMap((outcome) => ('executed' in outcome ? [outcome.executed] : []));
  const stateRoot = hasBlockLeaf ? stateRootOf(leaves) : null;
  return { height, timeMs, firstIndex, logSize: log.size, stateRoot, appHash: log.root().slice(), transactions, changes };
}

/** The view of a block of any age; its app hash is computed again from the edge of the log before it. */
export function openCommittedBlock(crypto: Crypto, block: StoredBlock): CommittedBlock {
  const log = CompactTree.parse(crypto, block.edge);
  for (const leaf of block.leaves) log.append(leafHash(crypto, leaf));
  return committedBlock(block, log);
}

function stateRootOf(leaves: readonly Bytes[]): Bytes {
  const leaf = parseLeaf(leaves.at(-1) as Bytes);
  if (!('block' in leaf)) throw new Error('a block ends with a transaction leaf');
  return leaf.block.stateRoot;
}
