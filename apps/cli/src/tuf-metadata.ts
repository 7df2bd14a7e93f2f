/** Single files of The Update Framework: read within bounds, parsed by the library, every trouble a code with the file and why. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ErrorCode, FormatError, formatError } from '@oppidum/formats/errors';
import { Metadata, MetadataKind, type Root, type Snapshot, type Targets, type Timestamp } from '@tufjs/models';

type Signed = Root | Timestamp | Snapshot | Targets;
/** A file whose signatures nobody has checked yet. */
export type Parsed<T extends Signed> = { readonly file: string; readonly bytes: Uint8Array; readonly metadata: Metadata<T> };
type TufCode = Extract<ErrorCode, `TUF_${string}`>;

/** No metadata of this kind is larger. */
const FILE_SIZE_MAX = 5_000_000;
/** A role's name becomes a file's: it leads out of no folder. */
const NAME_FORM = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;
const KINDS = {
  root: MetadataKind.Root,
  timestamp: MetadataKind.Timestamp,
  snapshot: MetadataKind.Snapshot,
  targets: MetadataKind.Targets,
} as const;

/** The path of a file in a folder. Throws TUF_INVALID for a name that leads elsewhere. */
export function fileOf(folder: string, name: string): string {
  if (!NAME_FORM.test(name)) throw refuse('TUF_INVALID', folder, `${JSON.stringify(name)} is no name of a file`);
  return join(folder, name);
}

/** The bytes of a file, or null where there is none. Throws TUF_INVALID. */
export function readIfThere(file: string): Uint8Array | null {
  return existsSync(file) ? readMetadata(file) : null;
}

function readMetadata(file: string): Uint8Array {
  return wrong('TUF_INVALID', file, () => {
    const bytes = readFileSync(file);
    if (bytes.length > FILE_SIZE_MAX) throw new Error(`larger than ${FILE_SIZE_MAX} bytes`);
    return bytes;
  });
}

/** Parses a file of this role. Throws TUF_INVALID, also where one key has two names: it would count twice. */
export function parseMetadata<T extends Signed>(kind: keyof typeof KINDS, file: string, bytes = readMetadata(file)): Parsed<T> {
  const metadata = wrong('TUF_INVALID', file, () => {
    const json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as never;
    return Metadata.fromJSON(KINDS[kind] as never, json) as unknown as Metadata<T>;
  });
  const { signed } = metadata;
  const keys = 'keys' in signed ? signed.keys : 'delegations' in signed ? (signed.delegations?.keys ?? {}) : {};
  const publics = Object.values(keys).map(({ keyVal }) => keyVal['public']);
  if (new Set(publics).size < publics.length) throw refuse('TUF_INVALID', file, 'one key has two names');
  return { file, bytes, metadata };
}

/** Throws TUF_THRESHOLD unless enough keys of the role signed, as whoever delegates says. */
export function verifyRole(
  file: string,
  by: Metadata<Root> | Metadata<Targets>,
  role: string,
  metadata: Metadata<Root> | Metadata<Timestamp> | Metadata<Snapshot> | Metadata<Targets>,
): void {
  wrong('TUF_THRESHOLD', file, () => by.verifyDelegate(role, metadata as Metadata<Root>));
}

/** Which version of its role a file is. */
export function versionOf({ metadata }: Parsed<Root> | Parsed<Timestamp> | Parsed<Snapshot> | Parsed<Targets>): number {
  return metadata.signed.version;
}

/** True once the time is over until which whoever signed it stands by it. */
export function isExpired(
  { metadata }: Parsed<Root> | Parsed<Timestamp> | Parsed<Snapshot> | Parsed<Targets>,
  nowMs: number,
): boolean {
  return metadata.signed.isExpired(new Date(nowMs));
}

/** What the library throws, as a refusal with this code that names the file. */
export function wrong<T>(code: TufCode, file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw refuse(code, file, messageOf(error));
  }
}

/** A refusal that names the file. */
export function refuse(code: TufCode, file: string, why: string): Error {
  return formatError(code, { file, why });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
