import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Challenges } from '@oppidum/device/orders/challenges';
import { explore, keepOnly } from './explore.ts';
import { isInTime, LIFETIME, RESOLUTION, readCounter, TIMER_RULES, type TimerRules, timerModel } from './timer.ts';

const STATES_MAX = 100_000;

test('no order is obeyed after its lifetime, by more than the counter is wrong', (t) => {
  const { broken, states, transitions } = explore(timerModel(), STATES_MAX);
  t.diagnostic(`${states} states, ${transitions} steps`);
  assert.equal(broken, null);
  assert.equal(states, 567);
});

test('the timer obeys what is young', () => {
  const ages = new Set<number>();
  const model = timerModel();
  const seen = (before: { readonly age: number }, { fact }: { readonly fact?: { readonly isObeyed: boolean } }): boolean => {
    if (fact?.isObeyed === true) ages.add(before.age);
    return true;
  };
  explore({ ...model, invariants: { seen } }, STATES_MAX);
  assert.deepEqual(
    [...ages].sort((a, b) => a - b),
    [0, 10, 20, 30],
  );
});

const [COUNTED, TRUE] = Object.keys(timerModel().invariants) as [string, string];
const PLANTED: readonly (readonly [what: string, changes: Partial<TimerRules>, invariant: string])[] = [
  ['a coarse counter is believed to be exact', { addsResolution: false }, COUNTED],
  ['the counter stands still while the machine sleeps', { countsSleep: false }, TRUE],
  ['nobody asks how old an order is', { asksAge: false }, COUNTED],
];
for (const [what, changes, invariant] of PLANTED)
  test(`found when planted: ${what}`, () => {
    const { broken } = explore(keepOnly(timerModel({ ...TIMER_RULES, ...changes }), invariant), STATES_MAX);
    assert.equal(broken?.invariant, invariant);
  });

test('something shows what each rule is for, and each invariant finds something', () => {
  assert.deepEqual(new Set(PLANTED.map(([, , invariant]) => invariant)), new Set([COUNTED, TRUE]));
  assert.deepEqual(PLANTED.flatMap(([, changes]) => Object.keys(changes)).sort(), Object.keys(TIMER_RULES).sort());
});

test('the challenges of the device keep time as the model does', () => {
  for (let from = 0; from < RESOLUTION; from++)
    for (let counted = 0; counted <= 2 * LIFETIME; counted++) {
      let value = from;
      const challenges = new Challenges({ boot: 'boot', nowMs: () => readCounter(value), resolutionMs: RESOLUTION });
      const challenge = challenges.renew();
      value += counted;
      const want = isInTime({ from, counted }) ? null : 'ORDER_EXPIRED';
      assert.equal(challenges.check(challenge, LIFETIME)?.code ?? null, want, `${from} + ${counted}`);
    }
});
