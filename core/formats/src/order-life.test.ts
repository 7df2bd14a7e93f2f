import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOrderOver, nextOrderState, ORDER_EVENTS, ORDER_STATES, type OrderEvent, type OrderState } from './order-life.ts';

const SIGNED: readonly OrderEvent[] = ['ack', 'reject', 'apply'];
const pairs = ORDER_STATES.flatMap((state) => ORDER_EVENTS.map((event) => [state, event, nextOrderState(state, event)] as const));
const moves = pairs.filter(([state, , next]) => state !== next);

test('every event is answered in every state', () => {
  assert.equal(pairs.length, 81);
  for (const [state, event, next] of pairs) assert.ok(ORDER_STATES.includes(next), `${state} ${event}`);
});

test('1: only what the device signed says that it received, refused or obeyed', () => {
  const ofDevice: readonly OrderState[] = ['acked', 'rejected', 'applied'];
  for (const [state, event, next] of moves) if (ofDevice.includes(next)) assert.ok(SIGNED.includes(event), `${state} ${event}`);
});

test('2: a late signed result outweighs what was computed or decided without the device', () => {
  for (const state of ['expired', 'cancelled', 'superseded'] as const) {
    assert.equal(nextOrderState(state, 'apply'), 'applied');
    assert.equal(nextOrderState(state, 'reject'), 'rejected');
    assert.equal(nextOrderState(state, 'ack'), state, 'that it arrived is no result');
  }
  assert.equal(nextOrderState('rejected', 'apply'), 'applied', 'heard in another order than spoken');
});

test('3: applied is final', () => {
  for (const event of ORDER_EVENTS) assert.equal(nextOrderState('applied', event), 'applied');
});

test('4: an order that too few signed reaches no device', () => {
  const next = new Set(ORDER_EVENTS.map((event) => nextOrderState('awaiting', event)));
  assert.deepEqual([...next].sort(), ['awaiting', 'cancelled', 'expired', 'queued', 'superseded']);
  for (const [state, event, after] of moves) if (state === 'awaiting' && after === 'queued') assert.equal(event, 'issue');
});

test('5: what is over stays over unless the device says otherwise', () => {
  const over = ORDER_STATES.filter(isOrderOver);
  assert.deepEqual(over, ['rejected', 'applied', 'expired', 'cancelled', 'superseded']);
  for (const [state, event] of moves) if (over.includes(state)) assert.ok(SIGNED.includes(event), `${state} ${event}`);
});

test('6: time leads to expired and nothing else does', () => {
  for (const [state, event, next] of moves) assert.equal(next === 'expired', event === 'expire', `${state} ${event}`);
});

test('a broken connection puts an order back in the queue, never beyond what the device said', () => {
  assert.equal(nextOrderState('sent', 'lose'), 'queued');
  assert.equal(nextOrderState('acked', 'lose'), 'acked');
});
