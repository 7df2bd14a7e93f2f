/** What the light door of a running node says about its city, and the door itself. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Crypto } from '@oppidum/formats/crypto';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { encodeGenesis } from '@oppidum/formats/genesis';
import type { NodeClient } from './client.ts';
import { objectOf, textOf } from './comet-header.ts';
import type { DataFolder } from './data-folder.ts';
import { stateEvidence } from './evidence.ts';
import { cometPlaces } from './found-cluster.ts';
import { VALIDATORS_CLAIM } from './join-trust.ts';
import { encodeJoinAnswer } from './join-wire.ts';
import { askComet, type LightDoor, openLightDoor } from './light-door.ts';
import { parseDoor } from './node-settings.ts';
import type { NodeStore } from './node-store.ts';
import type { SnapshotKeeper } from './snapshot-keeper.ts';

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
  });
}

/** Throws ENGINE_AWAY, ENGINE_ANSWER_INVALID. */
async function joinAnswer({ folder, crypto, client, store, kept }: CityDoorOptions, rpc: string): Promise<string> {
  const { paths, genesis } = folder;
  const status = await askComet(rpc, { id: 1, method: 'status', params: {} }, STATUS_SIZE_MAX);
  const node = objectOf(objectOf(objectOf(JSON.parse(status), 'answer')['result'], 'result')['node_info'], 'node_info');
  const published = client.checkpoint();
  return encodeJoinAnswer({
    genesis: encodeGenesis(genesis),
    cometGenesis: await readFile(join(cometPlaces(paths.folder).home, 'config', 'genesis.json'), 'utf8'),
    policy: client.policyFile(),
    checkpoint: published?.note ?? null,
    trustHeight: published === null ? null : headerOver(store, published.size),
    validators: published === null ? null : encodeEvidence(await stateEvidence(client, crypto, VALIDATORS_CLAIM, published)),
    snapshotHeight: kept.list()[0]?.height ?? null,
    nodeId: textOf(node['id'], 'id', /^[0-9a-f]{40}$/),
    p2p: textOf(node['listen_addr'], 'listen_addr', /^tcp:\/\//),
  });
}

/** Height of the first header whose app hash is the root of so many leaves, or null. */
function headerOver(store: CityDoorOptions['store'], size: number): number | null {
  const newest = store.newestBlockLeaf(size);
  if (newest === null || newest.index !== size - 1) return null;
  const height = newest.leaf.height + 1;
  return height <= (store.head?.height ?? 0) ? height : null;
}
