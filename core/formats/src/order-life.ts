/**
 * The life of an order towards one device: every state with every event, no gaps (specs/orders.md §8).
 *
 *   awaiting → queued → sent → acked | rejected → applied | expired | cancelled | superseded
 *
 * 1. `acked`, `rejected` and `applied` are entered only by what the device signed; nothing is ever called delivered without that.
 * 2. What the device signed outweighs what was computed or decided without it: a late `apply` or `reject` overrides `expired`,
 *    `cancelled` and `superseded`, for an order that was issued may act until its lifetime ends.
 * 3. `applied` is final. A device that acted may still refuse a second copy of the order, or be heard in another order than it spoke.
 * 4. Nothing leads from `awaiting` to `sent`, `acked`, `rejected` or `applied`: too few keys signed, so no device can obey it.
 * 5. Without the device an order only ends: nothing leads out of `rejected`, `expired`, `cancelled` or `superseded` but the device's word.
 * 6. Time alone leads to `expired`, from every state whose end is open, and only there.
 * 7. An event that says what is known already, or comes too late to matter, changes nothing.
 */

export const ORDER_STATES = [
  'awaiting',
  'queued',
  'sent',
  'acked',
  'rejected',
  'applied',
  'expired',
  'cancelled',
  'superseded',
] as const;
export type OrderState = (typeof ORDER_STATES)[number];

/**
 * `issue`, `cancel`, `supersede`: the ledger says so. `send`: a door handed it over. `lose`: the connection it was handed to broke.
 * `ack`, `reject`, `apply`: the device signed it. `expire`: its time ended.
 */
export const ORDER_EVENTS = ['issue', 'send', 'lose', 'ack', 'reject', 'apply', 'expire', 'cancel', 'supersede'] as const;
export type OrderEvent = (typeof ORDER_EVENTS)[number];

type Row = Readonly<Record<OrderEvent, OrderState>>;

/** A state in which an order waits for its end: time, the ledger or the device may bring it. */
const open = (changes: Partial<Row> & Pick<Row, 'issue' | 'send' | 'lose'>): Row => ({
  ack: 'acked',
  reject: 'rejected',
  apply: 'applied',
  expire: 'expired',
  cancel: 'cancelled',
  supersede: 'superseded',
  ...changes,
});

/** A state that only the device's word changes. */
const closed = (state: OrderState): Row => ({
  issue: state,
  send: state,
  lose: state,
  // That it arrived says nothing about what became of it.
  ack: state,
  reject: 'rejected',
  apply: 'applied',
  expire: state,
  cancel: state,
  supersede: state,
});

const LIFE: Readonly<Record<OrderState, Row>> = {
  awaiting: open({ issue: 'queued', send: 'awaiting', lose: 'awaiting', ack: 'awaiting', reject: 'awaiting', apply: 'awaiting' }),
  queued: open({ issue: 'queued', send: 'sent', lose: 'queued' }),
  sent: open({ issue: 'sent', send: 'sent', lose: 'queued' }),
  acked: open({ issue: 'acked', send: 'acked', lose: 'acked' }),
  rejected: closed('rejected'),
  applied: { ...closed('applied'), reject: 'applied' },
  expired: closed('expired'),
  cancelled: closed('cancelled'),
  superseded: closed('superseded'),
};

/** The state after an event; every event is answered in every state. */
export function nextOrderState(state: OrderState, event: OrderEvent): OrderState {
  return LIFE[state][event];
}

/** True when only the device's own word can still change it. */
export function isOrderOver(state: OrderState): boolean {
  return LIFE[state].expire === state;
}
