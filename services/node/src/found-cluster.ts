/**
 * Founding a city of several validators on one machine: for each a data folder with keys of its own, and in it the home of its
 * CometBFT. The operator's keys lie in the first folder alone.
 */

import { join } from 'node:path';
import { ed25519Signer } from '@oppidum/crypto/signer';
import type { Bytes } from '@oppidum/formats/bytes';
import { genesisHash } from '@oppidum/formats/genesis';
import { consensusValidatorsOf, encodeCometGenesis } from './comet-genesis.ts';
import { makeCometHome, nodeIdOf } from './comet-home.ts';
import { createDataFolder, type DataPaths } from './data-folder.ts';
import {
  type FoundOptions,
  foundingGenesis,
  freshFounder,
  freshSeeds,
  type ValidatorSeeds,
  writeFounder,
  writeValidatorKeys,
} from './found-city.ts';

export type FoundClusterOptions = Omit<FoundOptions, 'folder'> & {
  /** One data folder for each validator, all empty or missing. */
  readonly folders: readonly string[];
  /** Where the CometBFTs find each other, one for each: a port of this machine, or `HOST:PORT` of a machine of its own. */
  readonly p2pPorts?: readonly number[];
  readonly addresses?: readonly string[];
};

/** Where CometBFT of a data folder lives, and where the two processes meet. */
export type CometPlaces = { readonly home: string; readonly app: string; readonly rpc: string };

/** In every data folder of a cluster. */
export function cometPlaces(folder: string): CometPlaces {
  return { home: join(folder, 'comet'), app: `unix://${join(folder, 'abci.sock')}`, rpc: `unix://${join(folder, 'comet.sock')}` };
}

type Member = {
  readonly name: string;
  readonly folder: string;
  readonly seeds: ValidatorSeeds;
  readonly comet: Readonly<Record<'validator' | 'node', Bytes>>;
  readonly address: string;
};

/** Makes the data folders; answers the genesis hash. Throws as `createDataFolder` does, and TEXT_INVALID for the name. */
export async function foundCluster(options: FoundClusterOptions): Promise<Bytes> {
  const { crypto, folders, p2pPorts = [], addresses, ...rest } = options;
  const { randomBytes } = rest;
  const places = addresses ?? p2pPorts.map((port) => `127.0.0.1:${port}`);
  const members = folders.map((folder, i): Member => {
    const comet = freshSeeds(['validator', 'node'], randomBytes);
    const address = `${nodeIdOf(crypto, comet.node)}@${places[i]}`;
    return { name: `validator-${i + 1}`, folder, seeds: freshSeeds(['log', 'cosigner'], randomBytes), comet, address };
  });
  const founder = freshFounder(randomBytes);
  const validators = members.map((member) => ({ ...member, consensusKey: ed25519Signer(member.comet.validator).publicKey }));
  const genesis = foundingGenesis({ ...rest, validators, founder });
  for (const [i, member] of members.entries()) {
    const fill = async (paths: DataPaths): Promise<void> => {
      await writeValidatorKeys(paths, { crypto, genesis, seeds: member.seeds });
      if (i === 0) await writeFounder(paths, founder);
    };
    const made = await createDataFolder({ folder: member.folder, crypto, genesis, fill });
    const { home, app, rpc } = cometPlaces(member.folder);
    await makeCometHome({
      folder: home,
      crypto,
      genesisFile: encodeCometGenesis({ genesis, genesisHash: made.genesisHash, validators: consensusValidatorsOf(genesis) }),
      validatorSeed: member.comet.validator,
      nodeSeed: member.comet.node,
      settings: {
        name: member.name,
        app,
        rpc,
        p2p: `tcp://${listenAddress(places[i] as string, addresses !== undefined)}`,
        peers: members.filter((other) => other !== member).map(({ address }) => address),
      },
    });
    made.release();
  }
  return genesisHash(crypto, genesis);
}

/** On a machine of its own, a validator listens at every address that this has: the one by which others know it may be translated. */
function listenAddress(place: string, isApart: boolean): string {
  return isApart ? `0.0.0.0:${place.slice(place.lastIndexOf(':') + 1)}` : place;
}
