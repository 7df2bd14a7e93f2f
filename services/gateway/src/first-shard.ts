/**
 * The shard that comes with embedded defaults. At the first start it is declared on the ledger with the operator's key, if that lies in
 * the data folder; where it does not, the city runs without taking readings until somebody declares a shard.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError } from '@oppidum/formats/errors';
import type { NodeClient } from '@oppidum/node/client';
import type { DataFolder } from '@oppidum/node/data-folder';
import { isArchivedShard } from '@oppidum/telemetry/archived-shard';
import { shardOfNumber } from '@oppidum/telemetry/declare-shard';
import { declareFolderShard, folderSigners, openFolderShard } from '@oppidum/telemetry/folder-shard';
import type { OpenShard } from '@oppidum/telemetry/open-shard';
import type { Logger } from 'pino';

const NUMBER = 0;
const RETRY_MS = 1_000;

export type FirstShardOptions = {
  readonly folder: DataFolder;
  readonly node: NodeClient;
  readonly crypto: Crypto;
  readonly logger: Logger;
  readonly onFailure: (error: Error) => void;
};

/** Declares shard 0 where that is due, and opens it; null where its keys or accounts are not here. Throws as `openShard` does. */
export async function openFirstShard(options: FirstShardOptions): Promise<OpenShard | null> {
  const { node, logger } = options;
  const { paths } = options.folder;
  const { operator, telemetry } = folderSigners(paths);
  const isArchive = isArchivedShard(paths.shard(NUMBER));
  if (!isArchive && telemetry === null && operator === null) {
    logger.info('this node takes no readings: the keys of a shard are not in its data folder');
    return null;
  }
  if (!isArchive && (telemetry === null || (operator === null && shardOfNumber(node, NUMBER) === null))) {
    logger.warn('no readings are taken: shard 0 is not declared, and the keys that could do it are not in the data folder');
    return null;
  }
  if (operator !== null) await declareInTime(options);
  return openFolderShard({ ...options, paths, number: NUMBER });
}

/** Of several validators too few may run yet for a decision: it waits for them as long as it takes. */
async function declareInTime(options: FirstShardOptions): Promise<void> {
  const { folder, node, logger } = options;
  for (;;) {
    try {
      return await declareFolderShard({ ...options, paths: folder.paths, number: NUMBER });
    } catch (error) {
      const isPassing = error instanceof FormatError && (error.code === 'OVERLOADED' || error.code === 'ENGINE_AWAY');
      if (!isPassing || !node.isAlive()) throw error;
      logger.warn({ code: error.code }, 'the other validators do not answer: too few of them run to decide anything');
      await sleep(RETRY_MS);
    }
  }
}
