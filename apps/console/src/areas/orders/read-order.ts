/** An order as this browser reads it: from the bytes that were signed, whatever the city says beside them. */

import { equalBytes, parseBase64, parseHex, toHex } from '@oppidum/formats/bytes';
import { parseEnvelope } from '@oppidum/formats/envelope';
import { FormatError } from '@oppidum/formats/errors';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { type Order, orderId, parseOrder } from '@oppidum/formats/order-statement';
import { checkStatement } from '@oppidum/formats/statement';
import type { OrderDetailJson, ZoneDetailJson } from '@oppidum/gateway/api/orders';
import { isDangerousOrder } from '@oppidum/proofs/order-signers';
import type { Act } from '@oppidum/signing/judge-request';

/** The order with the act that issues it; or what is wrong with what the city sent under its id. */
export type ReadOrder = { readonly order: Order; readonly act: Act } | 'unreadable' | 'other';

/** Reads the statement under the id that was asked for. */
export function readOrder(id: string, { statement }: Pick<OrderDetailJson, 'statement'>): ReadOrder {
  try {
    const bytes = parseBase64(statement);
    const order = parseOrder(bytes);
    if (toHex(orderId(crypto, bytes)) !== id) return 'other';
    return { order, act: { kind: 'order/issue', body: new Map([['statement', bytes]]), isDangerous: true, inner: null } };
  } catch (error) {
    if (error instanceof FormatError) return 'unreadable';
    throw error;
  }
}

/**
 * Whether the envelope in force in its zone calls the order dangerous; false where the order is for another envelope, of which nothing is
 * known here: it says itself how many keys must sign.
 */
export function isCalledDangerous(order: Order, zone: Pick<ZoneDetailJson, 'envelopeInForce'>): boolean {
  try {
    const envelope = parseEnvelope(parseBase64(zone.envelopeInForce.statement));
    const isIts = equalBytes(envelope.zone, order.zone) && envelope.version === order.envelope;
    return isIts && isDangerousOrder(envelope, order);
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
}

/** Whether the key that is named signed this statement; that it is a key of the zone is another question. */
export function isSignedBy(
  { statement }: Pick<OrderDetailJson, 'statement'>,
  by: OrderDetailJson['signatures'][number],
): boolean {
  try {
    const signed = { statement: parseBase64(statement), signatures: [{ key: 0, signature: parseBase64(by.signature) }] };
    return checkStatement(crypto, 'order', signed, { keys: [parseHex(by.publicKey, 32)], count: 1 }) === null;
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
}
