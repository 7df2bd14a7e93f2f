/**
 * Takes a backup of a city, running or not. Each store is copied row by row by one read transaction of LMDB, so as it was at one moment,
 * and nothing of what was deleted; their order makes the copies one story: a log's checkpoint before the log, the node before the shards, since whatever
 * an earlier copy names the later one has. Tiles of shards follow from vaults and are derived when it is restored.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { identifyDataFolder } from '@oppidum/node/data-folder';
import { writeFileDurably } from '@oppidum/node/durable-file';
import { makeSecretFolder } from '@oppidum/node/key-files';
import { TileLog } from '@oppidum/node/tile-log';
import { writeLog } from '@oppidum/node/write-log';
import { CompactTree } from '@oppidum/proofs/merkle-tree';
import { open } from 'lmdb';
import { type BackupManifest, type BackupShard, writeManifest } from './backup-folder.ts';
import { copyEnvironment } from './copy-environment.ts';

export type TakeOptions = {
  /** Data folder of the city. */
  readonly data: string;
  /** Folder for the backup: missing or empty. */
  readonly out: string;
  readonly crypto: Crypto;
  readonly nowMs: number;
};

/** A running city may replace partial tiles between two looks at them. */
const OPEN_TRIES = 8;
const OPEN_PAUSE_MS = 50;

/** Copies a city into a folder. Throws DATA_FOLDER_FOREIGN when `out` is not empty, and as `identifyDataFolder` does. */
export async function takeBackup({ data, out, crypto, nowMs }: TakeOptions): Promise<BackupManifest> {
  const { paths, genesisHash } = identifyDataFolder({ folder: data, crypto });
  await makeSecretFolder(out);
  if (readdirSync(out).length > 0) throw formatError('DATA_FOLDER_FOREIGN', { folder: out, want: 'an empty folder' });
  const copy = async (from: string, ...to: readonly string[]): Promise<void> =>
    writeFileDurably(join(out, ...to), new Uint8Array(readFileSync(from)));

  const checkpoint = existsSync(join(paths.log, 'checkpoint')) ? readNote(join(paths.log, 'checkpoint')) : null;
  await copy(paths.genesis, 'genesis.cbor');
  await copy(paths.policy, 'city.policy');
  if (existsSync(paths.policies)) {
    mkdirSync(join(out, 'policies'));
    for (const name of readdirSync(paths.policies).filter((other) => other.endsWith('.evidence')))
      await copy(join(paths.policies, name), 'policies', name);
  }
  const checkpointSize = checkpoint?.size ?? 0;
  const logSize = await copyBlockLog(paths.log, join(out, 'log'), crypto, checkpointSize);
  if (checkpoint !== null) await writeFileDurably(join(out, 'log', 'checkpoint'), checkpoint.note);
  await copyEnvironment(paths.node, join(out, 'node'));

  const shards: BackupShard[] = [];
  for (const name of listShards(join(data, 'shards'))) {
    const shard = await copyShard(join(data, 'shards', name), join(out, 'shards', name), Number(name), crypto);
    if (shard !== null) shards.push(shard);
  }
  const facts = { kind: 'data' as const, genesisHash: toHex(genesisHash), createdMs: nowMs, logSize, checkpointSize, shards };
  return writeManifest(out, facts);
}

function readNote(file: string): { readonly note: Bytes; readonly size: number; readonly origin: string } {
  const note = new Uint8Array(readFileSync(file));
  const { size, origin } = parseCheckpointNote(note).checkpoint;
  return { note, size, origin };
}

/** Numbers of the shards whose folders are here, in order. */
function listShards(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^(0|[1-9][0-9]{0,3})$/.test(name))
    .sort((a, b) => Number(a) - Number(b));
}

/** Writes the block log anew from what its files say, each entry checked against the frontier. Answers its size. */
async function copyBlockLog(from: string, to: string, crypto: Crypto, checkpointSize: number): Promise<number> {
  const source = await openLog(from, crypto);
  const { size } = source;
  function* entries(first: number): Generator<Bytes> {
    for (let index = first; index < size; index++) yield source.entry(index);
  }
  const { head } = await writeLog({ folder: to, crypto, entries, checkpointSize });
  if (!equalBytes(head.root, source.root())) throw formatError('LOG_DAMAGED', { folder: from, size });
  source.close();
  return size;
}

async function openLog(folder: string, crypto: Crypto): Promise<TileLog> {
  for (let left = OPEN_TRIES; ; left--) {
    try {
      return TileLog.open({ folder, crypto });
    } catch (error) {
      if (left === 0 || !(error instanceof FormatError && error.code === 'LOG_DAMAGED')) throw error;
      await sleep(OPEN_PAUSE_MS);
    }
  }
}

/** Null for a folder whose shard was never declared. */
async function copyShard(from: string, to: string, number: number, crypto: Crypto): Promise<BackupShard | null> {
  if (!existsSync(join(from, 'vault', 'data.mdb'))) return null;
  await makeSecretFolder(join(to, 'log'));
  const noteFile = join(from, 'log', 'checkpoint');
  const note = existsSync(noteFile) ? readNote(noteFile) : null;
  await copyEnvironment(join(from, 'vault'), join(to, 'vault'));
  if (note !== null) await writeFileDurably(join(to, 'log', 'checkpoint'), note.note);
  const head = await readHead(join(to, 'vault'));
  if (head.shard === null) return null;
  const size = head.tree === null ? 0 : CompactTree.parse(crypto, head.tree).size;
  return { number, id: toHex(head.shard), size };
}

async function readHead(folder: string): Promise<{ readonly shard: Bytes | null; readonly tree: Bytes | null }> {
  const root = open({ path: folder, readOnly: true, overlappingSync: false, maxDbs: 32, noSubdir: false });
  const head = root.openDB<Bytes, string>({ name: 'head', encoding: 'binary' });
  const read = (key: string): Bytes | null => {
    const value = head.get(key);
    return value === undefined ? null : new Uint8Array(value);
  };
  const found = { shard: read('shard'), tree: read('tree') };
  await root.close();
  // Opening it made one.
  rmSync(join(folder, 'lock.mdb'), { force: true });
  return found;
}
