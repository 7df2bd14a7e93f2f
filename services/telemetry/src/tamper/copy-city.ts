/**
 * A whole copy of a city, running or not, as of one moment: a backup, restored beside it, and then what no backup has, its keys. So
 * whoever holds the copy can do what the operator of the city can, and the city knows nothing of it. For the tamper desk alone.
 */

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { encodeUtf8 } from '@oppidum/formats/bytes';
import { encodeCheckpoint, parseCheckpointNote } from '@oppidum/formats/checkpoint';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { type DataPaths, identifyDataFolder } from '@oppidum/node/data-folder';
import { writeFileDurably } from '@oppidum/node/durable-file';
import { makeSecretFolder } from '@oppidum/node/key-files';
import { restoreBackup } from '../backup/restore-backup.ts';
import { takeBackup } from '../backup/take-backup.ts';
import { shardPaths } from '../shard-keys.ts';

export type CopyOptions = {
  /** Data folder of the city. */
  readonly data: string;
  /** Folder for the copy: missing or empty, and whose parent is closed to others. */
  readonly to: string;
  readonly crypto: Crypto;
  readonly nowMs: number;
  readonly randomBytes: (size: number) => Uint8Array;
  /** Bytes of the databases that are copied at most. */
  readonly sizeMax: number;
  /** Bytes of the disk that stay free: the city writes to it, too. */
  readonly freeMin: number;
};

/** A backup, what is restored from it, and what is derived or written anew. */
const COPY_COUNT = 4;

/** Copies a city; nothing in `data` is written. Throws DESK_TOO_LARGE, and as `takeBackup` and `restoreBackup` do. */
export async function copyCity({ data, to, crypto, nowMs, randomBytes, sizeMax, freeMin }: CopyOptions): Promise<void> {
  const { paths } = identifyDataFolder({ folder: data, crypto });
  const size = sizeOf(paths);
  if (size > sizeMax) throw formatError('DESK_TOO_LARGE', { size, sizeMax });
  const { bavail, bsize } = statfsSync(data);
  const free = bavail * bsize;
  if (free < COPY_COUNT * size + freeMin) throw formatError('DESK_TOO_LARGE', { size, free, freeMin });
  const backup = `${to}.backup`;
  const { shards } = await takeBackup({ data, out: backup, crypto, nowMs });
  const restored = await restoreBackup({ from: backup, folder: to, crypto, randomBytes, keys: null, signingState: null });
  restored.folder.release();
  rmSync(backup, { recursive: true, force: true });
  copySecrets(paths.keys, restored.folder.paths.keys, /\.(seed|json)$/);
  await repeatLastSigned(restored.folder.paths.log);
  for (const { number } of shards) {
    const [from, copy] = [shardPaths(paths.shard(number)), shardPaths(restored.folder.paths.shard(number))];
    await makeSecretFolder(join(restored.folder.paths.shard(number), 'keys'));
    for (const seed of ['logSeed', 'receiptSeed'] as const) if (existsSync(from[seed])) copyFileSync(from[seed], copy[seed]);
    await makeSecretFolder(copy.subjectKeys);
    if (existsSync(from.subjectKeys)) copySecrets(from.subjectKeys, copy.subjectKeys, /\.key$/);
    await repeatLastSigned(copy.log);
  }
}

/** What a copy takes: databases and their logs, of which those of shards follow from the vaults. */
function sizeOf({ folder, node }: DataPaths): number {
  const shards = join(folder, 'shards');
  const vaults = existsSync(shards) ? readdirSync(shards).map((name) => join(shards, name, 'vault')) : [];
  return [node, ...vaults]
    .map((environment) => statSync(join(environment, 'data.mdb'), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, more) => sum + more, 0);
}

/** Copies keep the modes of the files. */
function copySecrets(from: string, to: string, names: RegExp): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(from).filter((other) => names.test(other))) copyFileSync(join(from, name), join(to, name));
}

/** What the copy says was signed last is what was published when it was made; the city itself goes on from its own record. */
async function repeatLastSigned(log: string): Promise<void> {
  const file = join(log, 'checkpoint');
  if (!existsSync(file)) return;
  const { checkpoint } = parseCheckpointNote(new Uint8Array(readFileSync(file)));
  await writeFileDurably(join(log, 'last-signed'), encodeUtf8(encodeCheckpoint(checkpoint)));
}
