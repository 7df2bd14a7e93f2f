/** The life of an order: all states × events of the table, each of its entries changed to each other state, and what follows from it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextOrderState, ORDER_EVENTS, ORDER_STATES, type OrderEvent, type OrderState } from '@oppidum/formats/order-life';
import { explore } from './explore.ts';

type Table = (state: OrderState, event: OrderEvent) => OrderState;
type Law = (state: OrderState, event: OrderEvent, next: OrderState) => boolean;

const OPEN: readonly OrderState[] = ['awaiting', 'queued', 'sent', 'acked'];
const SAID: Partial<Record<OrderEvent, OrderState>> = { ack: 'acked', reject: 'rejected', apply: 'applied' };
const ENDS: Partial<Record<OrderEvent, OrderState>> = { expire: 'expired', cancel: 'cancelled', supersede: 'superseded' };

/** The numbered sentences of order-life.ts, as somebody who never saw the table would read them. */
const LAWS: Readonly<Record<string, Law>> = {
  '1. only the device says acked, rejected, applied': (state, event, next) =>
    next === state || !['acked', 'rejected', 'applied'].includes(next) || SAID[event] === next,
  '2. the word of the device about its end outweighs all': (state, event, next) =>
    state === 'awaiting' || state === 'applied' || (event !== 'apply' && event !== 'reject') || next === SAID[event],
  '3. applied is final': (state, _, next) => state !== 'applied' || next === 'applied',
  '4. what too few signed is never handed over, nor answered': (state, event, next) =>
    state !== 'awaiting' || !['send', 'lose', 'ack', 'reject', 'apply'].includes(event) || next === 'awaiting',
  '5. what is over changes by the word of the device alone': (state, event, next) =>
    OPEN.includes(state) || next === state || event === 'reject' || event === 'apply',
  '6. time, and only time, leads to expired': (state, event, next) =>
    (event === 'expire' && OPEN.includes(state)) === (next === 'expired' && state !== 'expired'),
  '7. the ledger ends what is open': (state, event, next) => {
    const end = ENDS[event];
    return end === undefined || (OPEN.includes(state) ? next === end : next === state);
  },
  '7. acknowledged once, from open states': (state, event, next) =>
    event !== 'ack' || (state === 'queued' || state === 'sent' ? next === 'acked' : next === state),
  '7. issued, handed over and lost only from the state before': (state, event, next) => {
    const way: Partial<Record<OrderEvent, readonly [OrderState, OrderState]>> = {
      issue: ['awaiting', 'queued'],
      send: ['queued', 'sent'],
      lose: ['sent', 'queued'],
    };
    const step = way[event];
    return step === undefined || next === (state === step[0] ? step[1] : state);
  },
};

/** The first law that a table breaks, or null; every state with every event is asked. */
function brokenLaw(table: Table): string | null {
  for (const [name, holds] of Object.entries(LAWS)) {
    for (const state of ORDER_STATES) {
      for (const event of ORDER_EVENTS) if (!holds(state, event, table(state, event))) return name;
    }
  }
  return null;
}

test('every state with every event keeps every law', () => {
  assert.equal(ORDER_STATES.length * ORDER_EVENTS.length, 81);
  assert.equal(brokenLaw(nextOrderState), null);
});

test('each entry of the table, changed to each other state, breaks a law: 648 changes', () => {
  const found = new Map<string, number>();
  let changes = 0;
  for (const state of ORDER_STATES) {
    for (const event of ORDER_EVENTS) {
      for (const other of ORDER_STATES) {
        if (other === nextOrderState(state, event)) continue;
        const law = brokenLaw((s, e) => (s === state && e === event ? other : nextOrderState(s, e)));
        assert.notEqual(law, null, `${state} with ${event} to ${other} breaks nothing`);
        found.set(law as string, (found.get(law as string) ?? 0) + 1);
        changes++;
      }
    }
  }
  assert.equal(changes, 648);
  for (const name of Object.keys(LAWS)) assert.ok((found.get(name) ?? 0) > 0, `nothing breaks: ${name}`);
});

test('from the beginning all states are reached, and from each but applied the device may still say what it did', () => {
  const model = {
    initial: ['awaiting'] as OrderState[],
    steps: (state: OrderState) => ORDER_EVENTS.map((event) => ({ event, next: nextOrderState(state, event) })),
    invariants: {},
  };
  assert.deepEqual(explore(model, 9), { states: 9, transitions: 81, depth: 2, broken: null });
  for (const state of ORDER_STATES) if (state !== 'awaiting') assert.equal(nextOrderState(state, 'apply'), 'applied');
});
