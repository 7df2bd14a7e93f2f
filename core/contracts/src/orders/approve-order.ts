/** Further order keys sign an order that waits for them. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { parseOrder } from '@oppidum/formats/order-statement';
import { at } from '@oppidum/formats/state-layout';
import { type OrderRecord, orderKind } from '@oppidum/formats/state-orders';
import type { SignedStatement, StatementSignature } from '@oppidum/formats/statement';
import { defineAction } from '@oppidum/ledger/action';
import { checkAnybody } from '../authority.ts';
import type { DomainLookup } from '../domains/domain.ts';
import { checkOrder, isFullySigned } from './check-order.ts';
import { applyIssue } from './order-records.ts';

/**
 * Adds signatures to an order; with as many as it needs it becomes an issued one, if all that issuing asks holds now.
 * Rule: whoever sends them, the order keys sign the whole order with its challenge, and so within its time: no approval outlives it.
 * Refuses, in this order: NOT_AUTHORIZED, ORDER_UNKNOWN, ORDER_CLOSED, ALREADY_APPROVED; ZONE_UNKNOWN, ZONE_KEYS_VERSION,
 * ZONE_ENVELOPE_VERSION, KEY_UNKNOWN, SIGNATURE_INVALID, KEY_CLASS_TOO_LOW, EXPIRED, NOT_YET_VALID; of one device DEVICE_NOT_IN_ZONE,
 * MANUFACTURER_REVOKED, MODEL_REVOKED, DEVICE_REVOKED, DEVICE_NOT_ACTIVE, DEVICE_SUSPENDED, DEVICE_QUARANTINED, of many ORDER_COUNT;
 * COMMAND_UNKNOWN, ARGUMENT_RANGE, ARGUMENT_UNIT; what the domain refuses; LIFETIME_TOO_LONG, CHALLENGE_SPENT; once enough signed
 * INTERLOCK_ARGUMENTS, INTERLOCK_FORBIDDEN, INTERLOCK_SILENT, INTERLOCK_QUARANTINED, INTERLOCK_CONTRADICTION, INTERLOCK_LIMIT.
 */
export const approveOrder = (domains: DomainLookup) =>
  defineAction({
    kind: 'order/approve',
    body: ACTION_FIELDS['order/approve'],

    check({ id, signatures }, city) {
      const refused = checkAnybody(city);
      if (refused !== null) return refused;
      const record = city.read(at(orderKind, id));
      if (record === null) return reject('ORDER_UNKNOWN', { order: toHex(id) });
      if (record.status !== 'awaiting') return reject('ORDER_CLOSED', { order: toHex(id), status: record.status });
      return (
        checkFresh(record, signatures) ??
        checkOrder(city, domains, parseOrder(record.statement), withSignatures(record, signatures))
      );
    },

    // COMMIT POINT
    apply({ id, signatures }, city) {
      const record = city.get(at(orderKind, id));
      const order = parseOrder(record.statement);
      const signed = withSignatures(record, signatures);
      city.write(at(orderKind, id), { ...record, signatures: [...signed.signatures] });
      if (isFullySigned(city, order, signed)) applyIssue(city, id, order);
      else city.emit('order/approved', { order: id, zone: order.zone, signatures: signed.signatures.length });
    },
  });

function checkFresh(record: OrderRecord, signatures: readonly StatementSignature[]): Rejection | null {
  const known = new Set(record.signatures.map(({ key }) => key));
  const again = signatures.find(({ key }) => known.has(key));
  return again === undefined ? null : reject('ALREADY_APPROVED', { key: again.key });
}

function withSignatures({ statement, signatures }: OrderRecord, more: readonly StatementSignature[]): SignedStatement {
  return { statement, signatures: [...signatures, ...more].sort((a, b) => a.key - b.key) };
}
