/**
 * The keys of one validator in its data folder: what others are told of them, how the next ones are made, and how retired ones end. The
 * seeds never leave the folder; a running node takes a next key by itself when the ledger names it.
 */

import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { ID_SIZE } from '@oppidum/formats/ids';
import { writeValidatorKey } from './comet-home.ts';
import { readConsensusKey } from './consensus-key.ts';
import type { DataPaths } from './data-folder.ts';
import { fsyncFolder } from './durable-file.ts';
import { cometPlaces } from './found-cluster.ts';
import { readSeedFile, writeSeedFile } from './key-files.ts';

export type ValidatorKeyUse = 'log' | 'cosigner' | 'consensus';
/** A key of this folder. `file`: its seed; for the consensus key of the present that of CometBFT. */
export type LocalKey = { readonly use: ValidatorKeyUse; readonly publicKey: Bytes; readonly file: string };

const USES = ['log', 'cosigner', 'consensus'] as const;
const TAG_SIZE = 8;

/** Every key of a validator that is in the folder: the present ones first, then those that are to come, by name. */
export function localKeys({ folder, keys }: Pick<DataPaths, 'folder' | 'keys'>): readonly LocalKey[] {
  const names = readdirSync(keys).sort();
  const { home } = cometPlaces(folder);
  const present = join(home, 'config', 'priv_validator_key.json');
  return USES.flatMap((use): LocalKey[] => {
    const files = names.filter((name) => name === `${use}.seed` || (name.startsWith(`${use}-`) && name.endsWith('.seed')));
    const seeds = files
      .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
      .map((name): LocalKey => {
        const file = join(keys, name);
        return { use, publicKey: ed25519Signer(readSeedFile(file)).publicKey, file };
      });
    const comet = use === 'consensus' && existsSync(present) ? [{ use, publicKey: readConsensusKey(home), file: present }] : [];
    return [...comet, ...seeds.filter((seed) => !comet.some((known) => equalBytes(known.publicKey, seed.publicKey)))];
  });
}

/** One key of each use. Throws DATA_FOLDER_FOREIGN where the folder has none of a use. */
export function presentKeys(paths: Pick<DataPaths, 'folder' | 'keys'>): Readonly<Record<ValidatorKeyUse, Bytes>> {
  const all = localKeys(paths);
  const keyOf = (use: ValidatorKeyUse): Bytes => {
    const found = all.find((key) => key.use === use);
    if (found === undefined)
      throw formatError('DATA_FOLDER_FOREIGN', { folder: paths.folder, want: `a ${use} key: a node of a cluster` });
    return found.publicKey;
  };
  return { log: keyOf('log'), cosigner: keyOf('cosigner'), consensus: keyOf('consensus') };
}

/** Makes the next key of each use, each a file `<use>-<any>.seed`; answers the public keys. */
export async function makeNextKeys({ keys }: Pick<DataPaths, 'keys'>): Promise<Readonly<Record<ValidatorKeyUse, Bytes>>> {
  const tag = Array.from(randomBytes(TAG_SIZE), (byte) => String.fromCharCode(0x61 + (byte % 26))).join('');
  const made = new Map<ValidatorKeyUse, Bytes>();
  for (const use of USES) {
    const seed = new Uint8Array(randomBytes(ID_SIZE));
    await writeSeedFile(join(keys, `${use}-${tag}.seed`), seed);
    made.set(use, ed25519Signer(seed).publicKey);
  }
  return Object.fromEntries(made) as Record<ValidatorKeyUse, Bytes>;
}

/**
 * Destroys the keys of the folder that are among these: overwritten, then removed. Where a node needs some key of the use to start, the
 * next one takes its place, or a fresh one that nobody knows. Answers which were destroyed.
 */
export async function destroyKeys(
  paths: Pick<DataPaths, 'folder' | 'keys'>,
  crypto: Pick<Crypto, 'sha256'>,
  retired: readonly Bytes[],
): Promise<readonly LocalKey[]> {
  const isRetired = ({ publicKey }: LocalKey): boolean => retired.some((key) => equalBytes(key, publicKey));
  const all = localKeys(paths);
  const doomed = all.filter(isRetired);
  for (const key of doomed) {
    const rest = all.filter((other) => other.use === key.use && !isRetired(other));
    await overwrite(key.file);
    if (key.file.endsWith('.json'))
      await writeValidatorKey(cometPlaces(paths.folder).home, crypto, new Uint8Array(randomBytes(ID_SIZE)));
    else if (basename(key.file) !== `${key.use}.seed`) rmSync(key.file);
    else if (rest[0] !== undefined) renameSync(rest[0].file, key.file);
    else {
      rmSync(key.file);
      await writeSeedFile(key.file, new Uint8Array(randomBytes(ID_SIZE)));
    }
  }
  await fsyncFolder(paths.keys);
  return doomed;
}

async function overwrite(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    await file.write(randomBytes(size), 0, size, 0);
    await file.datasync();
  } finally {
    await file.close();
  }
}
