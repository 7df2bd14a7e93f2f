/** `NodeClient` of a node in this process. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import type { StateHop } from '@oppidum/formats/evidence';
import { type KeyRange, parseState } from '@oppidum/formats/state-layout';
import type { CommittedBlock, NodeClient } from './client.ts';
import { openCommittedBlock } from './committed-block.ts';
import type { Engine } from './engine.ts';
import type { NodeStore, StoreHead } from './node-store.ts';
import type { PolicyInForce } from './policy-in-force.ts';
import type { CheckpointPublisher } from './publisher.ts';
import type { TileLog } from './tile-log.ts';

/** The parts of an open city, as `openCity` puts them together. */
export type CityParts = {
  readonly crypto: Crypto;
  readonly genesisHash: Bytes;
  readonly origin: string;
  readonly store: NodeStore;
  readonly engine: Pick<Engine, 'name' | 'isAlive' | 'isCutOff' | 'submit'>;
  readonly log: TileLog;
  readonly publisher: Pick<CheckpointPublisher, 'latest' | 'reached'>;
  readonly policies: PolicyInForce;
  readonly listeners: Set<(block: CommittedBlock) => void>;
};

/** The client over these parts. */
export function cityClient(parts: CityParts): NodeClient {
  const { crypto, genesisHash, origin, store, engine, log, publisher, policies, listeners } = parts;
  const { state } = store;
  return {
    engine: engine.name,
    genesisHash,
    origin,
    policyFile() {
      const latest = publisher.latest();
      return latest === null ? policies.published : policies.of(latest.size).file;
    },
    policyFileOf: (size) => policies.of(size).file,
    head: () => headOf(store),
    isAlive: () => engine.isAlive,
    isCutOff: () => engine.isCutOff,
    submit: (envelope) => engine.submit(envelope),
    read(ref) {
      const value = state.read(ref.key);
      return value === null ? null : parseState(ref.kind, value);
    },
    scan: ({ lo, hi }) => state.scan(lo, hi),
    transaction: (id) => store.transaction(id),
    block(height) {
      const block = store.block(height);
      return block === null ? null : openCommittedBlock(crypto, block);
    },
    blocks: (fromHeight, limit) => store.blocks(fromHeight, limit).map((block) => openCommittedBlock(crypto, block)),
    onBlock(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    checkpoint: () => publisher.latest(),
    checkpointOf: (size) => publisher.reached(size),
    proveLeaf: async (index, size) => ({ index, path: log.proveInclusion(index, size) }),
    proveConsistency: async (size1, size2) => log.proveConsistency(size1, size2),
    proveState: async (ranges, size) => proveState(store, log, ranges, size),
  };
}

function headOf(store: NodeStore): StoreHead {
  if (store.head === null) throw new Error('an open city has a genesis block');
  return store.head;
}

/** All records in these ranges under the newest block leaf among the first `size` leaves. Throws STATE_PRUNED. */
export function proveState(store: NodeStore, log: TileLog, ranges: readonly KeyRange[], size: number): StateHop {
  const newest = store.newestBlockLeaf(size);
  if (newest === null) throw formatError('STATE_PRUNED', { size });
  const { index, leaf } = newest;
  const { proof, values } = store.state.proveAt(leaf.height, ranges);
  return { ...leaf, log: { index, path: log.proveInclusion(index, size) }, proof, values };
}
