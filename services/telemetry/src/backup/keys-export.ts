/**
 * An export of the keys that a backup leaves out and a restored city needs: of accounts (`keys/`), and of the subjects of personal
 * readings. It is small, always sealed, and replaced by the next one: whoever keeps an old one undoes erasures, so an
 * erasure names the exports that were made before it.
 */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readSecretFile } from '@oppidum/crypto/secret-file';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { identifyDataFolder } from '@oppidum/node/data-folder';
import { packFile, type Sealing } from './backup-file.ts';
import { addManifest, type BackupManifest } from './backup-folder.ts';

/** Writes the export, replacing what stands at `file`. Throws KEY_FILE_PERMISSIONS, and as `identifyDataFolder` does. */
export async function exportKeys(options: {
  readonly data: string;
  readonly file: string;
  readonly crypto: Crypto;
  readonly sealing: Sealing;
  readonly nowMs: number;
}): Promise<BackupManifest> {
  const { data, file, crypto, sealing, nowMs } = options;
  const { paths, genesisHash } = identifyDataFolder({ folder: data, crypto });
  // In memory: a copy on the way would be one more that an erasure does not reach.
  const files = new Map<string, Bytes>();
  for (const name of readdirSync(paths.keys).filter(isAccountKey))
    files.set(`keys/${name}`, readSecretFile(join(paths.keys, name)));
  for (const shard of listNames(join(data, 'shards'))) {
    const subjects = join(data, 'shards', shard, 'subject-keys');
    for (const name of listNames(subjects).filter((other) => other.endsWith('.key')))
      files.set(`shards/${shard}/subject-keys/${name}`, readSecretFile(join(subjects, name)));
  }
  const facts = { kind: 'keys' as const, genesisHash: toHex(genesisHash), createdMs: nowMs };
  const manifest = addManifest(files, { ...facts, logSize: 0, checkpointSize: 0, shards: [] });
  await packFile(files, file, sealing);
  return manifest;
}

/** Keys of logs and validators sign histories: they are never copied. */
function isAccountKey(name: string): boolean {
  return /^[A-Za-z0-9._-]+\.(seed|json)$/.test(name) && !/^(log|cosigner)(-.*)?\.seed$/.test(name);
}

function listNames(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
