/** What the light door of a running node says about its city, and the door itself. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Crypto } from '@oppidum/formats/crypto';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { encodeGenesis } from '@oppidum/formats/genesis';
import { at } from '@oppidum/formats/state-layout';
import { validatorSetKind } from '@oppidum/formats/state-validators';
import type { NodeClient } from './client.ts';
import { objectOf, textOf } from './comet-header.ts';
import type { DataFolder } from './data-folder.ts';
import { stateEvidence } from './evidence.ts';
import { cometPlaces } from './found-cluster.ts';
import { VALIDATORS_CLAIM } from './join-trust.ts';
import { encodeJoinAnswer, type HeaderProof } from './join-wire.ts';
import { askComet, type LightDoor, openLightDoor } from './light-door.ts';
import { parseDoor } from './node-settings.ts';
import type { NodeStore } from './node-store.ts';
import type { SnapshotKeeper } from './snapshot-keeper.ts';
import { readSuccessor, successorHeights } from './successor-archive.ts';

export type CityDoorOptions = {
  readonly folder: Pick<DataFolder, 'paths' | 'genesis'>;
  /** `HOST:PORT`. */
  readonly door: string;
  readonly crypto: Crypto;
  readonly client: NodeClient;
  readonly store: Pick<NodeStore, 'head' | 'newestBlockLeaf'>;
  readonly kept: Pick<SnapshotKeeper, 'list'>;
};

const STATUS_SIZE_MAX = 2 ** 20;

/** Opens the door. Throws CONFIG_INVALID; rejects where the address cannot be had. */
export function openCityDoor(options: CityDoorOptions): Promise<LightDoor> {
  const { folder, door, client } = options;
  const { rpc } = cometPlaces(folder.paths.folder);
  return openLightDoor({
    ...parseDoor(door),
    rpc,
    join: () => joinAnswer(options, rpc),
    checkpoint: () => client.checkpoint()?.note ?? null,
    successors: () => successorHeights(folder.paths.policies),
    successor: (height) => readSuccessor(folder.paths.policies, height),
  });
}

/** Throws ENGINE_AWAY, ENGINE_ANSWER_INVALID. */
async function joinAnswer({ folder, crypto, client, store, kept }: CityDoorOptions, rpc: string): Promise<string> {
  const { paths, genesis } = folder;
  const status = await askComet(rpc, { id: 1, method: 'status', params: {} }, STATUS_SIZE_MAX);
  const node = objectOf(objectOf(objectOf(JSON.parse(status), 'answer')['result'], 'result')['node_info'], 'node_info');
  const published = client.checkpoint();
  const newest = kept.list()[0]?.height ?? null;
  return encodeJoinAnswer({
    genesis: encodeGenesis(genesis),
    cometGenesis: await readFile(join(cometPlaces(paths.folder).home, 'config', 'genesis.json'), 'utf8'),
    policy: client.policyFile(),
    checkpoint: published?.note ?? null,
    trust: published === null ? null : await headerUnder(client, store, { size: published.size, snapshotHeight: newest }),
    validators: published === null ? null : encodeEvidence(await stateEvidence(client, crypto, VALIDATORS_CLAIM, published)),
    snapshotHeight: newest,
    nodeId: textOf(node['id'], 'id', /^[0-9a-f]{40}$/),
    p2p: textOf(node['listen_addr'], 'listen_addr', /^tcp:\/\//),
  });
}

type Wanted = { readonly size: number; readonly snapshotHeight: number | null };

/**
 * The header after the block of the newest snapshot: from there CometBFT's light client has two headers to fetch, and from a later one it
 * goes back header by header. Where that is not under the checkpoint, or the validators have changed since, the first one over it.
 */
async function headerUnder(
  client: NodeClient,
  store: CityDoorOptions['store'],
  { size, snapshotHeight }: Wanted,
): Promise<HeaderProof | null> {
  const block = snapshotHeight === null ? null : client.block(snapshotHeight);
  const changedAt = client.read(at(validatorSetKind))?.from ?? 0;
  if (block !== null && block.logSize <= size && changedAt < block.height)
    return { height: block.height + 1, size: block.logSize, proof: await client.proveConsistency(block.logSize, size) };
  const newest = store.newestBlockLeaf(size);
  if (newest === null || newest.index !== size - 1) return null;
  const height = newest.leaf.height + 1;
  return height <= (store.head?.height ?? 0) ? { height, size, proof: [] } : null;
}
