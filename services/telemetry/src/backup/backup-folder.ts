/**
 * What a backup holds, as files with their digests: `backup.json`, written last, beside a part of a data folder. Never in it: what was
 * signed last and the keys of logs and validators (a restored one could sign a second history), subjects' keys and accounts' keys
 * (`keys-export.ts`), sockets and locks, the read model (rebuilt).
 */

import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Bytes, encodeUtf8 } from '@oppidum/formats/bytes';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { writeFileDurably } from '@oppidum/node/durable-file';

const FORMAT = 'oppidum-backup';
const VERSION = 1;
const NAME = 'backup.json';
const MANIFEST_SIZE_MAX = 64 * 2 ** 20;
/** What a backup of each kind may hold (specs/backups.md §2, §3): never what was signed last, nor keys that sign histories. */
const PLACES: Readonly<Record<BackupKind, RegExp>> = {
  data: /^(genesis\.cbor|city\.policy|policies\/[^/]+\.evidence|node\/data\.mdb|log\/(checkpoint|frontier|tile\/.+)|shards\/(0|[1-9][0-9]{0,3})\/(vault\/data\.mdb|log\/checkpoint))$/,
  keys: /^(keys\/(?!(log|cosigner)(-.*)?\.seed$)[^/]+\.(seed|json)|shards\/(0|[1-9][0-9]{0,3})\/subject-keys\/[0-9a-f]{64}\.key)$/,
};

/** `data`: what the city recorded; `keys`: keys of accounts and subjects. */
export type BackupKind = 'data' | 'keys';

/** One file: its path with `/`, bytes, SHA-256 in hex. */
export type BackupFile = { readonly path: string; readonly size: number; readonly sha256: string };

/** A shard in a backup; `size` is that of its vault. */
export type BackupShard = { readonly number: number; readonly id: string; readonly size: number };

/** The content of `backup.json`. */
export type BackupManifest = {
  readonly kind: BackupKind;
  /** Of the city, in hex. */
  readonly genesisHash: string;
  readonly createdMs: number;
  /** Leaves of the block log, and under its checkpoint. */
  readonly logSize: number;
  readonly checkpointSize: number;
  readonly shards: readonly BackupShard[];
  readonly files: readonly BackupFile[];
};

/** Completes a folder with its manifest. */
export async function writeManifest(folder: string, facts: Omit<BackupManifest, 'files'>): Promise<BackupManifest> {
  const files: BackupFile[] = [];
  for (const path of listFiles(folder)) files.push(await describeFile(folder, path));
  const manifest = { ...facts, files };
  // COMMIT POINT
  await writeFileDurably(join(folder, NAME), encodeManifest(manifest));
  return manifest;
}

/** The same for files in memory, which it is added to. */
export function addManifest(files: Map<string, Bytes>, facts: Omit<BackupManifest, 'files'>): BackupManifest {
  const listed = [...files].map(([path, bytes]) => ({ path, size: bytes.length, sha256: hashOf(bytes) }));
  const manifest = { ...facts, files: listed };
  files.set(NAME, encodeManifest(manifest));
  return manifest;
}

function encodeManifest(manifest: BackupManifest): Bytes {
  return encodeUtf8(`${JSON.stringify({ format: FORMAT, version: VERSION, ...manifest })}\n`);
}

function hashOf(bytes: Bytes): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Reads the manifest of a folder and every file against it. Throws BACKUP_INVALID naming the file. */
export async function readManifest(folder: string, kind: BackupKind): Promise<BackupManifest> {
  const manifest = parseManifest(folder);
  if (manifest.kind !== kind) throw invalid(NAME, `a backup of ${kind}, not of ${manifest.kind}`);
  const there = new Set(listFiles(folder));
  there.delete(NAME);
  for (const file of manifest.files) {
    if (!PLACES[kind].test(file.path)) throw invalid(file.path, `nothing but what a backup of ${kind} holds`);
    if (!there.delete(file.path)) throw invalid(file.path, 'the file');
    const { size, sha256 } = await describeFile(folder, file.path);
    if (size !== file.size || sha256 !== file.sha256) throw invalid(file.path, 'the bytes that the manifest names');
  }
  for (const path of there) throw invalid(path, 'no files but those of the manifest');
  return manifest;
}

function parseManifest(folder: string): BackupManifest {
  const path = join(folder, NAME);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.size > MANIFEST_SIZE_MAX) throw invalid(NAME, 'the manifest, written last');
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as BackupManifest & { format?: unknown; version?: unknown };
    const { format, version, kind, genesisHash, createdMs, logSize, checkpointSize, shards, files } = value;
    if (format !== FORMAT || version !== VERSION) throw invalid(NAME, `${FORMAT}, version ${VERSION}`);
    return { kind, genesisHash, createdMs, logSize, checkpointSize, shards: shards.map(shardOf), files: files.map(fileOf) };
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw invalid(NAME, 'JSON of a manifest');
  }
}

function shardOf({ number, id, size }: BackupShard): BackupShard {
  if (!Number.isSafeInteger(number) || number < 0 || !/^[0-9a-f]{64}$/.test(id)) throw invalid(NAME, 'shards by number and id');
  return { number, id, size };
}

function fileOf({ path, size, sha256 }: BackupFile): BackupFile {
  // Nothing absolute, nothing that leads out of the folder.
  if (!/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/.test(path) || path.split('/').includes('..')) throw invalid(NAME, 'plain paths');
  return { path, size, sha256 };
}

async function describeFile(folder: string, path: string): Promise<BackupFile> {
  const full = join(folder, ...path.split('/'));
  const hash = createHash('sha256');
  await pipeline(createReadStream(full, { highWaterMark: 1 << 20 }), hash);
  return { path, size: statSync(full).size, sha256: hash.digest('hex') };
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => {
      const path = relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/');
      if (!entry.isFile()) throw invalid(path, 'files, and nothing else');
      return path;
    })
    .sort();
}

/** The refusal of a backup: which file, and what it should have been. */
export function invalid(file: string, want: string): FormatError {
  return formatError('BACKUP_INVALID', { file, want });
}
