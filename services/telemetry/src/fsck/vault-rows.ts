/** Rows of a vault as specs/data-folder.md has them, read strictly. Throws FormatError. */

import { type Bytes, readUint32, readUint64 } from '@oppidum/formats/bytes';
import { parseCbor } from '@oppidum/formats/cbor';
import { formatError } from '@oppidum/formats/errors';
import { ID_SIZE } from '@oppidum/formats/ids';
import { HASH_SIZE } from '@oppidum/proofs/merkle-hash';
import { bytesOf, numberOf, tuple } from './node-rows.ts';

const FORMS = ['plain', 'sealed', 'erased'] as const;

/** How an envelope is stored. */
export type StoredForm = (typeof FORMS)[number];

/** A row of `entries`. */
export type EntryRow = { readonly receivedMs: number; readonly digest: Bytes; readonly form: StoredForm; readonly data: Bytes };

/** Opens a row of `entries`. */
export function parseEntryRow(row: Bytes): EntryRow {
  const form = FORMS[row[8 + HASH_SIZE] ?? FORMS.length];
  if (form === undefined) throw formatError('WRONG_TYPE', { want: 'plain, sealed or erased' });
  const data = row.slice(8 + HASH_SIZE + 1);
  if (form === 'erased' && data.length > 0) throw formatError('TRAILING_BYTES', { want: 'nothing of what was erased' });
  return { receivedMs: readUint64(row, 0), digest: row.slice(8, 8 + HASH_SIZE), form, data };
}

/** One sequence number of one device key. */
export type Place = { readonly device: Bytes; readonly keyNumber: number; readonly sequence: number };

/** Opens a key of `decisions` and `clones`. */
export function parsePlace(key: Bytes): Place {
  if (key.length !== ID_SIZE + 12) throw formatError('LENGTH_WRONG', { want: ID_SIZE + 12, got: key.length });
  return { device: key.slice(0, ID_SIZE), keyNumber: readUint32(key, ID_SIZE), sequence: readUint64(key, ID_SIZE + 4) };
}

/** A row of `decisions`. `outcome`: index in the log, or the code of a refusal. */
export type DecisionRow = {
  readonly contentDigest: Bytes;
  readonly digest: Bytes;
  readonly group: number;
  readonly position: number;
  readonly outcome: number | string;
};

/** Opens a row of `decisions`. */
export function parseDecisionRow(row: Bytes): DecisionRow {
  const [contentDigest, digest, group, position, outcome] = tuple(parseCbor(row), 5);
  return {
    contentDigest: bytesOf(contentDigest),
    digest: bytesOf(digest),
    group: numberOf(group),
    position: numberOf(position),
    outcome: typeof outcome === 'string' ? outcome : numberOf(outcome),
  };
}

/** A row of `groups`: what the receipts of one group follow from. */
export type GroupRow = { readonly signedHead: Bytes; readonly leafHashes: readonly Bytes[] };

/** Opens a row of `groups`. */
export function parseGroupRow(row: Bytes): GroupRow {
  const [signedHead, joined] = tuple(parseCbor(row), 2);
  const hashes = bytesOf(joined);
  if (hashes.length % HASH_SIZE !== 0) throw formatError('LENGTH_WRONG', { got: hashes.length });
  const count = hashes.length / HASH_SIZE;
  const leafHashes = Array.from({ length: count }, (_, i) => hashes.slice(i * HASH_SIZE, (i + 1) * HASH_SIZE));
  return { signedHead: bytesOf(signedHead), leafHashes };
}

/** A row of `clones`: the second envelope under one sequence number. */
export type CloneRow = {
  readonly firstIndex: number;
  readonly digest: Bytes;
  readonly form: StoredForm;
  readonly data: Bytes;
};

/** Opens a row of `clones`. */
export function parseCloneRow(row: Bytes): CloneRow {
  const [firstIndex, digest, form, data] = tuple(parseCbor(row), 4);
  if (form !== 'plain' && form !== 'sealed') throw formatError('WRONG_TYPE', { want: 'plain or sealed' });
  return { firstIndex: numberOf(firstIndex), digest: bytesOf(digest), form, data: bytesOf(data) };
}

/** A row of `anchors`. */
export type AnchorRow = {
  readonly transaction: Bytes;
  readonly action: number;
  readonly height: number;
  readonly timeMs: number;
};

/** Opens a row of `anchors`. */
export function parseAnchorRow(row: Bytes): AnchorRow {
  const [transaction, action, height, timeMs] = tuple(parseCbor(row), 4);
  return {
    transaction: bytesOf(transaction),
    action: numberOf(action),
    height: numberOf(height),
    timeMs: numberOf(timeMs),
  };
}

/** A row of `erasures`. */
export type ErasureRow = {
  readonly root: Bytes;
  readonly count: number;
  readonly legalBasis: string;
  readonly device: Bytes | null;
  readonly transaction: Bytes | null;
};

/** Opens a row of `erasures`. */
export function parseErasureRow(row: Bytes): ErasureRow {
  const [root, count, legalBasis, device, transaction] = tuple(parseCbor(row), 5);
  if (typeof legalBasis !== 'string') throw formatError('WRONG_TYPE', { want: 'a legal basis' });
  return {
    root: bytesOf(root),
    count: numberOf(count),
    legalBasis,
    device: device === null ? null : bytesOf(device),
    transaction: transaction === null ? null : bytesOf(transaction),
  };
}

/** A row of `erasureLeaves`. */
export function parseErasureLeafRow(row: Bytes): { readonly index: number; readonly salt: Bytes } {
  const [index, salt] = tuple(parseCbor(row), 2);
  return { index: numberOf(index), salt: bytesOf(salt) };
}
