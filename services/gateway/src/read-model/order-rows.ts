/** Zones and orders as rows, and what devices signed about orders: as the ledger records them and as the agents of devices name their answers. */

import { toHex } from '@oppidum/formats/bytes';
import { parseOrder } from '@oppidum/formats/order-statement';
import type { ResolvedRecord } from '@oppidum/formats/senml';
import type { OrderRecord, ZoneRecord } from '@oppidum/formats/state-orders';
import type { CommittedTransaction } from '@oppidum/node/client';
import type { Database } from './database.ts';

/** Names of the records by which a device answers (specs/orders.md §9); `kind` in the tables is a place in this list. */
export const ANSWERS = ['ack', 'rejected', 'applied'] as const;
export type AnswerKind = (typeof ANSWERS)[number];

/** What a device signed about one order; `code` says why it was rejected. */
export type Answer = { readonly order: string; readonly kind: AnswerKind; readonly code: string | null };

/** Of the transaction that makes an order an issued one (specs/orders.md §9). */
const ISSUED = 'order/issued';
const PREFIX = 'order/';
const ORDER_FORM = /^[0-9a-f]{64}$/;
const CODE_FORM = /^[A-Z][A-Z0-9_]{2,63}$/;
/** What was done without the ledger: by hand, or by break-glass. */
const LOCAL = 'order/local';
const LOCAL_SIZE_MAX = 256;

/** The answer that a record is, or null. `name`: without the device's URN. Whatever else a device says under these names is no answer. */
export function answerOf(name: string, { value }: Pick<ResolvedRecord, 'value'>): Answer | null {
  if (!name.startsWith(PREFIX) || typeof value !== 'string') return null;
  const kind = ANSWERS.find((answer) => name === `${PREFIX}${answer}`);
  const [order = '', code = null, ...more] = value.split(' ');
  if (kind === undefined || more.length > 0 || !ORDER_FORM.test(order)) return null;
  if (kind !== 'rejected') return code === null ? { order, kind, code } : null;
  return code !== null && CODE_FORM.test(code) ? { order, kind, code } : null;
}

/** What was done here without an order of the ledger, as its device tells it; or null. */
export function localOf(name: string, { value }: Pick<ResolvedRecord, 'value'>): string | null {
  return name === LOCAL && typeof value === 'string' && value.length <= LOCAL_SIZE_MAX ? value : null;
}

/** A zone as it is now. */
export function writeZone(database: Database, id: string, record: ZoneRecord): Promise<unknown> {
  const { name, domain, keys, envelope, deviceCount, from } = record;
  return database
    .replaceInto('zones')
    .values({ id, name, domain, keys, envelope, device_count: deviceCount, from_height: from })
    .execute();
}

/** The zone of a device, in hex both. */
export function writeDeviceZone(database: Database, device: string, record: { readonly zone: Uint8Array }): Promise<unknown> {
  return database
    .replaceInto('zone_devices')
    .values({ device, zone: toHex(record.zone) })
    .execute();
}

/** The device belongs to no zone any more. */
export function removeDeviceZone(database: Database, device: string): Promise<unknown> {
  return database.deleteFrom('zone_devices').where('device', '=', device).execute();
}

/** The ledger forgets an order an hour after it expired; here it stays. */
export async function writeOrder(database: Database, id: string, record: OrderRecord): Promise<unknown> {
  const order = parseOrder(record.statement);
  const { target } = order;
  const facts = {
    zone: toHex(record.zone),
    device: 'device' in target ? toHex(target.device) : null,
    device_count: 'device' in target ? 1 : target.count,
    command: order.command,
    arguments: JSON.stringify(order.arguments),
    mode: order.mode,
    lifetime_ms: order.lifetimeMs,
    expires_ms: order.expiresMs,
    statement: record.statement,
    signers: JSON.stringify(record.signatures.map(({ key }) => key)),
    status: record.status,
    at_ms: record.atMs,
    issued_ms: record.issuedMs ?? null,
    height: record.height,
  };
  return database
    .insertInto('orders')
    .values({ id, ...facts, issued_by: null })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(facts))
    .execute();
}

/** The orders that this transaction issued, in hex. */
export function issuedBy({ code, events }: Pick<CommittedTransaction, 'code' | 'events'>): readonly string[] {
  if (code !== 'OK') return [];
  return events.flatMap(({ kind, body }) => {
    const order = kind === ISSUED && body instanceof Map ? body.get('order') : null;
    return order instanceof Uint8Array ? [toHex(order)] : [];
  });
}

/** Notes which transaction issued an order, by which its evidence is found. After the rows of its records. */
export async function writeIssuances(database: Database, transaction: CommittedTransaction): Promise<void> {
  for (const id of issuedBy(transaction))
    await database
      .updateTable('orders')
      .set({ issued_by: toHex(transaction.id) })
      .where('id', '=', id)
      .execute();
}
