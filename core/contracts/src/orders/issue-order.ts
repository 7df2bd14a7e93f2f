/** An order to an actuator comes before the city. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import { orderId, parseOrder } from '@oppidum/formats/order-statement';
import { at } from '@oppidum/formats/state-layout';
import { orderKind } from '@oppidum/formats/state-orders';
import { defineAction } from '@oppidum/ledger/action';
import { checkRole } from '../authority.ts';
import type { DomainLookup } from '../domains/domain.ts';
import { checkOrder, isFullySigned, openOrder } from './check-order.ts';
import { applyIssue, recordOrder } from './order-records.ts';

/**
 * Issues an order, or keeps it until as many keys signed as it needs. Its id is SHA-256 of the statement.
 * Rule: the operator sends it, order keys of the zone sign it, and what is so in the city when the last of them signed decides.
 * Refuses, in this order: NOT_AUTHORIZED; codes of an order, WRONG_CITY, ORDER_MODE, ORDER_EXISTS; ZONE_UNKNOWN, ZONE_KEYS_VERSION,
 * ZONE_ENVELOPE_VERSION, KEY_UNKNOWN, SIGNATURE_INVALID, KEY_CLASS_TOO_LOW, EXPIRED, NOT_YET_VALID; of one device DEVICE_NOT_IN_ZONE,
 * MANUFACTURER_REVOKED, MODEL_REVOKED, DEVICE_REVOKED, DEVICE_NOT_ACTIVE, DEVICE_SUSPENDED, DEVICE_QUARANTINED, of many ORDER_COUNT;
 * COMMAND_UNKNOWN, ARGUMENT_RANGE, ARGUMENT_UNIT; what the domain refuses; LIFETIME_TOO_LONG, CHALLENGE_SPENT; once enough signed
 * INTERLOCK_ARGUMENTS, INTERLOCK_FORBIDDEN, INTERLOCK_SILENT, INTERLOCK_QUARANTINED, INTERLOCK_CONTRADICTION, INTERLOCK_LIMIT.
 */
export const issueOrder = (domains: DomainLookup) =>
  defineAction({
    kind: 'order/issue',
    body: ACTION_FIELDS['order/issue'],

    check(signed, city) {
      const refused = checkRole(city, 'operator');
      if (refused !== null) return refused;
      const order = openOrder(city, signed.statement, 'ordinary');
      if ('code' in order) return order;
      const id = orderId(city.crypto, signed.statement);
      if (city.read(at(orderKind, id)) !== null) return reject('ORDER_EXISTS', { order: toHex(id) });
      return checkOrder(city, domains, order, signed);
    },

    // COMMIT POINT
    apply(signed, city) {
      const order = parseOrder(signed.statement);
      const id = orderId(city.crypto, signed.statement);
      recordOrder(city, id, signed, 'awaiting', order.expiresMs);
      if (isFullySigned(city, order, signed)) applyIssue(city, id, order);
      else city.emit('order/awaiting', { order: id, zone: order.zone, signatures: signed.signatures.length });
    },
  });
