/** Nodes of a cluster in this process, each with a real CometBFT that it supervises itself. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import type { Validator } from '@oppidum/formats/state-validators';
import { allowPeer } from '@oppidum/node/allowed-peers';
import { consensusValidatorsOf, encodeCometGenesis } from '@oppidum/node/comet-genesis';
import { makeCometHome, readNodeId } from '@oppidum/node/comet-home';
import { folderEngine } from '@oppidum/node/comet-process';
import { createDataFolder, type DataFolder, openDataFolder } from '@oppidum/node/data-folder';
import { freshSeeds, writeValidatorKeys } from '@oppidum/node/found-city';
import { cometPlaces } from '@oppidum/node/found-cluster';
import { type CityOptions, type OpenCity, openCity } from '@oppidum/node/open-city';
import { freePorts } from './ports.ts';
import { freshBytes } from './running-city.ts';

export type Member = { readonly folder: DataFolder; readonly city: OpenCity };

/** Opens a data folder with its CometBFT. */
export async function startMember(path: string, options: Partial<CityOptions> = {}): Promise<Member> {
  const folder = await openDataFolder({ folder: path, crypto });
  const startEngine = folderEngine({ folder, crypto, onLine: () => undefined });
  if (startEngine === undefined) throw new Error(`${path} has no home of CometBFT`);
  return { folder, city: await openCity({ folder, crypto, registry: cityRegistry, startEngine, ...options }) };
}

/** Ends both; the files stay. */
export async function stopMember({ folder, city }: Member): Promise<void> {
  await city.close();
  folder.release();
}

/** The data folder of a node that only reads, with keys of its own; answers them as a validator of this name would have them. */
export async function foundReader(options: {
  readonly folder: string;
  readonly like: DataFolder;
  /** Folders of the nodes that it finds. */
  readonly peers: readonly string[];
  readonly name: string;
}): Promise<Validator> {
  const { folder, like, peers, name } = options;
  const { genesis, genesisHash } = like;
  const seeds = freshSeeds(['log', 'cosigner'], freshBytes);
  const comet = freshSeeds(['validator', 'node'], freshBytes);
  const made = await createDataFolder({
    folder,
    crypto,
    genesis,
    fill: (paths) => writeValidatorKeys(paths, { crypto, genesis, seeds }),
  });
  const { home, app, rpc } = cometPlaces(folder);
  const validators = consensusValidatorsOf(genesis);
  await makeCometHome({
    folder: home,
    crypto,
    genesisFile: encodeCometGenesis({ genesis, genesisHash, validators }),
    validatorSeed: comet.validator,
    nodeSeed: comet.node,
    settings: { name, app, rpc, p2p: `tcp://127.0.0.1:${await freePorts(1)}`, peers: peers.map(addressOf) },
  });
  made.release();
  for (const peer of peers) await allowPeer(cometPlaces(peer).home, { id: readNodeId(home, crypto), note: name });
  const [logKey, cosignerKey, consensusKey] = [seeds.log, seeds.cosigner, comet.validator].map(
    (seed) => ed25519Signer(seed).publicKey,
  );
  return { name, logKey, cosignerKey, consensusKey } as Validator;
}

/** `<node id>@HOST:PORT` of a founded node. */
function addressOf(folder: string): string {
  const { home } = cometPlaces(folder);
  const config = readFileSync(join(home, 'config', 'config.toml'), 'utf8');
  const address = /^\[p2p\]\nladdr = "tcp:\/\/([^"]+)"/m.exec(config)?.[1] ?? '';
  return `${readNodeId(home, crypto)}@${address}`;
}
