/** What a shard has on disk, opened and held against what was signed and anchored: all of it must tell one story. */

import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto, Signer } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { at } from '@oppidum/formats/state-layout';
import { anchorHeadKind, type ShardRecord, shardKind } from '@oppidum/formats/state-telemetry';
import type { NodeLink } from '@oppidum/node/client';
import { LogSigner } from '@oppidum/node/log-signer';
import { TileLog } from '@oppidum/node/tile-log';
import { shardOfNumber } from './declare-shard.ts';
import { readShardKeys, type ShardPaths, shardPaths } from './shard-keys.ts';
import { SubjectKeys } from './subject-keys.ts';
import { Vault } from './vault.ts';

export type ShardParts = {
  readonly id: Bytes;
  readonly record: ShardRecord;
  readonly paths: ShardPaths;
  readonly vault: Vault;
  readonly keys: SubjectKeys;
  readonly log: TileLog;
  readonly logSigner: LogSigner;
  readonly receiptSigner: Signer;
};

export type PartsOptions = {
  /** `shards/<number>` of the data folder; one process per folder. */
  readonly folder: string;
  readonly number: number;
  readonly client: NodeLink;
  readonly crypto: Crypto;
  /** Must come from a source fit for keys. */
  readonly randomBytes: (size: number) => Bytes;
};

/** Opens the folder of a declared shard. Throws as `openShard` says. */
export async function openParts({ folder, number, client, crypto, randomBytes }: PartsOptions): Promise<ShardParts> {
  const paths = shardPaths(folder);
  const id = shardOfNumber(client, number);
  const record = id === null ? null : client.read(at(shardKind, id));
  if (id === null || record === null) throw formatError('SHARD_UNKNOWN', { number });
  const signers = readShardKeys(paths);
  if (!equalBytes(signers.log.publicKey, record.logKey) || !equalBytes(signers.receipt.publicKey, record.receiptKey))
    throw formatError('KEY_UNKNOWN', { number, want: 'the keys that the shard was declared with' });

  const logSigner = LogSigner.open({ file: paths.lastSigned, origin: record.origin, crypto, signer: signers.log });
  const log = TileLog.open({ folder: paths.log, crypto });
  const keys = await SubjectKeys.open({ folder: paths.subjectKeys, crypto, randomBytes });
  const vault = await Vault.open(paths.vault, id);
  try {
    followVault(log, vault, record.origin, crypto);
    assertOneStory(log, logSigner, client, id, record.origin);
    return { id, record, paths, vault, keys, log, logSigner, receiptSigner: signers.receipt };
  } catch (error) {
    await vault.close();
    throw error;
  }
}

/** Appends to the log what the vault has and the files have not. The vault is never behind: its groups were durable first. */
function followVault(log: TileLog, vault: Vault, origin: string, crypto: Crypto): void {
  const tree = vault.tree(crypto);
  if (log.size > tree.size) throw formatError('LAST_SIGNED_CONFLICT', { origin, signedSize: log.size, size: tree.size });
  for (const { digest } of vault.entriesFrom(log.size)) log.append([digest]);
  if (log.size !== tree.size || !equalBytes(log.root(), tree.root()))
    throw formatError('LOG_DAMAGED', { origin, size: log.size, want: toHex(tree.root()), got: toHex(log.root()) });
}

/** The log continues what its key signed last and what the ledger anchored. */
function assertOneStory(log: TileLog, logSigner: LogSigner, client: Pick<NodeLink, 'read'>, shard: Bytes, origin: string): void {
  const anchored = client.read(at(anchorHeadKind, shard));
  for (const head of [logSigner.last, ...(anchored === null ? [] : [anchored])]) {
    if (head.size > log.size || !equalBytes(log.root(head.size), head.root))
      throw formatError('LAST_SIGNED_CONFLICT', { origin, signedSize: head.size, size: log.size });
  }
}
