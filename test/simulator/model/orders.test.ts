import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextOrderState } from '@oppidum/formats/order-life';
import { ACCEPTANCE } from './acceptance.ts';
import { explore, keepOnly } from './explore.ts';
import { type Adversary, type Bounds, ORDER_RULES, type OrderRules, orderModel } from './orders.ts';

const ALL: Bounds = { orders: 1, challenges: 2, kinds: ['dim', 'off', 'full', 'glass-full', 'glass-dim'] };
const RACE: Bounds = { orders: 2, challenges: 2, kinds: ['off'] };
const thief: Adversary = { orderKeys: 1, validators: false };
const traitors: Adversary = { orderKeys: 0, validators: true };
const both: Adversary = { orderKeys: 1, validators: true };
const STATES_MAX = 1_000_000;

/** What docs/precision.md states. */
const RUNS: readonly (readonly [what: string, bounds: Bounds, adversary: Adversary, states: number])[] = [
  ['one order of any kind, an order key stolen', ALL, thief, 8_774],
  ['one order of any kind, all validators dishonest', ALL, traitors, 5_703],
  ['one order of any kind, both', ALL, both, 12_478],
  ['two orders that race, an order key stolen', RACE, thief, 59_119],
];
for (const [what, bounds, adversary, want] of RUNS) {
  test(`nothing moves that may not: ${what}`, (t) => {
    const { broken, states, transitions, depth } = explore(orderModel(bounds, adversary), STATES_MAX);
    t.diagnostic(`${states} states, ${transitions} steps, depth ${depth}`);
    assert.equal(broken, null);
    assert.equal(states, want);
  });
}

test('the model is no dead city: machines move by each way that is open, and screens see every state', () => {
  const [moved, lives] = [new Set<string>(), new Set<string>()];
  const seen = orderModel(ALL, thief);
  explore(
    {
      ...seen,
      invariants: {
        seen: (_, { fact, next }) => {
          if (fact !== undefined) moved.add(`${fact.order === null ? 'forged ' : ''}${fact.message.kind}`);
          for (const { life } of next.orders) lives.add(life);
          return true;
        },
      },
    },
    STATES_MAX,
  );
  // Whoever has one order key may bring a zone to safety, and nowhere else.
  assert.deepEqual([...moved].sort(), ['dim', 'forged glass-full', 'full', 'glass-full', 'off']);
  assert.deepEqual([...lives].sort(), ['acked', 'applied', 'awaiting', 'cancelled', 'expired', 'queued', 'rejected', 'sent']);
});

const without = (...codes: readonly string[]): Partial<OrderRules> => ({
  acceptance: ACCEPTANCE.filter(({ code }) => !codes.includes(code)),
});
const [KEYS, QUORUM, ONCE, HERE] = [
  '3. obeyed only with as many order keys as it needs',
  '3. obeyed only with the quorum, or in a safe direction',
  '3. obeyed once',
  'obeyed only what was signed for this machine now',
];
const WORD = 'nothing is acked, rejected or applied but by the word of the device';
type Planted = readonly [what: string, changes: Partial<OrderRules>, invariant: string, adversary?: Adversary];
const PLANTED: readonly Planted[] = [
  ['the device counts no signatures', without('SIGNATURES_FEW'), KEYS, traitors],
  ['the device counts too few', { acceptance: ACCEPTANCE.filter((_, i) => i !== 6) }, KEYS, both],
  ['the device asks no quorum', without('QUORUM_MISSING'), QUORUM, thief],
  ['break-glass goes anywhere', without('DIRECTION_UNSAFE'), QUORUM, thief],
  ['orders of another city', without('WRONG_CITY'), HERE],
  ['orders of another zone', without('ZONE_FOREIGN'), HERE],
  ['orders to another machine', without('ORDER_FOREIGN'), HERE],
  ['orders by a former key set', without('ZONE_KEYS_VERSION'), HERE],
  ['orders under a former envelope', without('ZONE_ENVELOPE_VERSION'), HERE],
  ['orders that live longer than they may', without('LIFETIME_TOO_LONG'), HERE],
  ['challenges are not asked', without('CHALLENGE_SPENT', 'ORDER_EXPIRED'), 'obeyed only for the challenge that it names'],
  ['late orders', without('ORDER_EXPIRED'), '3. obeyed only before its lifetime ends'],
  ['the monitor is not asked', without('VETO'), 'the local monitor has the last word'],
  ['a challenge stays good when it was used', { acceptanceVoids: false }, ONCE],
  ['challenges outlive a power cut, and use', { restartVoids: false, acceptanceVoids: false }, ONCE],
  ['the ledger asks no interlock', { ledgerAsksInterlocks: false }, '3. obeyed never against an interlock'],
  ['anybody answers for the device', { answersVerified: false }, WORD],
  ['a machine forgets what it began', { journals: false }, 'what moved the machine is told, also after a power cut'],
  [
    'an answer is taken for another',
    { next: (state, event) => nextOrderState(state, event === 'reject' ? 'apply' : event) },
    'applied is what moved the machine',
  ],
  [
    'a late rejection replaces what was done',
    { next: (state, event) => (state === 'applied' && event === 'reject' ? 'rejected' : nextOrderState(state, event)) },
    'applied stays applied',
  ],
  [
    'what was handed over is called acked',
    { next: (state, event) => (event === 'send' && state === 'queued' ? 'acked' : nextOrderState(state, event)) },
    WORD,
  ],
  [
    'what waits for signatures is handed over',
    { next: (state, event) => (event === 'send' ? 'sent' : nextOrderState(state, event)) },
    'what waits for signatures is not handed over',
  ],
];
for (const [what, changes, invariant, adversary = thief] of PLANTED) {
  test(`found when planted: ${what}`, () => {
    const { broken } = explore(keepOnly(orderModel(ALL, adversary, { ...ORDER_RULES, ...changes }), invariant), STATES_MAX);
    assert.equal(broken?.invariant, invariant, broken?.trace.join(', '));
  });
}

test('for every invariant there is something planted that it finds, and for every rule of acceptance', () => {
  const found = new Set(PLANTED.map(([, , invariant]) => invariant));
  assert.deepEqual(
    Object.keys(orderModel(ALL, thief).invariants).filter((name) => !found.has(name)),
    [],
  );
  for (const rule of ACCEPTANCE)
    assert.ok(
      PLANTED.some(([, { acceptance }]) => acceptance?.includes(rule) === false),
      `nothing shows what ${rule.code} is for`,
    );
});
