/** An order is taken back. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import { parseOrder } from '@oppidum/formats/order-statement';
import { at } from '@oppidum/formats/state-layout';
import { orderKind } from '@oppidum/formats/state-orders';
import { defineAction } from '@oppidum/ledger/action';
import { checkRole } from '../authority.ts';

/**
 * Cancels an order that waits or was issued: no door hands it over from then on. What a device has already, it may obey until the
 * lifetime ends; its challenge stays spent.
 * Rule: an everyday key suffices, for this errs on the safe side.
 * Refuses, in this order: NOT_AUTHORIZED, ORDER_UNKNOWN, ORDER_CLOSED, EXPIRED.
 */
export const cancelOrder = defineAction({
  kind: 'order/cancel',
  body: ACTION_FIELDS['order/cancel'],

  check({ id }, city) {
    const refused = checkRole(city, 'operator');
    if (refused !== null) return refused;
    const record = city.read(at(orderKind, id));
    if (record === null) return reject('ORDER_UNKNOWN', { order: toHex(id) });
    if (record.status !== 'awaiting' && record.status !== 'issued')
      return reject('ORDER_CLOSED', { order: toHex(id), status: record.status });
    const { expiresMs } = parseOrder(record.statement);
    return city.timeMs < expiresMs ? null : reject('EXPIRED', { expiresMs, timeMs: city.timeMs });
  },

  // COMMIT POINT
  apply({ id }, city) {
    const record = city.get(at(orderKind, id));
    city.write(at(orderKind, id), { ...record, status: 'cancelled' });
    city.emit('order/cancelled', { order: id, zone: record.zone });
  },
});
