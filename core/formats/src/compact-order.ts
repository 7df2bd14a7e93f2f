/**
 * What an actuator is given to obey: an order with the signatures of the zone's order keys, and the proof that the city issued it, small
 * enough for small devices (specs/orders.md §5). Deterministic CBOR, arrays instead of maps. What follows from the device's own pins,
 * or can be computed, is not carried.
 */

import type { Bytes } from './bytes.ts';
import { encodeBy, height, id, merklePath, parseBy } from './common-schemas.ts';
import { formatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { type Order, parseOrder } from './order-statement.ts';
import { blob, bytes, type Infer, list, nullable, tuple, uint } from './schema.ts';

const COMPACT_VERSION = 1;
/** ⌈log2 of LIMITS.zoneOrderDeviceCountMax⌉. */
const PLACE_DEPTH_MAX = 16;

const signatureItem = tuple({ key: uint({ max: LIMITS.zoneKeyCountMax - 1 }), signature: bytes(64) });

/** Where the device stands in the tree of challenges of an order for many. */
const placeItem = tuple({
  /** The challenge in the device's leaf: it tells an order for another time from one for another device. */
  challenge: bytes(32),
  index: uint({ max: LIMITS.zoneOrderDeviceCountMax - 1 }),
  path: list(id(), { max: PLACE_DEPTH_MAX }),
});

const cosignatureItem = tuple({
  /** Index of the witness line in the policy, a member of the group `validators`. */
  validator: uint({ max: LIMITS.policyEntryCountMax - 1 }),
  timeS: uint(),
  signature: bytes(64),
});
type Cosignature = Infer<typeof cosignatureItem>;

const checkpointItem = tuple({
  size: uint({ min: 1 }),
  root: id(),
  /** Index of the log line in the policy whose key signed. */
  log: uint({ max: LIMITS.policyEntryCountMax - 1 }),
  signature: bytes(64),
  /** As many as the group `validators` asks for, ascending. */
  cosignatures: list(cosignatureItem, {
    min: 1,
    max: LIMITS.validatorCountMax,
    order: (a: Cosignature, b: Cosignature) => a.validator - b.validator,
  }),
});

/** A cosigned head of the city's log without what the policy knows. */
export type CompactCheckpoint = Infer<typeof checkpointItem>;

/** The leaf of the transaction that made the order an issued one, as `block-log.ts` encodes it; its code is OK. */
const issuanceItem = tuple({
  transaction: id(),
  height: height(),
  position: uint(),
  /** CBOR of the events, as `encodeEvents` makes it: one of them is `order/issued` with the order's id. */
  events: blob(LIMITS.compactOrderSizeMax, 1),
  index: uint(),
  path: merklePath(),
  checkpoint: checkpointItem,
  /** SHA-256 of the policy file that the indices are of. */
  policy: id(),
});

export type Issuance = Infer<typeof issuanceItem>;

export const compactOrderSchema = tuple({
  version: uint({ min: COMPACT_VERSION, max: COMPACT_VERSION }),
  statement: blob(LIMITS.orderStatementSizeMax, 1),
  signatures: list(signatureItem, { min: 1, max: LIMITS.zoneKeyCountMax, order: (a, b) => a.key - b.key }),
  /** For many devices; null where the order names one. */
  place: nullable(placeItem),
  /** Null for break-glass, which no quorum vouches for. */
  issuance: nullable(issuanceItem),
});
type CompactFields = Infer<typeof compactOrderSchema>;

/** An order as it reaches a device; nothing of it is verified. */
export type CompactOrder = Omit<CompactFields, 'version'> & { readonly order: Order };

/** The bytes of it. Throws FormatError as `parseCompactOrder` does where these parts cannot be one. */
export function encodeCompactOrder(parts: Omit<CompactOrder, 'order'>): Bytes {
  const { statement, signatures, place, issuance } = parts;
  const encoded = encodeBy(compactOrderSchema, { version: COMPACT_VERSION, statement, signatures, place, issuance });
  parseCompactOrder(encoded);
  return encoded;
}

/**
 * Parses one strictly. Throws FormatError: TOO_LARGE, what the shapes say, and WRONG_TYPE unless it has a place exactly where the order
 * is for many and an issuance exactly where it is an ordinary one.
 */
export function parseCompactOrder(data: Bytes): CompactOrder {
  if (data.length > LIMITS.compactOrderSizeMax)
    throw formatError('TOO_LARGE', { size: data.length, sizeMax: LIMITS.compactOrderSizeMax });
  const { statement, signatures, place, issuance } = parseBy(compactOrderSchema, data);
  const order = parseOrder(statement);
  if ('root' in order.target !== (place !== null)) throw formatError('WRONG_TYPE', { at: '/place', want: 'as the target' });
  if ((order.mode === 'ordinary') !== (issuance !== null))
    throw formatError('WRONG_TYPE', { at: '/issuance', want: 'as the mode' });
  return { order, statement, signatures, place, issuance };
}
