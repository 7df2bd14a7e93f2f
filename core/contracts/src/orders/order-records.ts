/** How orders are kept, issued and forgotten. */

import type { Bytes } from '@oppidum/formats/bytes';
import { type Order, parseOrder } from '@oppidum/formats/order-statement';
import { at } from '@oppidum/formats/state-layout';
import {
  newestOrderKind,
  newestZoneOrderKind,
  type OrderRecord,
  orderArrivalKind,
  orderKind,
  orderSpanKind,
} from '@oppidum/formats/state-orders';
import type { SignedStatement } from '@oppidum/formats/statement';
import type { City } from '@oppidum/ledger/city';

/** How long the record of an order is kept after the order expired, in milliseconds. */
const RETENTION_MS = 3_600_000;
/** Records looked at, and removed where they are due, with each new one: they go faster than they come. */
const PRUNED_COUNT = 2;

/** Keeps a new order, and forgets the oldest of its zone that are due. */
export function recordOrder(
  city: City,
  id: Bytes,
  signed: SignedStatement,
  status: OrderRecord['status'],
  expiresMs: number,
): void {
  const { zone } = parseOrder(signed.statement);
  const { timeMs: atMs, height } = city;
  const { statement, signatures } = signed;
  city.write(at(orderKind, id), { zone, statement, signatures: [...signatures], status, atMs, height });
  const span = city.read(at(orderSpanKind, zone)) ?? { first: 0, next: 0 };
  city.write(at(orderArrivalKind, zone, span.next), { order: id, expiresMs });
  city.write(at(orderSpanKind, zone), { first: pruneOrders(city, zone, span.first, span.next), next: span.next + 1 });
}

/** Removes up to two records from the begin of the span that expired an hour ago; answers where the span begins then. */
function pruneOrders(city: City, zone: Bytes, first: number, next: number): number {
  for (let n = first; n < Math.min(next, first + PRUNED_COUNT); n++) {
    const arrival = city.get(at(orderArrivalKind, zone, n));
    if (arrival.expiresMs + RETENTION_MS > city.timeMs) return n;
    city.remove(at(orderKind, arrival.order));
    city.remove(at(orderArrivalKind, zone, n));
  }
  return Math.min(next, first + PRUNED_COUNT);
}

/**
 * An order becomes an issued one: its challenge is spent, and the order issued before it for the same device, or for the same zone, is
 * superseded. The event is what devices see proven.
 */
export function applyIssue(city: City, id: Bytes, order: Order): void {
  const record = city.get(at(orderKind, id));
  city.write(at(orderKind, id), { ...record, status: 'issued', issuedMs: city.timeMs });
  const { zone, target } = order;
  if ('device' in target) {
    const place = at(newestOrderKind, target.device);
    supersede(city, city.read(place)?.order ?? null);
    city.write(place, { order: id, challenge: target.challenge });
  } else {
    const place = at(newestZoneOrderKind, zone);
    supersede(city, city.read(place)?.order ?? null);
    city.write(place, { order: id, root: target.root });
  }
  city.emit('order/issued', { order: id, zone });
}

/** Of an order whose time is over nothing remains to be superseded. */
function supersede(city: City, id: Bytes | null): void {
  const record = id === null ? null : city.read(at(orderKind, id));
  if (id === null || record === null || record.status !== 'issued') return;
  if (parseOrder(record.statement).expiresMs <= city.timeMs) return;
  city.write(at(orderKind, id), { ...record, status: 'superseded' });
  city.emit('order/superseded', { order: id, zone: record.zone });
}
