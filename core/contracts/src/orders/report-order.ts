/** An order that was given without the ledger is put on it afterwards. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { isSafe, parseEnvelope } from '@oppidum/formats/envelope';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { type Order, orderId, parseOrder } from '@oppidum/formats/order-statement';
import { at } from '@oppidum/formats/state-layout';
import { reportedOrderKind, zoneEnvelopeKind, zoneKeysKind } from '@oppidum/formats/state-orders';
import { checkStatement, type SignedStatement } from '@oppidum/formats/statement';
import { parseKeySet } from '@oppidum/formats/zone-statements';
import { defineAction } from '@oppidum/ledger/action';
import type { City } from '@oppidum/ledger/city';
import { signersNeeded } from '@oppidum/proofs/order-signers';
import { checkAnybody } from '../authority.ts';
import { readZone } from '../zones/zones.ts';
import { openOrder } from './check-order.ts';
import { recordOrder } from './order-records.ts';

/**
 * Reports a break-glass order: which keys moved what while the city could not vouch. It is held against the key set and the envelope that
 * it names, which may have followers by now. Nothing is issued by it, and none is reported twice, however long ago it was.
 * Refuses, in this order: NOT_AUTHORIZED; codes of an order, WRONG_CITY, ORDER_MODE, ORDER_EXISTS; ZONE_UNKNOWN, ZONE_KEYS_VERSION,
 * ZONE_ENVELOPE_VERSION (there is no such version), KEY_UNKNOWN, SIGNATURE_INVALID, SIGNATURES_FEW, DIRECTION_UNSAFE.
 */
export const reportOrder = defineAction({
  kind: 'order/report',
  body: ACTION_FIELDS['order/report'],

  check(signed, city) {
    const refused = checkAnybody(city);
    if (refused !== null) return refused;
    const order = openOrder(city, signed.statement, 'break-glass');
    if ('code' in order) return order;
    const id = orderId(city.crypto, signed.statement);
    if (city.read(at(reportedOrderKind, id)) !== null) return reject('ORDER_EXISTS', { order: toHex(id) });
    return checkGiven(city, order, signed);
  },

  // COMMIT POINT
  apply(signed, city) {
    const { zone, expiresMs, lifetimeMs } = parseOrder(signed.statement);
    const id = orderId(city.crypto, signed.statement);
    // Nobody checked what it says of its end: it is not kept for ever because of that.
    recordOrder(city, id, signed, 'reported', Math.min(expiresMs, city.timeMs + lifetimeMs));
    city.write(at(reportedOrderKind, id), { zone, at: city.height });
    city.emit('order/reported', { order: id, zone });
  },
});

function checkGiven(city: City, order: Order, signed: SignedStatement): Rejection | null {
  const zone = readZone(city, order.zone);
  if ('code' in zone) return zone;
  const keys = city.read(at(zoneKeysKind, order.zone, order.keys));
  if (keys === null) return reject('ZONE_KEYS_VERSION', { want: zone.record.keys, got: order.keys });
  const envelopes = city.read(at(zoneEnvelopeKind, order.zone, order.envelope));
  if (envelopes === null) return reject('ZONE_ENVELOPE_VERSION', { want: zone.record.envelope, got: order.envelope });
  const [keySet, envelope] = [parseKeySet(keys.statement), parseEnvelope(envelopes.statement)];
  const need = { keys: keySet.keys, count: signersNeeded(keySet, envelope, order) };
  const refused = checkStatement(city.crypto, 'order', signed, need);
  return refused ?? (isSafe(envelope, order) ? null : reject('DIRECTION_UNSAFE', { command: order.command }));
}
