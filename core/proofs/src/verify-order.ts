/**
 * Why a machine obeys (specs/orders.md §7): offline, from what it pinned and nothing else.
 *
 *   the zone's own keys signed exactly this, for this machine, under the envelope it holds → the city's validators vouch that it was
 *   issued, or it goes in a direction that is safe whatever is known
 *
 * Whether the challenge is the machine's newest and its time is not over only the machine knows: it asks itself, after this and before it
 * acts.
 */

import { encodeTransactionLeaf } from '@oppidum/formats/block-log';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { originOf } from '@oppidum/formats/city-policy';
import { checkCompactCheckpoint } from '@oppidum/formats/compact-checkpoint';
import type { CompactOrder, Issuance } from '@oppidum/formats/compact-order';
import type { Crypto } from '@oppidum/formats/crypto';
import { type Envelope, isSafe } from '@oppidum/formats/envelope';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { genesisHashOf } from '@oppidum/formats/ids';
import { type Order, orderId } from '@oppidum/formats/order-statement';
import type { Policy } from '@oppidum/formats/policy';
import { type LedgerEvent, parseEvents } from '@oppidum/formats/result';
import { checkStatement } from '@oppidum/formats/statement';
import type { KeySet } from '@oppidum/formats/zone-statements';
import { checkChallenged } from './challenge-tree.ts';
import { checkInclusion } from './merkle.ts';
import { leafHash } from './merkle-hash.ts';
import { lifetimeAllowedMs, signersNeeded } from './order-signers.ts';

/** The event that makes an order an issued one: its body is exactly {order, zone}. */
const ORDER_ISSUED = 'order/issued';

/** What a machine knows by itself: which it is, its zone's newest key set and envelope, and policies by the SHA-256 of their file. */
export type OrderPins = {
  readonly device: Bytes;
  readonly keySet: KeySet;
  readonly envelope: Envelope;
  /** The newest policy the machine knows if it has this digest, else null: a former one lets nobody order anything. */
  readonly policyOf: (digest: Bytes) => Policy | null;
};

/**
 * Refuses an order that this machine must not obey, in this order:
 * WRONG_CITY, ZONE_FOREIGN, ORDER_FOREIGN (another device), of an order for many NUMBER_RANGE, PROOF_LENGTH_WRONG, ROOT_MISMATCH;
 * ZONE_KEYS_VERSION; KEY_UNKNOWN, SIGNATURE_INVALID, SIGNATURES_FEW (the least that any order needs); ZONE_ENVELOPE_VERSION; SIGNATURES_FEW
 * (for a dangerous one); LIFETIME_TOO_LONG; for break-glass DIRECTION_UNSAFE; for an ordinary one what `checkIssuance` refuses.
 */
export function verifyOrder(crypto: Crypto, compact: CompactOrder, pins: OrderPins): Rejection | null {
  const { order, issuance } = compact;
  const refused = checkMeant(crypto, compact, pins) ?? checkSigned(crypto, compact, pins);
  if (refused !== null) return refused;
  if (issuance !== null) return checkIssuance(crypto, compact, issuance, pins.policyOf);
  // The form has no issuance exactly where the signed mode is break-glass.
  return isSafe(pins.envelope, order) ? null : reject('DIRECTION_UNSAFE', { command: order.command });
}

/** The challenge that an order spends: of this machine's leaf where it is for many. */
export function challengeOf({ order, place }: Pick<CompactOrder, 'order' | 'place'>): Bytes {
  if ('challenge' in order.target) return order.target.challenge;
  if (place === null) throw new Error('the form has a place exactly where the order is for many');
  return place.challenge;
}

function checkMeant(crypto: Crypto, compact: CompactOrder, { device, keySet }: OrderPins): Rejection | null {
  const { order, place } = compact;
  if (!equalBytes(order.city, keySet.city)) return reject('WRONG_CITY', { city: toHex(order.city) });
  if (!equalBytes(order.zone, keySet.zone)) return reject('ZONE_FOREIGN', { zone: toHex(order.zone) });
  const { target } = order;
  if ('device' in target)
    return equalBytes(target.device, device) ? null : reject('ORDER_FOREIGN', { device: toHex(target.device) });
  if (place === null) throw new Error('the form has a place exactly where the order is for many');
  return checkChallenged(crypto, target, { device, challenge: challengeOf(compact) }, place);
}

function checkSigned(crypto: Crypto, compact: CompactOrder, { keySet, envelope }: OrderPins): Rejection | null {
  const { order, signatures } = compact;
  if (order.keys !== keySet.version) return reject('ZONE_KEYS_VERSION', { want: keySet.version, got: order.keys });
  const { keys, threshold } = keySet;
  const refused = checkStatement(crypto, 'order', compact, { keys, count: threshold });
  if (refused !== null) return refused;
  if (order.envelope !== envelope.version)
    return reject('ZONE_ENVELOPE_VERSION', { want: envelope.version, got: order.envelope });
  const need = signersNeeded(keySet, envelope, order);
  if (signatures.length < need) return reject('SIGNATURES_FEW', { want: need, got: signatures.length });
  return checkLifetime(envelope, order);
}

/** Refuses LIFETIME_TOO_LONG as the envelope says. */
export function checkLifetime(envelope: Envelope, order: Order): Rejection | null {
  const lifetimeMsMax = lifetimeAllowedMs(envelope, order);
  const { lifetimeMs } = order;
  return lifetimeMs <= lifetimeMsMax ? null : reject('LIFETIME_TOO_LONG', { lifetimeMs, lifetimeMsMax });
}

/**
 * Refuses unless the validators of the policy vouch that the ledger issued this order: POLICY_UNKNOWN, WRONG_CITY (the policy's), what the decoder of events throws,
 * ORDER_NOT_ISSUED (no such event), NUMBER_RANGE, PROOF_LENGTH_WRONG, ROOT_MISMATCH (not in the log), as `checkCompactCheckpoint`.
 */
export function checkIssuance(
  crypto: Crypto,
  { order, statement }: Pick<CompactOrder, 'order' | 'statement'>,
  issuance: Issuance,
  policyOf: OrderPins['policyOf'],
): Rejection | null {
  const policy = policyOf(issuance.policy);
  if (policy === null) return reject('POLICY_UNKNOWN', { policy: toHex(issuance.policy) });
  if (!equalBytes(genesisHashOf(originOf(policy)), order.city)) return reject('WRONG_CITY', { city: toHex(order.city) });
  const id = orderId(crypto, statement);
  if (!parseEvents(issuance.events).some((event) => isIssueOf(event, id, order.zone)))
    return reject('ORDER_NOT_ISSUED', { order: toHex(id) });
  const { height, position, transaction, events, index, path, checkpoint } = issuance;
  const leaf = encodeTransactionLeaf({ height, position, id: transaction, code: 'OK', eventsDigest: crypto.sha256(events) });
  const { size, root } = checkpoint;
  const refused = checkInclusion(crypto, { index, size, leafHash: leafHash(crypto, leaf), proof: path, root });
  return refused ?? checkCompactCheckpoint(crypto, policy, checkpoint);
}

function isIssueOf({ kind, body }: LedgerEvent, id: Bytes, zone: Bytes): boolean {
  if (kind !== ORDER_ISSUED || !(body instanceof Map) || body.size !== 2) return false;
  const [order, where] = [body.get('order'), body.get('zone')];
  return order instanceof Uint8Array && where instanceof Uint8Array && equalBytes(order, id) && equalBytes(where, zone);
}
