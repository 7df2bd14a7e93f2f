import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Envelope } from '@oppidum/formats/envelope';
import { explore, keepOnly } from './explore.ts';
import { INTERLOCK_RULES, type InterlockRules, interlockModel, viewOf } from './interlock.ts';

const STATES = 59_754;

test('whatever happens around an interlock, it holds', (t) => {
  const { broken, states, transitions, depth } = explore(interlockModel(), 1_000_000);
  t.diagnostic(`${states} states, ${transitions} steps, depth ${depth}`);
  assert.equal(broken, null);
  assert.equal(states, STATES, 'docs/precision.md states it');
});

test('it does not hold for ever: commands of both kinds are issued, and all four reasons to refuse are met', () => {
  const codes = new Set<string>();
  const model = interlockModel();
  const seen = {
    seen: (_: unknown, { fact }: { fact?: { command: string; code: string | null } }) => {
      if (fact !== undefined) codes.add(`${fact.command} ${fact.code}`);
      return true;
    },
  };
  explore({ ...model, invariants: seen }, 1_000_000);
  const refusals = ['CONTRADICTION', 'LIMIT', 'QUARANTINED', 'SILENT'].map((why) => `open INTERLOCK_${why}`);
  assert.deepEqual([...codes].sort(), ['close null', ...refusals, 'open null']);
});

const { envelope, evaluate } = INTERLOCK_RULES;
const [quantity] = envelope.quantities;
const having = (changes: Partial<Envelope>): Partial<InterlockRules> => ({ envelope: { ...envelope, ...changes } });
const PLANTED: readonly (readonly [what: string, changes: Partial<InterlockRules>, invariant: string])[] = [
  [
    'readings never grow old',
    having({ quantities: [{ ...quantity!, freshMs: 3_600_000 }] }),
    '3. nothing is issued against an interlock',
  ],
  [
    'time stands still',
    { evaluate: (e, given, _, look) => evaluate(e, given, 0, look) },
    '3. nothing is issued against an interlock',
  ],
  [
    'sensors need not agree',
    having({
      quantities: [{ ...quantity!, agreeWithin: 1_000 }],
      rules: [{ ...envelope.rules[0]!, needs: { quantity: 'level', max: 300 } }],
    }),
    '3. nothing is issued against an interlock',
  ],
  [
    'the limit is not looked at',
    having({ rules: [{ ...envelope.rules[0]!, needs: { quantity: 'level', max: 999 } }] }),
    '3. nothing is issued against an interlock',
  ],
  [
    'nobody asks whether a sensor is believed',
    {
      look:
        ({ honest, stolen }) =>
        (sensor) =>
          viewOf({ ...(sensor === quantity!.sensors[0] ? honest : stolen), isQuarantined: false }),
    },
    'a sensor that is not believed counts for nothing',
  ],
  [
    'one sensor is asked twice',
    {
      look:
        ({ stolen }) =>
        () =>
          viewOf(stolen),
    },
    'one stolen key opens nothing',
  ],
  [
    'a rule is about the safe direction',
    having({ rules: [{ ...envelope.rules[0]!, arguments: [{}] }] }),
    'the safe direction stays open',
  ],
  ['older readings replace newer ones', { onlyNewer: false }, 'what the ledger knows only grows newer'],
  [
    'the first sensor decides',
    {
      look:
        ({ honest }) =>
        () =>
          viewOf(honest),
    },
    'sensors that contradict each other hold',
  ],
  [
    'a refusal names no rule',
    {
      evaluate: (...args) => {
        const refused = evaluate(...args);
        return refused === null ? null : { ...refused, details: {} };
      },
    },
    'who holds says which rule',
  ],
  ['there are no rules', having({ rules: [] }), 'one stolen key opens nothing'],
];
for (const [what, changes, invariant] of PLANTED) {
  test(`found when planted: ${what}`, () => {
    const { broken } = explore(keepOnly(interlockModel({ ...INTERLOCK_RULES, ...changes }), invariant), 1_000_000);
    assert.equal(broken?.invariant, invariant, broken?.trace.join(', '));
  });
}

test('for every invariant there is something planted that it finds', () => {
  const found = new Set(PLANTED.map((planted) => planted.at(-1)));
  assert.deepEqual(
    Object.keys(interlockModel().invariants).filter((name) => !found.has(name)),
    [],
  );
});
