/** Rows of a vault that stand beside its groups: clones and anchors. */

import type { Bytes } from '@oppidum/formats/bytes';
import { encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import type { SequencePlace } from './stored-group.ts';
import type { AnchorRecord, CloneRecord, EntryForm } from './vault.ts';

export function encodeClone({ firstIndex, digest, form, data }: CloneRecord): Bytes {
  return encodeCbor([firstIndex, digest, form, data]);
}

export function parseClone({ device, keyNumber, sequence }: SequencePlace, row: Bytes): CloneRecord {
  const [firstIndex, digest, form, data] = parseCbor(row) as [number, Bytes, EntryForm, Bytes];
  return { device, keyNumber, sequence, firstIndex, digest, form, data };
}

export function encodeAnchor({ transaction, action, height, timeMs }: AnchorRecord): Bytes {
  return encodeCbor([transaction, action, height, timeMs]);
}

export function parseAnchor(size: number, row: Bytes): AnchorRecord {
  const [transaction, action, height, timeMs] = parseCbor(new Uint8Array(row)) as [Bytes, number, number, number];
  return { size, transaction, action, height, timeMs };
}
