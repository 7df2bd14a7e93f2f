/**
 * Makes a data folder from the folder of a backup. Logs of shards are derived from their vaults and compared with their heads.
 *
 * What was signed last is never restored. Without the signing state of the lost city (`signing-state.ts`) the restored one has
 * fresh validator keys, publishes checkpoints once a policy names them, and its shards are archives: read and proven, never appended to.
 */

import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Bytes, equalBytes, parseHex, toHex } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import type { Crypto } from '@oppidum/formats/crypto';
import { type Genesis, genesisHash, parseGenesis } from '@oppidum/formats/genesis';
import { cityOrigin, shardOrigin } from '@oppidum/formats/ids';
import { createDataFolder, type DataFolder, type DataPaths } from '@oppidum/node/data-folder';
import { fsyncFolder } from '@oppidum/node/durable-file';
import { makeSecretFolder, writeSeedFile } from '@oppidum/node/key-files';
import { writeFirstRecord } from '@oppidum/node/log-signer';
import { writeLog } from '@oppidum/node/write-log';
import { open as openEnvironment } from 'lmdb';
import { shardPaths } from '../shard-keys.ts';
import { Vault } from '../vault.ts';
import { parseAnchor } from '../vault-records.ts';
import { type BackupManifest, type BackupShard, invalid, readManifest } from './backup-folder.ts';
import { adoptSigningState, assertContinues, type SigningState } from './signing-state.ts';

export type RestoreOptions = {
  /** Folder of the backup. */
  readonly from: string;
  /** Missing or empty; on failure left empty. */
  readonly folder: string;
  readonly crypto: Crypto;
  readonly randomBytes: (size: number) => Bytes;
  /** Folder of an export of keys (`keys-export.ts`), or null. */
  readonly keys: string | null;
  /** The data folder whose keys and last-signed records are moved here, or null. */
  readonly signingState: string | null;
};

/** What was restored; the folder is held until `folder.release`. */
export type Restored = { readonly folder: DataFolder; readonly manifest: BackupManifest; readonly hasSigningState: boolean };

/** Restores a city. Throws BACKUP_INVALID, LAST_SIGNED_CONFLICT (the signing state is ahead of the backup), and as `createDataFolder` does. */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { from, folder, crypto } = options;
  const manifest = await readManifest(from, 'data');
  const keys = options.keys === null ? null : await readManifest(options.keys, 'keys');
  const genesis = parseGenesis(read(from, 'genesis.cbor'));
  const hash = genesisHash(crypto, genesis);
  for (const { genesisHash: named } of [manifest, ...(keys === null ? [] : [keys])])
    if (named !== toHex(hash)) throw invalid('backup.json', `the city ${toHex(hash)}`);
  const origin = cityOrigin(genesis.name, hash);
  let begun = false;
  const fill = async (paths: DataPaths): Promise<void> => {
    begun = true;
    await fillFolder(options, { paths, manifest, keys, origin, genesis });
  };
  try {
    const made = await createDataFolder({ folder, crypto, genesis, policy: read(from, 'city.policy'), fill });
    return { folder: made, manifest, hasSigningState: options.signingState !== null };
  } catch (error) {
    if (begun) rmSync(folder, { recursive: true, force: true });
    if (begun) mkdirSync(folder, { recursive: true });
    throw error;
  }
}

type Restoring = {
  readonly paths: DataPaths;
  readonly manifest: BackupManifest;
  readonly keys: BackupManifest | null;
  readonly origin: string;
  readonly genesis: Genesis;
};

async function fillFolder(options: RestoreOptions, restoring: Restoring): Promise<void> {
  const { from, folder, crypto, signingState, randomBytes } = options;
  const { paths, manifest, keys, origin } = restoring;
  const isOurs = ({ path }: { readonly path: string }): boolean => path !== 'genesis.cbor' && path !== 'city.policy';
  await copyFiles(from, folder, manifest.files.filter(isOurs), 0o644);
  const height = await newestHeight(paths.node);
  for (const shard of manifest.shards) await deriveLog(options, paths, shard, height);
  const state: SigningState = { folder, origin, shards: manifest.shards, crypto };
  if (signingState !== null) {
    await assertContinues(state, signingState);
    if (keys !== null) await copyFiles(options.keys as string, folder, keys.files, 0o600);
    return adoptSigningState(state, signingState);
  }
  if (keys !== null) await copyFiles(options.keys as string, folder, keys.files, 0o600);
  await writeFirstRecord(join(paths.log, 'last-signed'), origin, crypto);
  for (const use of ['log', 'cosigner']) await writeSeedFile(paths.key(use), randomBytes(32));
  for (const { number } of manifest.shards)
    await writeFirstRecord(shardPaths(paths.shard(number)).lastSigned, shardOrigin(origin, number), crypto);
}

/** Copies files, each durable. */
async function copyFiles(from: string, to: string, files: BackupManifest['files'], mode: number): Promise<void> {
  const folders = new Set<string>();
  for (const { path } of files) {
    const target = join(to, ...path.split('/'));
    await (mode === 0o600 ? makeSecretFolder(dirname(target)) : mkdirSync(dirname(target), { recursive: true }));
    copyFileSync(join(from, ...path.split('/')), target);
    await settle(target, mode);
    folders.add(dirname(target));
  }
  for (const folder of folders) await fsyncFolder(folder);
}

async function settle(file: string, mode: number): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.chmod(mode);
  await handle.sync();
  await handle.close();
}

/** The log of a shard from its vault; its checkpoint must be a head of it. */
async function deriveLog({ crypto }: RestoreOptions, paths: DataPaths, shard: BackupShard, height: number): Promise<void> {
  const { log, vault: folder } = shardPaths(paths.shard(shard.number));
  const vault = await Vault.open(folder, parseHex(shard.id));
  try {
    await forgetAnchors(vault, height);
    const noteFile = join(log, 'checkpoint');
    const checkpoint = existsSync(noteFile) ? parseCheckpointNote(new Uint8Array(readFileSync(noteFile))).checkpoint : null;
    function* entries(from: number): Generator<Bytes> {
      for (const { digest } of vault.entriesFrom(from)) yield digest;
    }
    const { head, rootAtCheckpoint } = await writeLog({ folder: log, crypto, entries, checkpointSize: checkpoint?.size ?? 0 });
    const tree = vault.tree(crypto);
    const name = `shards/${shard.number}/vault`;
    if (head.size !== shard.size || head.size !== tree.size || !equalBytes(head.root, tree.root()))
      throw invalid(name, 'entries with the root that the vault names');
    if (checkpoint !== null && (rootAtCheckpoint === null || !equalBytes(rootAtCheckpoint, checkpoint.root)))
      throw invalid(name, 'entries under the checkpoint of the shard');
  } finally {
    await vault.close();
  }
}

/** Height of the newest block that was restored. */
async function newestHeight(folder: string): Promise<number> {
  const root = openEnvironment({ path: folder, readOnly: true, overlappingSync: false, maxDbs: 32, noSubdir: false });
  try {
    const blocks = root.openDB<Bytes, number>({ name: 'blocks', encoding: 'binary' });
    return [...blocks.getKeys({ reverse: true, limit: 1 })][0] ?? -1;
  } finally {
    await root.close();
  }
}

/** The vault was copied after the node: anchors in blocks that were not restored never took effect here. */
async function forgetAnchors(vault: Vault, height: number): Promise<void> {
  const anchors = vault.environment.openDB<Bytes, number>('anchors', { encoding: 'binary' });
  const later = [...anchors.getRange()].filter(({ key, value }) => parseAnchor(key, value).height > height);
  for (const { key } of later) await anchors.remove(key);
}

function read(folder: string, name: string): Bytes {
  try {
    return new Uint8Array(readFileSync(join(folder, name)));
  } catch {
    throw invalid(name, 'the file');
  }
}
