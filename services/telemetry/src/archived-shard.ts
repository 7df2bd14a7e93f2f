/**
 * A shard that was restored from a backup without its keys: what was signed last is unknown, so nothing is appended and nothing signed
 * with them again. Its readings are read, proven and erased as before; whoever sends is told that it is retired, and is at home elsewhere
 * once the ledger says so.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseUtf8 } from '@oppidum/formats/bytes';
import { parseCheckpoint, parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { formatError, orNull, reject } from '@oppidum/formats/errors';
import { at } from '@oppidum/formats/state-layout';
import { shardKind } from '@oppidum/formats/state-telemetry';
import type { PublishedCheckpoint } from '@oppidum/node/publisher';
import { TileLog } from '@oppidum/node/tile-log';
import type { IngestAnswer } from './client.ts';
import { findClones } from './clones.ts';
import { shardOfNumber } from './declare-shard.ts';
import { Erasures } from './erasures.ts';
import { Listeners } from './listeners.ts';
import type { OpenShard, ShardOptions } from './open-shard.ts';
import { telemetryClient } from './shard-client.ts';
import { shardPaths } from './shard-keys.ts';
import { SubjectKeys } from './subject-keys.ts';
import { Vault } from './vault.ts';

export type ArchivedShardOptions = Omit<ShardOptions, 'anchorSigner'>;

/** True for the folder of a shard without keys whose record of what was signed last is that of a key that signed nothing. */
export function isArchivedShard(folder: string): boolean {
  const { logSeed, lastSigned, vault } = shardPaths(folder);
  if (existsSync(logSeed) || !existsSync(lastSigned) || !existsSync(vault)) return false;
  return orNull(() => parseCheckpoint(parseUtf8(new Uint8Array(readFileSync(lastSigned)))).size === 0) ?? false;
}

/** Opens it. Throws SHARD_UNKNOWN, DATA_FOLDER_FOREIGN, LOG_DAMAGED. */
export async function openArchivedShard(options: ArchivedShardOptions): Promise<OpenShard> {
  const { client, crypto, number, folder, randomBytes, erasureSigner, clock = Date.now } = options;
  const paths = shardPaths(folder);
  const id = shardOfNumber(client, number);
  const record = id === null ? null : client.read(at(shardKind, id));
  if (id === null || record === null) throw formatError('SHARD_UNKNOWN', { number });
  const log = TileLog.open({ folder: paths.log, crypto });
  const keys = await SubjectKeys.open({ folder: paths.subjectKeys, crypto, randomBytes });
  const vault = await Vault.open(paths.vault, id);
  const parts = { id, record, paths, vault, keys, log };
  const erasures = new Erasures({ ...parts, client, crypto, randomBytes, signer: erasureSigner, shard: id, clock });
  const latest = readCheckpoint(paths.log);
  let turn: Promise<unknown> = Promise.resolve();
  return {
    client: telemetryClient({
      ...{ number, client, crypto, parts, erasures, kept: new Listeners(), anchored: new Listeners() },
      publisher: { latest: () => latest },
      sequencer: CLOSED,
    }),
    erase(device, legalBasis) {
      const erased = turn.then(() => erasures.erase(device, legalBasis));
      turn = erased.catch(() => undefined);
      return erased;
    },
    clones: () => findClones(vault, keys),
    async close() {
      await turn;
      log.close();
      await vault.close();
    },
  };
}

/** Nothing is final here: devices keep what they have. */
const answer = (): IngestAnswer => ({ kind: 'passing', rejection: reject('SHARD_RETIRED') });
const CLOSED = {
  isOpen: false,
  isBusy: false,
  ingest: async () => answer(),
  ingestAll: async (envelopes: readonly unknown[]) => envelopes.map(answer),
  ingestInTurn: async () => answer(),
};

function readCheckpoint(folder: string): PublishedCheckpoint | null {
  const file = join(folder, 'checkpoint');
  if (!existsSync(file)) return null;
  const note = new Uint8Array(readFileSync(file));
  const { size, root } = parseCheckpointNote(note).checkpoint;
  return { size, root, note };
}
