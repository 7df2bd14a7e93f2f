/**
 * The data folder of a city: what stands where, whose it is, and that one process at a time uses it.
 *
 *   oppidum.json   whose folder this is: format, version, genesis hash; written last, so a folder without it was never finished
 *   genesis.cbor   city.policy (the policy in force)   lock   admin.sock (while the city runs)
 *   keys/          seeds, 0600 in 0700, never in a backup that anybody else can read
 *   node/          blocks and state (LMDB), 0700  log/           the block log: tiles, `checkpoint`, `last-signed`
 *   shards/<n>/    vault (0700), log and keys of telemetry shard n      gateway/    read model, rebuildable, 0700
 *   access/        API keys as hashes, log of access (SQLite), 0600 in 0700
 */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, encodeUtf8, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { encodeGenesis, type Genesis, genesisHash, genesisPolicy, parseGenesis } from '@oppidum/formats/genesis';
import { encodePolicy } from '@oppidum/formats/policy';
import { fsyncFolder, makeFolder, writeFileDurably } from './durable-file.ts';
import { lockFolder } from './folder-lock.ts';
import { closeToOthers, makeSecretFolder } from './key-files.ts';

const FORMAT = 'oppidum-data';
const VERSION = 1;

/** Absolute or relative paths of everything in a data folder. */
export type DataPaths = {
  readonly folder: string;
  readonly marker: string;
  readonly genesis: string;
  readonly policy: string;
  /** Evidence of every change of policy, by height. */
  readonly policies: string;
  readonly keys: string;
  /** The file of a named seed. */
  readonly key: (name: string) => string;
  readonly node: string;
  readonly log: string;
  readonly shard: (number: number) => string;
  readonly gateway: string;
  /** What this node offers to those that begin, and the log that it got from such a snapshot itself until it is written. */
  readonly snapshots: string;
  readonly restoredLog: string;
  /** API keys and the log of access. */
  readonly access: string;
};

/** A data folder held by this process until `release`. */
export type DataFolder = {
  readonly paths: DataPaths;
  readonly genesis: Genesis;
  readonly genesisHash: Bytes;
  readonly release: () => void;
};

/** Where things stand under a data folder. */
function dataPaths(folder: string): DataPaths {
  const keys = join(folder, 'keys');
  return {
    folder,
    marker: join(folder, 'oppidum.json'),
    genesis: join(folder, 'genesis.cbor'),
    policy: join(folder, 'city.policy'),
    policies: join(folder, 'policies'),
    keys,
    key: (name) => join(keys, `${name}.seed`),
    node: join(folder, 'node'),
    log: join(folder, 'log'),
    shard: (number) => join(folder, 'shards', String(number)),
    gateway: join(folder, 'gateway'),
    snapshots: join(folder, 'snapshots'),
    restoredLog: join(folder, 'restored-log'),
    access: join(folder, 'access'),
  };
}

/**
 * Makes the data folder of a new city and holds it. `fill` writes keys and whatever else must be there from the beginning.
 * Throws DATA_FOLDER_FOREIGN unless the folder is empty or missing, DATA_FOLDER_PERMISSIONS.
 */
export async function createDataFolder(options: {
  readonly folder: string;
  readonly crypto: Crypto;
  readonly genesis: Genesis;
  /** Bytes of the policy in force, where that is no longer the first one. */
  readonly policy?: Bytes;
  readonly fill?: (paths: DataPaths) => Promise<void>;
}): Promise<DataFolder> {
  const { folder, crypto, genesis, fill } = options;
  const paths = dataPaths(folder);
  return translatePermissions(folder, async () => {
    const changed = await makeFolder(folder);
    if (readdirSync(folder).length > 0) throw formatError('DATA_FOLDER_FOREIGN', { folder, want: 'an empty folder' });
    const lock = lockFolder(folder);
    try {
      for (const part of [paths.log, join(folder, 'shards')]) changed.push(...(await makeFolder(part)));
      for (const part of [paths.keys, paths.node, paths.gateway]) await makeSecretFolder(part);
      await fill?.(paths);
      // DURABLE: genesis
      await writeFileDurably(paths.genesis, encodeGenesis(genesis));
      // DURABLE: policy
      await writeFileDurably(paths.policy, options.policy ?? encodePolicy(crypto, genesisPolicy(crypto, genesis)));
      for (const changedFolder of new Set(changed)) await fsyncFolder(changedFolder);
      const hash = genesisHash(crypto, genesis);
      // COMMIT POINT
      const marker = { format: FORMAT, version: VERSION, genesisHash: toHex(hash) };
      // DURABLE: marker
      await writeFileDurably(paths.marker, encodeUtf8(`${JSON.stringify(marker, null, 2)}\n`));
      return { paths, genesis, genesisHash: hash, release: lock.release };
    } catch (error) {
      lock.release();
      throw error;
    }
  });
}

/**
 * Opens and holds the data folder of a city; with `genesisHash`, of that city and no other.
 * Throws DATA_FOLDER_MISSING, DATA_FOLDER_FOREIGN, DATA_FOLDER_VERSION, DATA_FOLDER_PERMISSIONS, DATA_FOLDER_LOCKED.
 */
export async function openDataFolder(options: {
  readonly folder: string;
  readonly crypto: Crypto;
  readonly genesisHash?: Bytes;
}): Promise<DataFolder> {
  const { folder } = options;
  return translatePermissions(folder, async () => {
    const known = identifyDataFolder(options);
    const { paths, genesisHash: computed } = known;
    const want = options.genesisHash ?? computed;
    if (!equalBytes(want, computed))
      throw formatError('DATA_FOLDER_FOREIGN', { folder, want: toHex(want), got: toHex(computed) });
    assertSecret(paths);
    for (const part of [paths.node, paths.gateway]) closeToOthers(part);
    const lock = lockFolder(folder);
    return { ...known, release: lock.release };
  });
}

/** Whose data folder this is, without holding it: for whoever only reads. Throws DATA_FOLDER_MISSING, DATA_FOLDER_FOREIGN, DATA_FOLDER_VERSION. */
export function identifyDataFolder({
  folder,
  crypto,
}: {
  readonly folder: string;
  readonly crypto: Crypto;
}): Omit<DataFolder, 'release'> {
  const paths = dataPaths(folder);
  const hash = readMarker(paths);
  const genesis = parseGenesis(new Uint8Array(readFileSync(paths.genesis)));
  const computed = genesisHash(crypto, genesis);
  if (toHex(computed) !== hash) throw formatError('DATA_FOLDER_FOREIGN', { folder, marker: hash, genesis: toHex(computed) });
  return { paths, genesis, genesisHash: computed };
}

/** The genesis hash in the marker, as hex. */
function readMarker(paths: DataPaths): string {
  const { folder } = paths;
  const names = listNames(folder);
  if (names === null || names.length === 0) throw formatError('DATA_FOLDER_MISSING', { folder });
  if (!names.includes('oppidum.json')) throw formatError('DATA_FOLDER_FOREIGN', { folder, want: 'oppidum.json' });
  const { format, version, genesisHash: hash } = parseMarker(readFileSync(paths.marker, 'utf8'));
  if (format !== FORMAT) throw formatError('DATA_FOLDER_FOREIGN', { folder, want: FORMAT });
  if (version !== VERSION) throw formatError('DATA_FOLDER_VERSION', { folder, want: VERSION, got: String(version) });
  return String(hash);
}

function listNames(folder: string): string[] | null {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code === 'ENOTDIR') throw formatError('DATA_FOLDER_FOREIGN', { folder, want: 'a folder' });
    throw error;
  }
}

function parseMarker(text: string): { readonly format?: unknown; readonly version?: unknown; readonly genesisHash?: unknown } {
  try {
    const marker = JSON.parse(text) as unknown;
    return typeof marker === 'object' && marker !== null ? marker : {};
  } catch {
    return {};
  }
}

function assertSecret({ folder, keys }: DataPaths): void {
  const mode = statSync(keys).mode & 0o777;
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    throw formatError('DATA_FOLDER_PERMISSIONS', { folder, keys: `mode ${mode.toString(8)}`, want: 'mode 700' });
}

async function translatePermissions<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
      throw formatError('DATA_FOLDER_PERMISSIONS', { folder, system: code, call: syscall ?? 'unknown' });
    throw error;
  }
}
