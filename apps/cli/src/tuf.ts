/**
 * Metadata of The Update Framework (TUF, specification 1.0 §5), as far as a ledger that keeps digests needs it: the root that somebody
 * pinned, newer roots that it signed, and the targets role under the newest. Timestamp and snapshot keep downloads fresh; here the ledger's
 * own order does: an image that was withdrawn is never permitted again, whatever old metadata names it.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { formatError } from '@oppidum/formats/errors';
import { Metadata, MetadataKind, type Root, type Targets } from '@tufjs/models';

/** One image that the targets role names. */
export type TufTarget = { readonly path: string; readonly digest: string; readonly size: number };

/** What was verified: by which root, which targets file, and what stands in it. */
export type VerifiedTargets = {
  readonly rootVersion: number;
  readonly targetsVersion: number;
  /** SHA-256 of the targets file, in hex. */
  readonly metadata: string;
  readonly targets: readonly TufTarget[];
};

/** No metadata of this kind is larger. */
const FILE_SIZE_MAX = 5_000_000;

/**
 * Verifies targets metadata. `roots`: files, the pinned one first, then each next version. Throws TUF_INVALID with what is wrong, and where.
 */
export function verifyTargets(roots: readonly string[], targetsFile: string, nowMs: number): VerifiedTargets {
  const root = newestRoot(roots);
  if (root.signed.isExpired(new Date(nowMs)))
    throw refuse(roots.at(-1) ?? '', 'the root is expired: get the next one from its maker');
  const bytes = readMetadata(targetsFile);
  const targets = parseMetadata<Targets>(MetadataKind.Targets, targetsFile, bytes);
  check(targetsFile, () => root.verifyDelegate('targets', targets));
  if (targets.signed.isExpired(new Date(nowMs))) throw refuse(targetsFile, 'the targets are expired');
  return {
    rootVersion: root.signed.version,
    targetsVersion: targets.signed.version,
    metadata: createHash('sha256').update(bytes).digest('hex'),
    targets: Object.values(targets.signed.targets).map(({ path, hashes, length }) => {
      const digest = hashes['sha256'];
      if (digest === undefined || !/^[0-9a-f]{64}$/.test(digest)) throw refuse(targetsFile, `${path} has no SHA-256`);
      return { path, digest, size: length };
    }),
  };
}

/** The last of a chain of roots: the first is believed, each next one is signed by a threshold of both (§5.3.4), and one version on. */
function newestRoot(files: readonly string[]): Metadata<Root> {
  let newest: Metadata<Root> | null = null;
  for (const file of files) {
    const next = parseMetadata<Root>(MetadataKind.Root, file, readMetadata(file));
    const before: Metadata<Root> = newest ?? next;
    check(file, () => before.verifyDelegate('root', next));
    check(file, () => next.verifyDelegate('root', next));
    if (newest !== null && next.signed.version !== newest.signed.version + 1)
      throw refuse(file, `version ${next.signed.version} does not follow version ${newest.signed.version}`);
    newest = next;
  }
  if (newest === null) throw refuse('--root', 'a pinned root is needed');
  return newest;
}

function readMetadata(file: string): Uint8Array {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > FILE_SIZE_MAX) throw new Error(`larger than ${FILE_SIZE_MAX} bytes`);
    return bytes;
  } catch (error) {
    throw refuse(file, messageOf(error));
  }
}

function parseMetadata<T extends Root | Targets>(
  kind: MetadataKind.Root | MetadataKind.Targets,
  file: string,
  bytes: Uint8Array,
) {
  return check(file, () => {
    const json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as never;
    return Metadata.fromJSON(kind as never, json) as unknown as Metadata<T>;
  });
}

/** What the library throws, as a refusal that names the file. */
function check<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw refuse(file, messageOf(error));
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function refuse(file: string, why: string): Error {
  return formatError('TUF_INVALID', { file, why });
}
