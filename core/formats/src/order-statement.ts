/**
 * An order: what an actuator is told to do, as the order keys of its zone sign it (specs/orders.md §3). It holds for one challenge of one
 * device, or for one tree of challenges, and so for one time: what was signed once is never obeyed twice.
 */

import type { Bytes } from './bytes.ts';
import { commandArguments, commandName } from './command.ts';
import { encodeBy, id, parseBy, timeMs } from './common-schemas.ts';
import type { Crypto } from './crypto.ts';
import { formatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { bytes, either, type Infer, oneOf, struct, uint } from './schema.ts';
import { versionNumber } from './zone-statements.ts';

/** One actuator and the random bytes that it drew for this order and no other. */
const deviceTarget = struct({ device: id(), challenge: bytes(32) });
/** Many at once: the RFC 6962 root over `count` leaves device ‖ challenge, ascending by device (`challenge-tree.ts` of core/proofs). */
const treeTarget = struct({ root: id(), count: uint({ min: 1, max: LIMITS.zoneOrderDeviceCountMax }) });

export const orderSchema = struct({
  /** Genesis hash of the city. */
  city: id(),
  zone: id(),
  /** Versions of the zone's key set and envelope that the signers knew. */
  keys: versionNumber(),
  envelope: versionNumber(),
  target: either('device', deviceTarget, treeTarget),
  command: commandName(),
  arguments: commandArguments(),
  /** How long after it made the challenge the device obeys, by its own monotonic timer. */
  lifetimeMs: uint({ min: 1, max: LIMITS.orderLifetimeMsMax }),
  /** Block time from which on the ledger issues it no more; a device has no such clock and does not ask. */
  expiresMs: timeMs(),
  /** `break-glass` is obeyed without the city's quorum, and only in a direction that the envelope declares safe. */
  mode: oneOf('ordinary', 'break-glass'),
  /** Random: two orders are never one, and no order can be guessed from its id. */
  nonce: bytes(16),
});
export type Order = Infer<typeof orderSchema>;

/** Deterministic CBOR of an order: the statement that order keys sign. */
export function encodeOrder(order: Order): Bytes {
  return encodeBy(orderSchema, order);
}

/** Parses the statement of an order strictly. Throws FormatError. */
export function parseOrder(statement: Bytes): Order {
  if (statement.length > LIMITS.orderStatementSizeMax) throw formatError('TOO_LARGE', { sizeMax: LIMITS.orderStatementSizeMax });
  return parseBy(orderSchema, statement);
}

/** The id of an order: SHA-256 of its statement. */
export function orderId(crypto: Crypto, statement: Bytes): Bytes {
  return crypto.sha256(statement);
}
