/**
 * The shard that comes with embedded defaults. At the first start it is declared on the ledger with the operator's key, if that lies in
 * the data folder; where it does not, the city runs without taking readings until somebody declares a shard.
 */

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { ed25519Signer } from '@oppidum/crypto/signer';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import type { TransactionSigner } from '@oppidum/formats/transaction';
import type { NodeClient } from '@oppidum/node/client';
import type { DataFolder, DataPaths } from '@oppidum/node/data-folder';
import { readFirstAccounts } from '@oppidum/node/found-city';
import { readSeedFile } from '@oppidum/node/key-files';
import { declareShard, shardOfNumber } from '@oppidum/telemetry/declare-shard';
import { type OpenShard, openShard } from '@oppidum/telemetry/open-shard';
import type { Logger } from 'pino';

const NUMBER = 0;

export type FirstShardOptions = {
  readonly folder: DataFolder;
  readonly node: NodeClient;
  readonly crypto: Crypto;
  readonly logger: Logger;
  readonly onFailure: (error: Error) => void;
};

/** Declares shard 0 where that is due, and opens it; null where its keys or accounts are not here. Throws as `openShard` does. */
export async function openFirstShard(options: FirstShardOptions): Promise<OpenShard | null> {
  const { folder, node, crypto, logger, onFailure } = options;
  const operator = signerOf(folder.paths, 'operator');
  const telemetry = signerOf(folder.paths, 'telemetry');
  if (telemetry === null || (operator === null && shardOfNumber(node, NUMBER) === null)) {
    logger.warn('no readings are taken: shard 0 is not declared, and the keys that could do it are not in the data folder');
    return null;
  }
  const place = { client: node, crypto, folder: folder.paths.shard(NUMBER), number: NUMBER, randomBytes: freshBytes };
  if (operator !== null) await declareShard({ ...place, signer: operator, anchorAccount: telemetry.account, clock: Date.now });
  return openShard({
    ...place,
    anchorSigner: telemetry,
    erasureSigner: operator,
    onFailure,
    onRefusal: ({ code, details }) => logger.warn({ code, details }, 'the ledger refused a transaction of the shard'),
  });
}

/** The signer of an account that the city was founded with, or null where its key is kept elsewhere. */
function signerOf(paths: DataPaths, name: 'operator' | 'telemetry'): TransactionSigner | null {
  const file = paths.key(name);
  if (!existsSync(file)) return null;
  return { account: readFirstAccounts(paths)[name], keyNumber: 0, signer: ed25519Signer(readSeedFile(file)) };
}

function freshBytes(size: number): Bytes {
  return new Uint8Array(randomBytes(size));
}
