/** Zones and orders out of the read model, and what became of each order: the ledger's word, then the devices'. */

import { LIMITS } from '@oppidum/formats/limits';
import { nextOrderState, type OrderEvent, type OrderState } from '@oppidum/formats/order-life';
import { sql } from 'kysely';
import type { Database, Tables } from './database.ts';
import type { ANSWERS } from './order-rows.ts';
import { inOrder, type Step, type Walked, walk } from './walk.ts';

export type ZoneRow = Tables['zones'];
export type OrderRow = Tables['orders'];
export type AnswerRow = Tables['order_answers'];

/** Up to `limit` zones after an id. */
export async function findZones(database: Database, limit: number, after: string | null): Promise<ZoneRow[]> {
  let query = database.selectFrom('zones').selectAll().orderBy('id').limit(limit);
  if (after !== null) query = query.where('id', '>', after);
  return query.execute();
}

/** Ids of the zones of a domain. */
export async function findZonesOf(database: Database, domain: string): Promise<readonly string[]> {
  const rows = await database.selectFrom('zones').select('id').where('domain', '=', domain).orderBy('id').execute();
  return rows.map(({ id }) => id);
}

/** Up to `limit` devices of a zone after one, by their ids, with what they are called. */
export async function findZoneDevices(
  database: Database,
  zone: string,
  { limit, after }: { readonly limit: number; readonly after: string },
): Promise<readonly { readonly device: string; readonly label: string | null }[]> {
  return database
    .selectFrom('zone_devices')
    .leftJoin('devices', 'devices.id', 'zone_devices.device')
    .select(['zone_devices.device', 'devices.label'])
    .where('zone', '=', zone)
    .where('device', '>', after)
    .orderBy('device')
    .limit(limit)
    .execute();
}

export type OrderFilter = {
  readonly zone?: string | undefined;
  readonly device?: string | undefined;
  readonly status?: OrderRow['status'] | undefined;
};

/** Where an order stands in the list. */
export type OrderPlace = { readonly atMs: number; readonly id: string };

/**
 * Up to `limit` orders, newest first, before one already shown. One filter is a stretch of an index; of several the first is, and the rest is
 * looked at row by row.
 */
export async function findOrders(
  database: Database,
  { limit, before, zone, device, status }: OrderFilter & { readonly limit: number; readonly before: OrderPlace | null },
): Promise<Walked<OrderRow, OrderPlace>> {
  const [first, ...rest] = [...filterBy('device', device), ...filterBy('zone', zone), ...filterBy('status', status)];
  const step = async (from: OrderPlace | null, rowCount: number): Promise<Step<string, OrderPlace>> => {
    let query = database
      .selectFrom('orders')
      .select(['at_ms', 'id'])
      .orderBy('at_ms', 'desc')
      .orderBy('id', 'desc')
      .limit(rowCount);
    if (first !== undefined) query = query.where(first.column, '=', first.value);
    if (from !== null)
      query = query.where(({ eb, refTuple, tuple }) => eb(refTuple('at_ms', 'id'), '<', tuple(from.atMs, from.id)));
    const looked = await query
      .select(({ eb, and }) => and(rest.map(({ column, value }) => eb(column, '=', value))).as('fits'))
      .execute();
    const last = looked.length < rowCount ? undefined : looked.at(-1);
    return {
      rows: looked.flatMap(({ id, fits }) => (fits ? [id] : [])),
      end: last === undefined ? null : { atMs: last.at_ms, id: last.id },
    };
  };
  const { rows: ids, end } = await walk(limit, before, step);
  const rows = ids.length === 0 ? [] : await database.selectFrom('orders').selectAll().where('id', 'in', ids).execute();
  return { rows: inOrder(ids, rows, ({ id }) => id), end };
}

function filterBy<C extends keyof OrderFilter>(column: C, value: OrderFilter[C]) {
  return value === undefined ? [] : [{ column, value }];
}

/** The order with this id, or null. */
export async function findOrder(database: Database, id: string): Promise<OrderRow | null> {
  const [row] = await database.selectFrom('orders').selectAll().where('id', '=', id).execute();
  return row ?? null;
}

/** Orders that are issued and not over at this time, with the transactions that issued them. */
export async function findIssued(
  database: Database,
  nowMs: number,
): Promise<readonly { readonly order: string; readonly transaction: string }[]> {
  const rows = await database
    .selectFrom('orders')
    .select(['id', 'issued_by', 'issued_ms', 'lifetime_ms'])
    // In so many letters: the index is of these rows alone.
    .where(sql<boolean>`status = 'issued'`)
    .where('issued_ms', '>', nowMs - LIMITS.orderLifetimeMsMax)
    .where(({ eb, ref }) => eb(eb(ref('issued_ms'), '+', ref('lifetime_ms')), '>', nowMs))
    .execute();
  return rows.flatMap(({ id, issued_by: transaction }) => (transaction === null ? [] : [{ order: id, transaction }]));
}

/** What devices signed about an order: up to `limit` of them after a device, ascending. */
export async function findAnswers(
  database: Database,
  order: string,
  { limit, after }: { readonly limit: number; readonly after: string | null },
): Promise<AnswerRow[]> {
  let query = database.selectFrom('order_answers').selectAll().where('order_id', '=', order).orderBy('device').limit(limit);
  if (after !== null) query = query.where('device', '>', after);
  return query.execute();
}

/** How many devices signed each sort of answer to an order; one that signed several counts with each. */
export async function countAnswers(
  database: Database,
  order: string,
): Promise<Readonly<Record<(typeof ANSWERS)[number], number>>> {
  const rows = await database.selectFrom('order_answer_counts').select(['kind', 'count']).where('order_id', '=', order).execute();
  const countOf = (kind: number): number => rows.find((row) => row.kind === kind)?.count ?? 0;
  return { ack: countOf(0), rejected: countOf(1), applied: countOf(2) };
}

/** Devices whose answer to an order is final. */
export async function findAnswered(database: Database, order: string): Promise<ReadonlySet<string>> {
  const rows = await database
    .selectFrom('order_answers')
    .select('device')
    .where('order_id', '=', order)
    .where('kind', '>', 0)
    .execute();
  return new Set(rows.map(({ device }) => device));
}

/** Up to `limit` things done without an order of the ledger, newest first. */
export async function findLocalActs(
  database: Database,
  {
    limit,
    before,
    device,
  }: {
    readonly limit: number;
    readonly before: { readonly timeMs: number; readonly reading: string } | null;
    readonly device?: string | undefined;
  },
): Promise<Tables['local_acts'][]> {
  let query = database.selectFrom('local_acts').selectAll().orderBy('time_ms', 'desc').orderBy('reading', 'desc').limit(limit);
  if (device !== undefined) query = query.where('device', '=', device);
  if (before !== null)
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('time_ms', 'reading'), '<', tuple(before.timeMs, before.reading)),
    );
  return query.execute();
}

/** Of an order: what the ledger says, whether it was handed over, what its device signed, and whether its time is over. */
type Known = Pick<OrderRow, 'status' | 'issued_ms' | 'expires_ms' | 'lifetime_ms'> & {
  readonly isSent: boolean;
  readonly answers: readonly Pick<AnswerRow, 'kind'>[];
  readonly nowMs: number;
};

const LEDGER_EVENTS: Readonly<Record<OrderRow['status'], readonly OrderEvent[]>> = {
  awaiting: [],
  issued: ['issue'],
  cancelled: ['cancel'],
  superseded: ['issue', 'supersede'],
  reported: ['issue'],
};
const ANSWER_EVENTS: readonly OrderEvent[] = ['ack', 'reject', 'apply'];

/** Where an order is in its life towards one device: the events that are known, through the table of `order-life.ts`. */
export function orderStateOf({
  status,
  issued_ms: issuedMs,
  expires_ms: expiresMs,
  lifetime_ms: lifetimeMs,
  ...known
}: Known): OrderState {
  const endsMs = issuedMs === null ? expiresMs : issuedMs + lifetimeMs;
  const ledger = LEDGER_EVENTS[status];
  const events: OrderEvent[] = [
    // An order that was issued before it was cancelled can be answered all the same.
    ...(issuedMs !== null && !ledger.includes('issue') ? (['issue'] as const) : []),
    ...ledger,
    ...(known.isSent ? (['send'] as const) : []),
    ...(known.nowMs >= endsMs ? (['expire'] as const) : []),
    ...known.answers.map(({ kind }) => ANSWER_EVENTS[kind] as OrderEvent),
  ];
  return events.reduce<OrderState>((state, event) => nextOrderState(state, event), 'awaiting');
}
