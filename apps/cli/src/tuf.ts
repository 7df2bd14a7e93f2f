/**
 * Metadata of The Update Framework (TUF, specification 1.0 §5): from the root that somebody pinned to one target, through timestamp,
 * snapshot, targets and delegations, as a client of the repository does. What was verified last is kept in a folder of the one who asks, so
 * that nothing older is believed later. Signatures and patterns are the library's; the order of checks is the specification's.
 */

import { createHash } from 'node:crypto';
import type { Metadata, Root, Snapshot, Targets, Timestamp } from '@tufjs/models';
import {
  fileOf,
  isExpired,
  type Parsed,
  parseMetadata,
  readIfThere,
  refuse,
  verifyRole,
  versionOf,
  wrong,
} from './tuf-metadata.ts';

type Question = {
  /** Folder of the one who asks: `root.json`, the root pinned or followed to; `timestamp.json` and `snapshot.json` of the last time. */
  readonly trusted: string;
  /** Folder of the maker: `2.root.json` and so on, `timestamp.json`, and the files that it leads to. */
  readonly repository: string;
  /** Path of the target. */
  readonly target: string;
  readonly nowMs: number;
};

/** What was verified, and what is to be kept of it. */
export type VerifiedTarget = {
  readonly path: string;
  readonly digest: string;
  readonly size: number;
  /** The role that names it, and SHA-256 of its metadata in hex. */
  readonly role: string;
  readonly metadata: string;
  readonly versions: Readonly<Record<'root' | 'timestamp' | 'snapshot' | 'targets', number>>;
  readonly kept: Readonly<Record<'root.json' | 'timestamp.json' | 'snapshot.json', Uint8Array>>;
};

/** Roots and roles looked at, at most (§5.3.3, §5.6.7.1). */
const ROOT_COUNT_MAX = 256;
const ROLE_COUNT_MAX = 32;

/**
 * Verifies one target. Throws, each with file and why: TUF_INVALID (no metadata), TUF_THRESHOLD (signed by too few), TUF_EXPIRED, TUF_ROLLBACK
 * (older than what was seen), TUF_MIXED (not what the file before names), TUF_TARGET_UNKNOWN (no role that may name it does).
 */
export function verifyTarget({ trusted, repository, target, nowMs }: Question): VerifiedTarget {
  const root = newestRoot(trusted, repository, nowMs);
  const timestamp = readTimestamp(trusted, repository, root, nowMs);
  const snapshot = readSnapshot(trusted, repository, root, timestamp, nowMs);
  const found = findTarget({ repository, root: root.newest.metadata, snapshot, target, nowMs });
  return {
    ...found,
    path: target,
    versions: {
      root: versionOf(root.newest),
      timestamp: versionOf(timestamp),
      snapshot: versionOf(snapshot),
      targets: found.version,
    },
    kept: { 'root.json': root.newest.bytes, 'timestamp.json': timestamp.bytes, 'snapshot.json': snapshot.bytes },
  };
}

/** The root followed to. `isRekeyed`: others sign timestamp or snapshot than before: what they said is forgotten (§5.3.11). */
type Roots = { readonly newest: Parsed<Root>; readonly isRekeyed: boolean };

/** Each next root is signed by a threshold of the one before and of itself, and one version on (§5.3). */
function newestRoot(trusted: string, repository: string, nowMs: number): Roots {
  const pinned = parseMetadata<Root>('root', fileOf(trusted, 'root.json'));
  verifyRole(pinned.file, pinned.metadata, 'root', pinned.metadata);
  let newest = pinned;
  for (let count = 0; ; count++) {
    const file = fileOf(repository, `${versionOf(newest) + 1}.root.json`);
    const bytes = readIfThere(file);
    if (bytes === null) break;
    if (count >= ROOT_COUNT_MAX) throw refuse('TUF_INVALID', file, `more than ${ROOT_COUNT_MAX} new roots`);
    const next = parseMetadata<Root>('root', file, bytes);
    verifyRole(file, newest.metadata, 'root', next.metadata);
    verifyRole(file, next.metadata, 'root', next.metadata);
    if (versionOf(next) !== versionOf(newest) + 1)
      throw refuse('TUF_ROLLBACK', file, `version ${versionOf(next)} does not follow version ${versionOf(newest)}`);
    newest = next;
  }
  if (isExpired(newest, nowMs)) throw refuse('TUF_EXPIRED', newest.file, 'the root is expired: get the next one from its maker');
  const keysOf = ({ metadata }: Parsed<Root>): string =>
    JSON.stringify(['timestamp', 'snapshot'].map((role) => metadata.signed.roles[role]?.keyIDs.toSorted()));
  return { newest, isRekeyed: keysOf(newest) !== keysOf(pinned) };
}

/** §5.4. */
function readTimestamp(trusted: string, repository: string, root: Roots, nowMs: number): Parsed<Timestamp> {
  const timestamp = parseMetadata<Timestamp>('timestamp', fileOf(repository, 'timestamp.json'));
  verifyRole(timestamp.file, root.newest.metadata, 'timestamp', timestamp.metadata);
  const seen = seenBefore<Timestamp>('timestamp', trusted, root);
  if (seen !== null) {
    if (versionOf(timestamp) < versionOf(seen))
      throw refuse('TUF_ROLLBACK', timestamp.file, `version ${versionOf(timestamp)} after version ${versionOf(seen)}`);
    const [before, now] = [seen.metadata.signed.snapshotMeta.version, timestamp.metadata.signed.snapshotMeta.version];
    if (now < before) throw refuse('TUF_ROLLBACK', timestamp.file, `names snapshot ${now} after snapshot ${before}`);
  }
  if (isExpired(timestamp, nowMs))
    throw refuse('TUF_EXPIRED', timestamp.file, 'the timestamp is expired: somebody may hold back what is newer');
  return timestamp;
}

/** §5.5. */
function readSnapshot(
  trusted: string,
  repository: string,
  root: Roots,
  timestamp: Parsed<Timestamp>,
  nowMs: number,
): Parsed<Snapshot> {
  const named = timestamp.metadata.signed.snapshotMeta;
  const file = fileOf(repository, nameOf(root.newest.metadata, 'snapshot', named.version));
  const snapshot = parseMetadata<Snapshot>('snapshot', file);
  wrong('TUF_MIXED', file, () => named.verify(Buffer.from(snapshot.bytes)));
  verifyRole(file, root.newest.metadata, 'snapshot', snapshot.metadata);
  if (versionOf(snapshot) !== named.version)
    throw refuse('TUF_MIXED', file, `is version ${versionOf(snapshot)}, and the timestamp names ${named.version}`);
  const seen = seenBefore<Snapshot>('snapshot', trusted, root);
  for (const [name, { version }] of Object.entries(seen?.metadata.signed.meta ?? {})) {
    const now = snapshot.metadata.signed.meta[name]?.version;
    if (now === undefined || now < version)
      throw refuse('TUF_ROLLBACK', file, `${name} is version ${now ?? 'none'} after version ${version}`);
  }
  if (isExpired(snapshot, nowMs)) throw refuse('TUF_EXPIRED', file, 'the snapshot is expired');
  return snapshot;
}

/** What was verified the last time, unless its role has other keys by now. */
function seenBefore<T extends Timestamp | Snapshot>(
  role: 'timestamp' | 'snapshot',
  trusted: string,
  { isRekeyed }: Roots,
): Parsed<T> | null {
  const file = fileOf(trusted, `${role}.json`);
  const bytes = isRekeyed ? null : readIfThere(file);
  return bytes === null ? null : parseMetadata<T>(role, file, bytes);
}

type Search = {
  readonly repository: string;
  readonly root: Metadata<Root>;
  readonly snapshot: Parsed<Snapshot>;
  readonly target: string;
  readonly nowMs: number;
};
type Found = Pick<VerifiedTarget, 'digest' | 'size' | 'role' | 'metadata'> & { readonly version: number };
type Delegation = { readonly role: string; readonly by: Metadata<Root> | Metadata<Targets> };

/** The first role that names it, in the order of delegations; a role is asked only for paths that were delegated to it (§5.6.7). */
function findTarget(search: Search): Found {
  const { root, target } = search;
  const asked = new Set<string>();
  let open: readonly Delegation[] = [{ role: 'targets', by: root }];
  for (;;) {
    const [next, ...others] = open;
    if (next === undefined || asked.size >= ROLE_COUNT_MAX) break;
    open = others;
    if (asked.has(next.role)) continue;
    asked.add(next.role);
    const targets = readTargets(search, next);
    const { signed } = targets.metadata;
    if (Object.hasOwn(signed.targets, target)) return foundIn(targets, next.role, target);
    const delegated = [...(signed.delegations?.rolesForTarget(target) ?? [])];
    const end = delegated.findIndex(({ terminating }) => terminating);
    const children = delegated.slice(0, end < 0 ? undefined : end + 1).map(({ role }) => ({ role, by: targets.metadata }));
    // Who delegates for good lets nobody else answer, whatever was delegated before.
    open = end < 0 ? [...children, ...open] : children;
  }
  throw refuse('TUF_TARGET_UNKNOWN', target, `no role that may name it does; asked: ${[...asked].join(', ')}`);
}

/** §5.6: what the snapshot names, signed by a threshold of whoever delegates. */
function readTargets({ repository, root, snapshot, nowMs }: Search, { role, by }: Delegation): Parsed<Targets> {
  const named = Object.hasOwn(snapshot.metadata.signed.meta, `${role}.json`)
    ? snapshot.metadata.signed.meta[`${role}.json`]
    : undefined;
  if (named === undefined) throw refuse('TUF_MIXED', snapshot.file, `the snapshot does not name ${role}.json`);
  const file = fileOf(repository, nameOf(root, role, named.version));
  const targets = parseMetadata<Targets>('targets', file);
  wrong('TUF_MIXED', file, () => named.verify(Buffer.from(targets.bytes)));
  verifyRole(file, by, role, targets.metadata);
  if (versionOf(targets) !== named.version)
    throw refuse('TUF_MIXED', file, `is version ${versionOf(targets)}, and the snapshot names ${named.version}`);
  if (isExpired(targets, nowMs)) throw refuse('TUF_EXPIRED', file, `what ${role} signed is expired`);
  return targets;
}

function foundIn(targets: Parsed<Targets>, role: string, target: string): Found {
  const file = targets.metadata.signed.targets[target];
  const digest = file?.hashes['sha256'];
  if (file === undefined || digest === undefined || !/^[0-9a-f]{64}$/.test(digest))
    throw refuse('TUF_INVALID', targets.file, `${target} has no SHA-256`);
  const metadata = createHash('sha256').update(targets.bytes).digest('hex');
  return { digest, size: file.length, role, metadata, version: versionOf(targets) };
}

/** Of a repository with consistent snapshots each version has a file of its own (§6.2). */
function nameOf({ signed }: Metadata<Root>, role: string, version: number): string {
  return signed.consistentSnapshot === true ? `${version}.${role}.json` : `${role}.json`;
}
