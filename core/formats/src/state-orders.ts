/** Records of area 0x05: zones of the street with their keys, envelopes and documents, and the orders given in them. */

import { type Bytes, encodeUtf8 } from './bytes.ts';
import { height, id, timeMs } from './common-schemas.ts';
import type { Crypto } from './crypto.ts';
import { LIMITS } from './limits.ts';
import { blob, bytes, type Infer, oneOf, optional, struct, text, uint } from './schema.ts';
import { at, defineKind, type StateRef } from './state-layout.ts';
import { statementSignatures } from './statement.ts';
import { versionNumber } from './zone-statements.ts';

const AREA = 0x05;

/** A piece of the street under one envelope and one set of order keys. `keys` and `envelope` are the versions in force. */
export const zoneKind = defineKind({
  name: 'zone',
  area: AREA,
  kind: 0x01,
  segments: ['id'],
  value: struct({
    name: text(64),
    domain: text(32),
    keys: versionNumber(),
    envelope: versionNumber(),
    deviceCount: uint(),
    from: height(),
  }),
});
export type ZoneRecord = Infer<typeof zoneKind.value>;

/** A key set by zone and version, all of them: a device that was away follows from the one it knows. Version 1 has no signatures. */
export const zoneKeysKind = defineKind({
  name: 'zoneKeys',
  area: AREA,
  kind: 0x02,
  segments: ['id', 'number'],
  value: struct({ statement: blob(LIMITS.keySetSizeMax, 1), signatures: optional(statementSignatures()), from: height() }),
});

/** An envelope by zone and version, all of them. The newest is signed under the key set in force. */
export const zoneEnvelopeKind = defineKind({
  name: 'zoneEnvelope',
  area: AREA,
  kind: 0x03,
  segments: ['id', 'number'],
  value: struct({ statement: blob(LIMITS.envelopeSizeMax, 1), signatures: statementSignatures(), from: height() }),
});

/** The newest version of a document of a zone; the second segment is SHA-256 of its name. */
export const zoneDocumentKind = defineKind({
  name: 'zoneDocument',
  area: AREA,
  kind: 0x04,
  segments: ['id', 'id'],
  value: struct({
    version: versionNumber(),
    /** SHA-256 of the statement. */
    digest: id(),
    statement: blob(LIMITS.zoneDocumentStatementSizeMax, 1),
    signatures: statementSignatures(),
    /** The version of the key set that they were checked against. */
    keys: versionNumber(),
    from: height(),
  }),
});

/** The place of a document of a zone: its name as it stands after the zone. */
export function zoneDocumentAt(
  crypto: Pick<Crypto, 'sha256'>,
  zone: Bytes,
  name: string,
): StateRef<Infer<typeof zoneDocumentKind.value>> {
  return at(zoneDocumentKind, zone, crypto.sha256(encodeUtf8(name)));
}

/** The zone that a device belongs to: one at most. */
export const deviceZoneKind = defineKind({
  name: 'deviceZone',
  area: AREA,
  kind: 0x05,
  segments: ['id'],
  value: struct({ zone: id(), from: height() }),
});

/**
 * An order by its id, kept until an hour after it expired (specs/orders.md §6). That it expired is computed from its statement when it is
 * read. `signatures`: those so far.
 */
export const orderKind = defineKind({
  name: 'order',
  area: AREA,
  kind: 0x06,
  segments: ['id'],
  value: struct({
    zone: id(),
    statement: blob(LIMITS.orderStatementSizeMax, 1),
    signatures: statementSignatures(),
    status: oneOf('awaiting', 'issued', 'cancelled', 'superseded', 'reported'),
    /** Block time and height of its first transaction. */
    atMs: timeMs(),
    height: height(),
    /** Block time at which enough keys had signed. */
    issuedMs: optional(timeMs()),
  }),
});
export type OrderRecord = Infer<typeof orderKind.value>;

/** The order issued last for a device alone, with the challenge that it spent. */
export const newestOrderKind = defineKind({
  name: 'newestOrder',
  area: AREA,
  kind: 0x07,
  segments: ['id'],
  value: struct({ order: id(), challenge: bytes(32) }),
});

/** The order issued last in a zone for many devices at once, with the root of the challenges that it spent. */
export const newestZoneOrderKind = defineKind({
  name: 'newestZoneOrder',
  area: AREA,
  kind: 0x08,
  segments: ['id'],
  value: struct({ order: id(), root: id() }),
});

/** Orders of a zone by the order of their arrival, so that the oldest can be forgotten. */
export const orderArrivalKind = defineKind({
  name: 'orderArrival',
  area: AREA,
  kind: 0x09,
  segments: ['id', 'number'],
  value: struct({ order: id(), expiresMs: timeMs() }),
});

/** Which arrivals of a zone are kept: from `first` until before `next`. */
export const orderSpanKind = defineKind({
  name: 'orderSpan',
  area: AREA,
  kind: 0x0a,
  segments: ['id'],
  value: struct({ first: uint(), next: uint() }),
});

/** How many devices of a model a zone has: an order for many is held against each model that it may meet. */
export const zoneModelKind = defineKind({
  name: 'zoneModel',
  area: AREA,
  kind: 0x0b,
  segments: ['id', 'id'],
  value: struct({ count: uint({ min: 1 }) }),
});

/** Kept for good of every order that was reported, longer than the order itself: none is reported twice (decisions/0041). */
export const reportedOrderKind = defineKind({
  name: 'reportedOrder',
  area: AREA,
  kind: 0x0c,
  segments: ['id'],
  value: struct({ zone: id(), at: height() }),
});

export const orderKinds = [
  zoneKind,
  zoneKeysKind,
  zoneEnvelopeKind,
  zoneDocumentKind,
  deviceZoneKind,
  orderKind,
  newestOrderKind,
  newestZoneOrderKind,
  orderArrivalKind,
  orderSpanKind,
  zoneModelKind,
  reportedOrderKind,
] as const;
