/** Records of area 0x04: erasures. They name no subject; they commit a Merkle root of salted (shard, index). */

import { height, id } from './common-schemas.ts';
import { bytes, struct, text, uint } from './schema.ts';
import { defineKind } from './state-layout.ts';

const AREA = 0x04;

/** One erasure: RFC 6962 root over `count` leaves of `encodeErasureLeaf`. */
export const erasureKind = defineKind({
  name: 'erasure',
  area: AREA,
  kind: 0x01,
  segments: ['id'],
  value: struct({ root: bytes(32), count: uint({ min: 1 }), legalBasis: text(64), by: id(), at: height() }),
});

export const erasureKinds = [erasureKind] as const;
