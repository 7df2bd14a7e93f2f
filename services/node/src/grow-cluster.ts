/**
 * One more node beside the validators whose data folders lie on this machine: a reader of their city, with keys of its own. Whoever asks
 * for it owns their folders, so that what they say of the city is believed; what it is to hear of blocks it believes as any node does.
 */

import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { allowPeer } from './allowed-peers.ts';
import { type CometSync, makeCometHome, nodeIdOf, readNodeId, readPeerAddress } from './comet-home.ts';
import { createDataFolder, type DataFolder, type DataPaths, identifyDataFolder } from './data-folder.ts';
import { fsyncFolder } from './durable-file.ts';
import { freshSeeds, writeValidatorKeys } from './found-city.ts';
import { cometPlaces } from './found-cluster.ts';
import { askCity } from './join-city.ts';
import { changeNodeSettings, parseDoor, readNodeSettings } from './node-settings.ts';
import { keepSuccessorFile, readSuccessor, successorHeights } from './successor-archive.ts';

export type GrowOptions = {
  readonly crypto: Crypto;
  /** Missing; appears when it is whole. */
  readonly folder: string;
  readonly name: string;
  /** Data folders of the validators here, one at least; they may be in use. */
  readonly siblings: readonly string[];
  /** Where its CometBFT listens, on this machine. */
  readonly port: number;
  readonly randomBytes: (size: number) => Bytes;
};

/** `isSynced`: it begins with a snapshot; else with the first block. */
export type GrownNode = { readonly nodeId: string; readonly isSynced: boolean };

/** CometBFT's light client compares what two servers say. */
const DOORS_FOR_SYNC = 2;

/**
 * Makes the data folder and lets the node in at each sibling. Throws DATA_FOLDER_FOREIGN where the folder is there or the siblings are not
 * of one city, and as `identifyDataFolder` and `createDataFolder` do.
 */
export async function growCluster(options: GrowOptions): Promise<GrownNode> {
  const { crypto, folder, name, siblings, randomBytes } = options;
  if (existsSync(folder)) throw formatError('DATA_FOLDER_FOREIGN', { folder, want: 'no folder' });
  const city = identifySiblings(crypto, siblings);
  const { genesis, paths } = city;
  const policy = new Uint8Array(readFileSync(paths.policy));
  const sync = await findSync(crypto, siblings, policy);
  // What a grow that was killed had begun has no name that anybody starts.
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const fill = (made: DataPaths): Promise<void> =>
    writeValidatorKeys(made, { crypto, genesis, seeds: freshSeeds(['log', 'cosigner'], randomBytes) });
  const made = await createDataFolder({ folder: unfinished, crypto, genesis, policy, fill });
  const comet = freshSeeds(['validator', 'node'], randomBytes);
  const { app, rpc } = cometPlaces(folder);
  await makeCometHome({
    folder: cometPlaces(unfinished).home,
    crypto,
    genesisFile: readFileSync(join(cometPlaces(paths.folder).home, 'config', 'genesis.json'), 'utf8'),
    validatorSeed: comet.validator,
    nodeSeed: comet.node,
    settings: {
      ...{ name, app, rpc, p2p: `tcp://127.0.0.1:${options.port}` },
      peers: siblings.map((sibling) => peerOf(crypto, cometPlaces(sibling).home)),
      ...(sync === null ? {} : { sync }),
    },
  });
  await changeNodeSettings(unfinished, { neighbours: doorsOf(siblings), joined: true });
  await copySuccessors(paths.policies, made.paths.policies);
  made.release();
  const nodeId = nodeIdOf(crypto, comet.node);
  for (const sibling of siblings) await allowPeer(cometPlaces(sibling).home, { id: nodeId, note: name });
  // COMMIT POINT
  renameSync(unfinished, folder);
  await fsyncFolder(dirname(folder));
  return { nodeId, isSynced: sync !== null };
}

/** Whose folders these are: one city's. */
function identifySiblings(crypto: Crypto, siblings: readonly string[]): Omit<DataFolder, 'release'> {
  const [first, ...others] = siblings.map((folder) => identifyDataFolder({ folder, crypto }));
  if (first === undefined) throw new Error('a cluster has a validator');
  for (const { paths, genesisHash } of others) {
    if (!equalBytes(genesisHash, first.genesisHash))
      throw formatError('DATA_FOLDER_FOREIGN', { folder: paths.folder, want: `the city of ${first.paths.folder}` });
  }
  return first;
}

/** How it begins with a snapshot; null where no two of the light doors offer one now: then it begins with the first block. */
async function findSync(crypto: Crypto, siblings: readonly string[], policy: Bytes): Promise<CometSync | null> {
  const doors = doorsOf(siblings).slice(0, DOORS_FOR_SYNC);
  if (doors.length < DOORS_FOR_SYNC) return null;
  try {
    return (await askCity({ crypto, doors, policy })).sync;
  } catch (error) {
    if (error instanceof FormatError && error.code === 'DOOR_SILENT') return null;
    throw error;
  }
}

/** The light doors of the siblings, as this machine reaches them. */
function doorsOf(siblings: readonly string[]): readonly string[] {
  return siblings.flatMap((folder) => {
    const { lightDoor } = readNodeSettings(folder);
    if (lightDoor === null) return [];
    const { host, port } = parseDoor(lightDoor);
    return [`http://${reachable(host)}:${port}`];
  });
}

/** `<node id>@HOST:PORT` of a home here. */
function peerOf(crypto: Crypto, home: string): string {
  const at = readPeerAddress(home);
  const colon = at.lastIndexOf(':');
  return `${readNodeId(home, crypto)}@${reachable(at.slice(0, colon).replaceAll(/[[\]]/g, ''))}:${at.slice(colon + 1)}`;
}

/** Who listens at every address is reached at this one. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::' || host === '') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

/** Proof of changes of policy is made at the change and never after; it reads each under the one before. */
async function copySuccessors(from: string, to: string): Promise<void> {
  for (const height of await successorHeights(from)) {
    const file = await readSuccessor(from, height);
    if (file !== null) await keepSuccessorFile(join(to, `${height}.evidence`), file);
  }
}
