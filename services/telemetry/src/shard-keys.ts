/** Where a shard's things stand in its folder, and its two keys: one signs checkpoints of the log, the other receipts. */

import { join } from 'node:path';
import { ed25519Signer } from '@oppidum/crypto/signer';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto, Signer } from '@oppidum/formats/crypto';
import { fileExists, readSeedFile, writeSeedFile } from '@oppidum/node/key-files';
import { openLogSeed } from '@oppidum/node/log-signer';

/** Paths under `shards/<n>`. */
export type ShardPaths = {
  readonly vault: string;
  readonly log: string;
  readonly lastSigned: string;
  readonly logSeed: string;
  readonly receiptSeed: string;
  readonly subjectKeys: string;
};

/** Where things stand under a shard's folder. */
export function shardPaths(folder: string): ShardPaths {
  const log = join(folder, 'log');
  return {
    vault: join(folder, 'vault'),
    log,
    lastSigned: join(log, 'last-signed'),
    logSeed: join(folder, 'keys', 'log.seed'),
    receiptSeed: join(folder, 'keys', 'receipt.seed'),
    subjectKeys: join(folder, 'subject-keys'),
  };
}

export type ShardKeys = { readonly log: Signer; readonly receipt: Signer };

/** Opens the keys of a declared shard. Throws as `readSeedFile` does. */
export function readShardKeys({ logSeed, receiptSeed }: ShardPaths): ShardKeys {
  return { log: ed25519Signer(readSeedFile(logSeed)), receipt: ed25519Signer(readSeedFile(receiptSeed)) };
}

/** Opens the keys of a shard that is about to be declared; made where they are missing. Throws as `readSeedFile` does. */
export async function makeShardKeys(options: {
  readonly paths: ShardPaths;
  readonly origin: string;
  readonly crypto: Crypto;
  /** Must come from a source fit for keys. */
  readonly randomBytes: (size: number) => Bytes;
}): Promise<ShardKeys> {
  const { paths, origin, crypto, randomBytes } = options;
  const generateSeed = (): Bytes => randomBytes(32);
  await openLogSeed({ keyFile: paths.logSeed, recordFile: paths.lastSigned, origin, crypto, generateSeed });
  if (!(await fileExists(paths.receiptSeed))) await writeSeedFile(paths.receiptSeed, generateSeed());
  return readShardKeys(paths);
}
