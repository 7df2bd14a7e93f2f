/**
 * The key by which this node's CometBFT votes, as the ledger says which. CometBFT reads one key when it starts, `priv_validator_key.json`
 * of its home; a key that is to come lies beside the node's others as `consensus-<any>.seed`. The new set votes from two blocks after the
 * one that put it into force (specs/consensus.md §4): then, and not before, the key is exchanged, and CometBFT started again.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { at, type StateRef } from '@oppidum/formats/state-layout';
import { validatorSetKind } from '@oppidum/formats/state-validators';
import { writeValidatorKey } from './comet-home.ts';
import { readSeedFile } from './key-files.ts';

export type ConsensusKeyOptions = {
  /** Of CometBFT. */
  readonly home: string;
  /** With the seeds of this node. */
  readonly keys: string;
  readonly crypto: Pick<Crypto, 'sha256'>;
};

/** The committed state, and the height after which it stands. */
export type CommittedState = { readonly height: number; readonly read: <V>(ref: StateRef<V>) => V | null };

/** Blocks from the one that puts a set into force to the first that it votes for (CometBFT: H + 2). */
const VOTES_AFTER = 2;

/**
 * Gives CometBFT the key that votes for the next block, where this node has it and CometBFT has another; true when it did.
 * A node that is no validator, or that has another key than the ledger names, keeps what it has: it does not vote, and reads.
 */
export async function exchangeConsensusKey(options: ConsensusKeyOptions, { height, read }: CommittedState): Promise<boolean> {
  const set = read(at(validatorSetKind));
  if (set === null || height + 1 < set.from + VOTES_AFTER) return false;
  const voting = set.validators.map(({ consensusKey }) => consensusKey);
  const isVoting = (key: Bytes): boolean => voting.some((other) => equalBytes(other, key));
  if (isVoting(readConsensusKey(options.home))) return false;
  const seed = seedsIn(options.keys).find((candidate) => isVoting(ed25519Signer(candidate).publicKey));
  if (seed === undefined) return false;
  await writeValidatorKey(options.home, options.crypto, seed);
  return true;
}

/** The public key of the key that CometBFT reads when it starts. */
export function readConsensusKey(home: string): Bytes {
  const file = JSON.parse(readFileSync(join(home, 'config', 'priv_validator_key.json'), 'utf8')) as {
    readonly pub_key: { readonly value: string };
  };
  return new Uint8Array(Buffer.from(file.pub_key.value, 'base64'));
}

function seedsIn(keys: string): readonly Bytes[] {
  const names = readdirSync(keys).filter((name) => name.startsWith('consensus-') && name.endsWith('.seed'));
  return names.sort().map((name) => readSeedFile(join(keys, name)));
}
