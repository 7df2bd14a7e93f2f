/** A city's folder opened to be read: what a gateway over it would serve, without an engine, and nothing is signed or appended. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bytes } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { cityOrigin } from '@oppidum/formats/ids';
import { at } from '@oppidum/formats/state-layout';
import { type ShardRecord, shardKind } from '@oppidum/formats/state-telemetry';
import { cityClient } from '@oppidum/node/city-client';
import type { NodeClient } from '@oppidum/node/client';
import { type DataPaths, identifyDataFolder } from '@oppidum/node/data-folder';
import { NodeStore } from '@oppidum/node/node-store';
import { PolicyInForce } from '@oppidum/node/policy-in-force';
import type { PublishedCheckpoint } from '@oppidum/node/publisher';
import { TileLog } from '@oppidum/node/tile-log';
import { shardOfNumber } from '../declare-shard.ts';
import { Erasures } from '../erasures.ts';
import type { EvidenceSources } from '../evidence.ts';
import { type ShardPaths, shardPaths } from '../shard-keys.ts';
import { SubjectKeys } from '../subject-keys.ts';
import { Vault } from '../vault.ts';

/** A shard of the copy. */
export type CopiedShard = {
  readonly number: number;
  readonly id: Bytes;
  readonly record: ShardRecord;
  readonly paths: ShardPaths;
  readonly vault: Vault;
  readonly log: TileLog;
  /** What evidence of its readings is made from. */
  readonly sources: EvidenceSources;
};

/** An open copy; one process at a time. */
export type CopiedCity = {
  readonly paths: DataPaths;
  readonly origin: string;
  readonly genesisHash: Bytes;
  readonly store: NodeStore;
  readonly log: TileLog;
  readonly client: NodeClient;
  readonly policies: PolicyInForce;
  readonly shards: readonly CopiedShard[];
  readonly close: () => Promise<void>;
};

type OpenOptions = { readonly folder: string; readonly crypto: Crypto; readonly randomBytes: (size: number) => Bytes };

/** Opens the folder of a copy. Throws DATA_FOLDER_MISSING, DATA_FOLDER_FOREIGN, LOG_DAMAGED. */
export async function openCopy({ folder, crypto, randomBytes }: OpenOptions): Promise<CopiedCity> {
  const { paths, genesis, genesisHash } = identifyDataFolder({ folder, crypto });
  const origin = cityOrigin(genesis.name, genesisHash);
  const store = NodeStore.open({ folder: paths.node, crypto, genesisHash });
  const log = TileLog.open({ folder: paths.log, crypto });
  const policies = new PolicyInForce({ crypto, store, path: paths.policy });
  const latest = readPublished(paths.log);
  const publisher = { latest: () => latest, reached: async (size: number) => requireReached(latest, size) };
  const client = cityClient({
    ...{ crypto, genesisHash, origin, store, engine: CLOSED, log, publisher, policies },
    listeners: new Set(),
  });
  const shards: CopiedShard[] = [];
  for (const number of listShards(join(folder, 'shards')))
    shards.push(...(await openCopiedShard({ crypto, client, number, folder: paths.shard(number), randomBytes })));
  const close = async (): Promise<void> => {
    for (const shard of shards) {
      shard.log.close();
      await shard.vault.close();
    }
    log.close();
    await store.close();
  };
  return { paths, origin, genesisHash, store, log, client, policies, shards, close };
}

/** Nobody appends to a copy. */
const CLOSED = {
  name: 'embedded' as const,
  isAlive: false,
  isCutOff: false,
  submit: async () => {
    throw formatError('NOT_READY', { why: 'a copy takes no transactions' });
  },
};

async function openCopiedShard(options: {
  readonly crypto: Crypto;
  readonly client: NodeClient;
  readonly number: number;
  readonly folder: string;
  readonly randomBytes: (size: number) => Bytes;
}): Promise<CopiedShard[]> {
  const { crypto, client, number, folder, randomBytes } = options;
  const paths = shardPaths(folder);
  const id = shardOfNumber(client, number);
  const record = id === null ? null : client.read(at(shardKind, id));
  if (id === null || record === null) return [];
  const log = TileLog.open({ folder: paths.log, crypto });
  const keys = await SubjectKeys.open({ folder: paths.subjectKeys, crypto, randomBytes });
  const vault = await Vault.open(paths.vault, id);
  const erasures = new Erasures({ crypto, client, shard: id, vault, keys, signer: null, randomBytes, clock: Date.now });
  return [{ number, id, record, paths, vault, log, sources: { crypto, client, vault, keys, log, erasures } }];
}

function listShards(folder: string): readonly number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^(0|[1-9][0-9]{0,3})$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** The checkpoint that stands in the folder of a log, as it says, or null. */
export function readPublished(folder: string): PublishedCheckpoint | null {
  const file = join(folder, 'checkpoint');
  if (!existsSync(file)) return null;
  const note = new Uint8Array(readFileSync(file));
  const { size, root } = parseCheckpointNote(note).checkpoint;
  return { size, root, note };
}

function requireReached(latest: PublishedCheckpoint | null, size: number): PublishedCheckpoint {
  if (latest === null || latest.size < size) throw formatError('NOT_ANCHORED', { size, published: latest?.size ?? 0 });
  return latest;
}
