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

/** A row of `envelopes`. */
export type EnvelopeRow = { readonly form: StoredForm; readonly data: Bytes };

/** An entry, of which a group has one part and `envelopes` the other. */
export type EntryRow = EnvelopeRow & { readonly digest: Bytes; readonly receivedMs: number };

/** Opens a row of `envelopes`. */
export function parseEnvelopeRow(row: Bytes): EnvelopeRow {
  const form = FORMS[row[0] ?? FORMS.length];
  if (form === undefined) throw formatError('WRONG_TYPE', { want: 'plain, sealed or erased' });
  const data = row.slice(1);
  if (form === 'erased' && data.length > 0) throw formatError('TRAILING_BYTES', { want: 'nothing of what was erased' });
  return { form, data };
}

/** One sequence number of one device key. */
export type Place = { readonly device: Bytes; readonly keyNumber: number; readonly sequence: number };

/** Opens a key of `places` and `clones`. */
export function parsePlace(key: Bytes): Place {
  if (key.length !== ID_SIZE + 12) throw formatError('LENGTH_WRONG', { want: ID_SIZE + 12, got: key.length });
  return { device: key.slice(0, ID_SIZE), keyNumber: readUint32(key, ID_SIZE), sequence: readUint64(key, ID_SIZE + 4) };
}

/** A record of a group. `outcome`: index in the log, or the code of a refusal. */
export type DecisionRow = Place & {
  readonly contentDigest: Bytes;
  readonly digest: Bytes;
  readonly position: number;
  readonly outcome: number | string;
};

/** A row of `groups`: what was decided, and what the receipts of it follow from. */
export type GroupRow = {
  readonly signedHead: Bytes;
  readonly leafHashes: readonly Bytes[];
  readonly receivedMs: number;
  readonly firstIndex: number;
  readonly decisions: readonly DecisionRow[];
};

/** position: u16 ‖ outcome: u8 ‖ place ‖ digest ‖ content digest. */
const PLACE_SIZE = ID_SIZE + 12;
const RECORD_SIZE = 3 + PLACE_SIZE + 2 * HASH_SIZE;

/** Opens a row of `groups`. */
export function parseGroupRow(row: Bytes): GroupRow {
  const [signedHead, joinedHashes, receivedMs, firstIndex, codes, joinedRecords] = tuple(parseCbor(row), 6);
  const [hashes, records] = [bytesOf(joinedHashes), bytesOf(joinedRecords)];
  if (hashes.length % HASH_SIZE !== 0) throw formatError('LENGTH_WRONG', { got: hashes.length });
  if (records.length % RECORD_SIZE !== 0) throw formatError('LENGTH_WRONG', { got: records.length });
  if (!Array.isArray(codes)) throw formatError('WRONG_TYPE', { want: 'codes' });
  const [leafHashes, first] = [split(hashes, HASH_SIZE), numberOf(firstIndex)];
  const decisions: DecisionRow[] = [];
  let next = first;
  let after = -1;
  for (const record of split(records, RECORD_SIZE)) {
    const position = (record[0] as number) * 256 + (record[1] as number);
    if (position <= after || position >= leafHashes.length) throw formatError('NUMBER_RANGE', { position });
    after = position;
    const code: unknown = record[2] === 0 ? next++ : codes[(record[2] as number) - 1];
    if (typeof code !== 'number' && typeof code !== 'string') throw formatError('NUMBER_RANGE', { code: record[2] as number });
    const place = parsePlace(record.slice(3, 3 + PLACE_SIZE));
    const digest = record.slice(3 + PLACE_SIZE, 3 + PLACE_SIZE + HASH_SIZE);
    decisions.push({ ...place, digest, contentDigest: record.slice(3 + PLACE_SIZE + HASH_SIZE), position, outcome: code });
  }
  return { signedHead: bytesOf(signedHead), leafHashes, receivedMs: numberOf(receivedMs), firstIndex: first, decisions };
}

function split(joined: Bytes, size: number): Bytes[] {
  return Array.from({ length: joined.length / size }, (_, i) => joined.slice(i * size, (i + 1) * size));
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
