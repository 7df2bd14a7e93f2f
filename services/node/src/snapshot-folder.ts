/**
 * Snapshots as folders: `manifest.cbor`, `chunks/<number>`, and `log/`, the block log as tiles. A city is restored from one with nothing
 * trusted but its policy file. Keys are never part of it: a restored node has fresh ones, and signs once a policy names them.
 */

import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { encodeGenesis, type Genesis, genesisHash, parseGenesis } from '@oppidum/formats/genesis';
import { genesisHashOf } from '@oppidum/formats/ids';
import { evaluatePolicy, parsePolicy, refusalOf } from '@oppidum/formats/policy';
import type { Registry } from '@oppidum/ledger/action';
import { Application } from './application.ts';
import { createDataFolder, type DataFolder, type DataPaths } from './data-folder.ts';
import { makeFolder, writeFileDurably } from './durable-file.ts';
import { writeSeedFile } from './key-files.ts';
import { writeFirstRecord } from './log-signer.ts';
import { NodeStore } from './node-store.ts';
import { CHUNK_SIZE_MAX, encodeManifest, parseManifest, type SnapshotManifest } from './snapshot-format.ts';
import { invalid, refuseInvalid, takeSnapshot } from './snapshots.ts';
import { TileLog } from './tile-log.ts';

const MANIFEST_SIZE_MAX = 8 * 2 ** 20;
/** Entries copied before the log is made durable. */
const COPY_COUNT = 65_536;

/** Writes the snapshot of a city that does not run, under its published checkpoint; `out` is made. Throws STATE_PRUNED. */
export async function writeSnapshot(options: {
  readonly folder: DataFolder;
  readonly crypto: Crypto;
  readonly out: string;
}): Promise<SnapshotManifest> {
  const { folder, crypto, out } = options;
  const { paths, genesis } = folder;
  const checkpoint = new Uint8Array(readFileSync(join(paths.log, 'checkpoint')));
  const { size } = parseCheckpointNote(checkpoint).checkpoint;
  const store = NodeStore.open({ folder: paths.node, crypto, genesisHash: folder.genesisHash });
  try {
    await makeFolder(join(out, 'chunks'));
    const { windowEdge, chunks } = takeSnapshot(store, size);
    const digests: Bytes[] = [];
    for (const chunk of chunks) {
      await writeFileDurably(join(out, 'chunks', String(digests.length)), chunk);
      digests.push(crypto.sha256(chunk));
    }
    const from = TileLog.open({ folder: paths.log, crypto });
    await copyLog(crypto, from, join(out, 'log'), size);
    const policy = new Uint8Array(readFileSync(paths.policy));
    const manifest = { version: 1, genesis: encodeGenesis(genesis), policy, checkpoint, windowEdge, chunks: digests };
    // COMMIT POINT
    await writeFileDurably(join(out, 'manifest.cbor'), encodeManifest(manifest));
    return manifest;
  } finally {
    await store.close();
  }
}

export type RestoreOptions = {
  /** The snapshot. */
  readonly from: string;
  /** Missing or empty; on failure left empty. */
  readonly folder: string;
  readonly crypto: Crypto;
  readonly registry: Registry;
  /** Bytes of a policy file of this city, from somebody who is trusted. */
  readonly policy: Bytes;
  readonly randomBytes: (size: number) => Bytes;
};

/**
 * Makes the data folder of a city from a snapshot and holds it.
 * Throws SNAPSHOT_INVALID, what refuses the checkpoint under the policy (QUORUM_MISSING, LOG_UNKNOWN …), and as `createDataFolder` does.
 */
export async function restoreSnapshot(options: RestoreOptions): Promise<DataFolder> {
  const { from, folder, crypto, policy } = options;
  const manifest = refuseInvalid(() => parseManifest(readLimited(join(from, 'manifest.cbor'), MANIFEST_SIZE_MAX)));
  const report = refuseInvalid(() => evaluatePolicy(crypto, parsePolicy(crypto, policy), manifest.checkpoint));
  const refusal = refusalOf(report);
  if (refusal !== null) throw formatError(refusal.code, refusal.details);
  const genesis = refuseInvalid(() => parseGenesis(manifest.genesis));
  const named = refuseInvalid(() => genesisHashOf(report.checkpoint.origin));
  if (!equalBytes(genesisHash(crypto, genesis), named))
    throw invalid('the genesis document of the city that the checkpoint names');
  let begun: DataPaths | null = null;
  const fill = async (paths: DataPaths): Promise<void> => {
    begun = paths;
    await fillFolder(options, { paths, manifest, genesis, ...report.checkpoint });
  };
  try {
    return await createDataFolder({ folder, crypto, genesis, policy: manifest.policy, fill });
  } catch (error) {
    // `begun`: the folder was empty, so that everything in it is ours.
    if (begun !== null) rmSync(folder, { recursive: true, force: true });
    if (begun !== null) mkdirSync(folder, { recursive: true });
    throw error;
  }
}

type Restored = {
  readonly paths: DataPaths;
  readonly manifest: SnapshotManifest;
  readonly genesis: Genesis;
  readonly origin: string;
  readonly size: number;
  readonly root: Bytes;
};

async function fillFolder(options: RestoreOptions, restored: Restored): Promise<void> {
  const { from, crypto, randomBytes } = options;
  const { paths, manifest, origin, size, root } = restored;
  await restoreState(options, restored);
  const source = refuseInvalid(() => TileLog.open({ folder: join(from, 'log'), crypto }));
  if (source.size < size || !equalBytes(source.root(size), root)) throw invalid('the log under the checkpoint');
  await copyLog(crypto, source, paths.log, size);
  await writeFileDurably(join(paths.log, 'checkpoint'), manifest.checkpoint);
  await writeFirstRecord(join(paths.log, 'last-signed'), origin, crypto);
  for (const use of ['log', 'cosigner']) await writeSeedFile(paths.key(use), randomBytes(32));
}

async function restoreState({ from, crypto, registry }: RestoreOptions, restored: Restored): Promise<void> {
  const { paths, manifest, genesis, root } = restored;
  const store = NodeStore.open({ folder: paths.node, crypto, genesisHash: genesisHash(crypto, genesis) });
  try {
    const rules = { crypto, registry, genesis: genesisHash(crypto, genesis) };
    const application = new Application({ store, rules, genesis });
    application.offerSnapshot(manifest, root);
    for (const index of manifest.chunks.keys()) {
      const chunk = refuseInvalid(() => readLimited(join(from, 'chunks', String(index)), CHUNK_SIZE_MAX));
      const newest = await application.applySnapshotChunk(index, chunk);
      if (newest !== null && !equalBytes(crypto.sha256(manifest.policy), newest.validatorSetDigest))
        throw invalid('the policy that the newest block names');
    }
    application.keepSnapshot();
    application.info();
  } finally {
    await store.close();
  }
}

/** A file of an outsider's folder. Throws TOO_LARGE, SNAPSHOT_INVALID where there is none. */
function readLimited(file: string, sizeMax: number): Bytes {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) throw invalid('a file', { file });
  if (stat.size > sizeMax) throw formatError('TOO_LARGE', { file, sizeMax });
  return new Uint8Array(readFileSync(file));
}

/** Writes the first `size` entries of a log as the files of another, every hash computed anew. */
async function copyLog(crypto: Crypto, from: TileLog, folder: string, size: number): Promise<void> {
  await makeFolder(folder);
  const log = TileLog.open({ folder, crypto });
  for (let index = log.size; index < size; index++) {
    log.append([refuseInvalid(() => from.entry(index))]);
    if (log.size % COPY_COUNT === 0) await log.persist();
  }
  await log.persist();
  if (!equalBytes(log.root(), from.root(size))) throw invalid('a log whose entries have its root');
  log.close();
}
