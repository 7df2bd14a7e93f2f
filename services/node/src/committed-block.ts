/** A durable block as neighbours see it, from what the store keeps of it or from what was just decided. */

import { parseLeaf } from '@oppidum/formats/block-log';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import type { Executed } from '@oppidum/ledger/block';
import { leafHash } from '@oppidum/proofs/merkle-hash';
import { CompactTree } from '@oppidum/proofs/merkle-tree';
import type { CommittedBlock, CommittedTransaction } from './client.ts';
import type { DecidedBlock, StoredBlock } from './stored-block.ts';

/** The view of a block that was just committed. */
export function committedBlock(block: DecidedBlock): CommittedBlock {
  const { height, timeMs, firstIndex, log, leaves, hasBlockLeaf, changes } = block;
  const transactions = block.outcomes.flatMap((outcome) =>
    'executed' in outcome ? [committedTransaction(height, outcome.executed)] : [],
  );
  const stateRoot = hasBlockLeaf ? stateRootOf(leaves) : null;
  return { height, timeMs, firstIndex, logSize: log.size, stateRoot, appHash: log.root().slice(), transactions, changes };
}

/** The view of a stored block; its app hash is computed again from the edge of the log before it. */
export function openCommittedBlock(crypto: Crypto, block: StoredBlock): CommittedBlock {
  const { height, timeMs, firstIndex, edge, leaves, hasBlockLeaf, outcomes, changes } = block;
  const log = CompactTree.parse(crypto, edge);
  for (const leaf of leaves) log.append(leafHash(crypto, leaf));
  const transactions = outcomes.flatMap((outcome) => ('executed' in outcome ? [outcome.executed] : []));
  const stateRoot = hasBlockLeaf ? stateRootOf(leaves) : null;
  return { height, timeMs, firstIndex, logSize: log.size, stateRoot, appHash: log.root().slice(), transactions, changes };
}

function committedTransaction(height: number, executed: Executed): CommittedTransaction {
  const { id, envelope, position, index, code, events, rejection } = executed;
  return { id, envelope, height, position, index, code, details: rejection?.details ?? {}, events };
}

function stateRootOf(leaves: readonly Bytes[]): Bytes {
  const leaf = parseLeaf(leaves.at(-1) as Bytes);
  if (!('block' in leaf)) throw new Error('a block ends with a transaction leaf');
  return leaf.block.stateRoot;
}
