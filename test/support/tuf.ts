/** A TUF repository on disk, signed with test keys, as a maker of devices keeps one. */

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Key, Metadata, Root, Signature, TargetFile, Targets } from '@tufjs/models';

const SPEC_VERSION = '1.0.31';
const FAR = '2126-01-01T00:00:00Z';

type Pair = { readonly id: string; readonly privateKey: KeyObject; readonly key: Key };

/** A fresh Ed25519 key of a role; `id` names it in the metadata. */
export function tufKey(id: string): Pair {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const hex = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex');
  return { id, privateKey, key: new Key({ keyID: id, keyType: 'ed25519', scheme: 'ed25519', keyVal: { public: hex } }) };
}

/** Root metadata: who may sign roots and targets; the other roles are the root's, and unused. */
export function rootMetadata(
  roles: { readonly root: readonly Pair[]; readonly targets: readonly Pair[]; readonly threshold?: number },
  options: { readonly version?: number; readonly expires?: string; readonly by?: readonly Pair[] } = {},
): string {
  const { version = 1, expires = FAR, by = roles.root } = options;
  const root = new Root({ version, specVersion: SPEC_VERSION, expires });
  for (const name of ['root', 'timestamp', 'snapshot']) for (const { key } of roles.root) root.addKey(key, name);
  for (const { key } of roles.targets) root.addKey(key, 'targets');
  const targetsRole = root.roles['targets'];
  if (targetsRole !== undefined && roles.threshold !== undefined) Object.assign(targetsRole, { threshold: roles.threshold });
  return signed(new Metadata(root), by);
}

/** Targets metadata that names these images by path: SHA-256 in hex and size. */
export function targetsMetadata(
  images: Readonly<Record<string, { readonly digest: string; readonly size: number }>>,
  by: readonly Pair[],
  expires = FAR,
): string {
  const targets = new Targets({ version: 1, specVersion: SPEC_VERSION, expires });
  for (const [path, { digest, size }] of Object.entries(images))
    targets.addTarget(new TargetFile({ path, length: size, hashes: { sha256: digest } }));
  return signed(new Metadata(targets), by);
}

function signed(metadata: Metadata<Root> | Metadata<Targets>, by: readonly Pair[]): string {
  for (const { id, privateKey } of by)
    metadata.sign((data: Buffer) => new Signature({ keyID: id, sig: sign(null, data, privateKey).toString('hex') }), true);
  return JSON.stringify(metadata.toJSON());
}

/** Writes a file of the repository; answers its path. */
export function keepMetadata(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
