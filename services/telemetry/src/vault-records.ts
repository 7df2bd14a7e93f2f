/** Rows of a vault that stand beside its groups: clones and anchors. */

import type { Bytes } from '@oppidum/formats/bytes';
import { encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import type { SequencePlace } from './stored-group.ts';
import type { AnchorRecord, CloneRecord, EntryForm } from './vault.ts';

/** The row of a clone; its place is the key. */
export function encodeClone({ firstIndex, digest, form, data }: CloneRecord): Bytes {
  return encodeCbor([firstIndex, digest, form, data]);
}

/** A clone from its row. */
export function parseClone({ device, keyNumber, sequence }: SequencePlace, row: Bytes): CloneRecord {
  const [firstIndex, digest, form, data] = parseCbor(row) as [number, Bytes, EntryForm, Bytes];
  return { device, keyNumber, sequence, firstIndex, digest, form, data };
}

/** The row of an anchor; its size is the key. */
export function encodeAnchor({ transaction, action, height, timeMs }: AnchorRecord): Bytes {
  return encodeCbor([transaction, action, height, timeMs]);
}

/** An anchor from its row. */
export function parseAnchor(size: number, row: Bytes): AnchorRecord {
  const [transaction, action, height, timeMs] = parseCbor(new Uint8Array(row)) as [Bytes, number, number, number];
  return { size, transaction, action, height, timeMs };
}
