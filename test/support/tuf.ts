/** A TUF repository on disk, signed with test keys, as a maker of devices keeps one: what a test spoils is an option. */

import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Key, Metadata, MetaFile, Root, Signature, Snapshot, TargetFile, Targets, Timestamp } from '@tufjs/models';

const SPEC_VERSION = '1.0.31';
const FAR = '2126-01-01T00:00:00Z';

export type Pair = { readonly id: string; readonly privateKey: KeyObject; readonly key: Key };

/** A fresh Ed25519 key of a role; `id` names it in the metadata. */
export function tufKey(id: string): Pair {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const hex = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex');
  return { id, privateKey, key: new Key({ keyID: id, keyType: 'ed25519', scheme: 'ed25519', keyVal: { public: hex } }) };
}

/** How a file is made other than it should be: `by` signs it. */
type Making = { readonly version?: number; readonly expires?: string; readonly by?: readonly Pair[] };
type RootRoles = Readonly<Record<'root' | 'timestamp' | 'snapshot' | 'targets', readonly Pair[]>> & {
  readonly threshold?: number;
};

/** Root metadata: who may sign what; `threshold` is that of the targets. */
export function rootMetadata(
  { threshold, ...roles }: RootRoles,
  { version = 1, expires = FAR, by = roles.root }: Making = {},
): string {
  const root = new Root({ version, specVersion: SPEC_VERSION, expires, consistentSnapshot: false });
  for (const [name, pairs] of Object.entries(roles)) for (const { key } of pairs) root.addKey(key, name);
  const targetsRole = root.roles['targets'];
  if (targetsRole !== undefined && threshold !== undefined) Object.assign(targetsRole, { threshold });
  return signed(new Metadata(root), by);
}

/** A role that targets metadata delegates paths to. */
export type TestDelegation = {
  readonly name: string;
  readonly by: readonly Pair[];
  readonly paths: readonly string[];
  readonly terminating?: boolean;
  readonly threshold?: number;
};

/** Targets metadata that names these images by path, SHA-256 in hex and size, and delegates to these roles. */
export function targetsMetadata(
  images: Readonly<Record<string, { readonly digest: string; readonly size: number }>>,
  { by, version = 1, expires = FAR }: Making & { readonly by: readonly Pair[] },
  delegations: readonly TestDelegation[] = [],
): string {
  const json = { _type: 'targets', version, spec_version: SPEC_VERSION, expires, targets: {}, ...delegated(delegations) };
  const targets = Targets.fromJSON(json);
  for (const [path, { digest, size }] of Object.entries(images))
    targets.addTarget(new TargetFile({ path, length: size, hashes: { sha256: digest } }));
  return signed(new Metadata(targets), by);
}

function delegated(delegations: readonly TestDelegation[]) {
  if (delegations.length === 0) return {};
  const keys = Object.fromEntries(delegations.flatMap(({ by }) => by.map(({ id, key }) => [id, key.toJSON()])));
  const roles = delegations.map(({ name, by, paths, terminating = false, threshold = 1 }) => ({
    ...{ name, keyids: by.map(({ id }) => id), paths: [...paths], terminating, threshold },
  }));
  return { delegations: { keys, roles } };
}

type Versions = Readonly<Record<string, number>>;

/** Snapshot metadata that names these files, by their texts and versions. */
export function snapshotMetadata(
  files: Readonly<Record<string, string>>,
  making: Making & { readonly by: readonly Pair[] },
  versions: Versions = {},
): string {
  const { by, version = 1, expires = FAR } = making;
  const meta = Object.entries(files).map(([name, text]) => [name, metaOf(text, versions[name] ?? 1)]);
  return signed(new Metadata(new Snapshot({ version, specVersion: SPEC_VERSION, expires, meta: Object.fromEntries(meta) })), by);
}

/** Timestamp metadata that names this snapshot. */
export function timestampMetadata(
  snapshot: string,
  making: Making & { readonly by: readonly Pair[] },
  named = making.version ?? 1,
): string {
  const { by, version = 1, expires = FAR } = making;
  const snapshotMeta = metaOf(snapshot, named);
  return signed(new Metadata(new Timestamp({ version, specVersion: SPEC_VERSION, expires, snapshotMeta })), by);
}

function metaOf(text: string, version: number): MetaFile {
  const sha256 = createHash('sha256').update(text).digest('hex');
  return new MetaFile({ version, length: Buffer.byteLength(text), hashes: { sha256 } });
}

function signed(
  metadata: Metadata<Root> | Metadata<Timestamp> | Metadata<Snapshot> | Metadata<Targets>,
  by: readonly Pair[],
): string {
  for (const { id, privateKey } of by)
    metadata.sign((data: Buffer) => new Signature({ keyID: id, sig: sign(null, data, privateKey).toString('hex') }), true);
  return JSON.stringify(metadata.toJSON());
}

/** Writes the files of a folder; answers its path. */
export function keepFiles(folder: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}
