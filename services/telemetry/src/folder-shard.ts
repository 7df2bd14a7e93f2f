/**
 * A shard of a data folder with the keys that lie there: the account `telemetry` signs its anchors, `operator` its erasures. Where the
 * operator's key is not here, nothing is declared or erased by this process.
 */

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { ed25519Signer } from '@oppidum/crypto/signer';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import type { TransactionSigner } from '@oppidum/formats/transaction';
import type { NodeClient, NodeLink } from '@oppidum/node/client';
import type { DataPaths } from '@oppidum/node/data-folder';
import { readFirstAccounts } from '@oppidum/node/found-city';
import { readSeedFile } from '@oppidum/node/key-files';
import type { Logger } from 'pino';
import { isArchivedShard, openArchivedShard } from './archived-shard.ts';
import { declareShard } from './declare-shard.ts';
import { type OpenShard, openShard } from './open-shard.ts';

export type FolderShardOptions = {
  readonly paths: DataPaths;
  readonly node: NodeLink;
  readonly crypto: Crypto;
  readonly number: number;
  readonly logger: Logger;
  readonly onFailure: (error: Error) => void;
};

/** The keys of the first accounts that lie in a data folder. */
export function folderSigners(paths: DataPaths): Record<'operator' | 'telemetry', TransactionSigner | null> {
  return { operator: signerOf(paths, 'operator'), telemetry: signerOf(paths, 'telemetry') };
}

/** Declares a shard unless it is on the ledger. Throws NOT_AUTHORIZED where the keys for it are not here, and as `declareShard`. */
export async function declareFolderShard(
  options: Pick<FolderShardOptions, 'paths' | 'crypto' | 'number'> & { readonly node: NodeClient },
): Promise<void> {
  const { paths, node, crypto, number } = options;
  const { operator, telemetry } = folderSigners(paths);
  if (operator === null || telemetry === null) throw formatError('NOT_AUTHORIZED', { role: 'operator' });
  const place = { client: node, crypto, folder: paths.shard(number), number, randomBytes: freshBytes };
  await declareShard({ ...place, signer: operator, anchorAccount: telemetry.account, clock: Date.now });
}

/** Opens a declared shard. Throws NOT_AUTHORIZED where the key that signs anchors is not here, and as `openShard`. */
export function openFolderShard({ paths, node, crypto, number, logger, onFailure }: FolderShardOptions): Promise<OpenShard> {
  const { operator, telemetry } = folderSigners(paths);
  const place = { client: node, crypto, folder: paths.shard(number), number, randomBytes: freshBytes };
  if (isArchivedShard(place.folder)) {
    logger.warn({ shard: number }, 'this shard was restored without its keys: it is read and proven, and takes no readings');
    return openArchivedShard({ ...place, erasureSigner: operator });
  }
  if (telemetry === null) throw formatError('NOT_AUTHORIZED', { shard: number, want: 'the key of the account telemetry' });
  return openShard({
    ...place,
    anchorSigner: telemetry,
    erasureSigner: operator,
    cloneReporter: telemetry,
    retention: { data: paths.folder },
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
