import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { type Envelope, envelopeSchema, isSafe, isWithin, type Range, type Rule } from '@oppidum/formats/envelope';
import fc from 'fast-check';
import { levelQuantity, levelRule, makeEnvelope, sensorsOf } from '../../../../test/support/envelopes.ts';
import { checkContradictions } from './contradictions.ts';
import { evaluateInterlocks, type Look, type SensorView } from './interlocks.ts';

/** Bounds lie in 0 … 2; what is asked lies in −1 … 3, so that open ends count, too. */
const BOUNDS = [undefined, 0, 1, 2] as const;
const ASKED = [-1, 0, 1, 2, 3] as const;
const RANGES: readonly Range[] = BOUNDS.flatMap((min) => BOUNDS.map((max) => rangeOf(min, max))).filter(
  ({ min, max }) => min === undefined || max === undefined || min <= max,
);
const LIMITS_OF_NEEDS = RANGES.filter(({ min, max }) => min !== undefined || max !== undefined);

function rangeOf(min?: number, max?: number): Range {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

const ruleOf = (name: string, argument: Range, needs: Range | null, quantity = 'level'): Rule => {
  const rule = { name, command: 'gate/open', arguments: [argument] };
  return needs === null ? rule : { ...rule, needs: { quantity, ...needs } };
};

test('all pairs of rules on small ranges contradict each other exactly if some command leaves no value for both', () => {
  const needs = [null, ...LIMITS_OF_NEEDS];
  const rules = RANGES.flatMap((argument) => needs.map((need) => ({ argument, need })));
  let [pairs, contradictions] = [0, 0];
  for (const a of rules) {
    for (const b of rules) {
      const matched = ASKED.some((value) => isWithin(a.argument, value) && isWithin(b.argument, value));
      const [first, second] = [a.need, b.need];
      const isExcluded = (first: Range, second: Range) => !ASKED.some((v) => isWithin(first, v) && isWithin(second, v));
      const want = matched && first !== null && second !== null && isExcluded(first, second);
      const got = checkContradictions({ rules: [ruleOf('a', a.argument, a.need), ruleOf('b', b.argument, b.need)], safe: [] });
      const details = { first: 'a', second: 'b', quantity: 'level', command: 'gate/open' };
      assert.deepEqual(got, want ? { code: 'ENVELOPE_CONTRADICTS', details } : null);
      pairs++;
      if (want) contradictions++;
    }
  }
  assert.deepEqual([pairs, contradictions > 1_000], [169 * 169, true]);
});

test('all pairs of a safe direction and a rule on small ranges contradict each other exactly if they share a command', () => {
  for (const argument of RANGES) {
    for (const range of RANGES) {
      const want = ASKED.some((value) => isWithin(argument, value) && isWithin(range, value));
      const safe = [{ command: 'gate/open', arguments: [range] }];
      for (const need of [null, { max: 1 }]) {
        const got = checkContradictions({ rules: [ruleOf('a', argument, need)], safe });
        const details = { first: 'safe direction 0', second: 'a', command: 'gate/open' };
        assert.deepEqual(got, want ? { code: 'ENVELOPE_CONTRADICTS', details } : null);
      }
    }
  }
});

test('other commands, other quantities and forbidden commands contradict nothing', () => {
  const low = levelRule({ name: 'low', needs: { quantity: 'level', max: 1 } });
  const free = (changes: Partial<Rule>) =>
    checkContradictions({
      rules: [low, levelRule({ name: 'high', needs: { quantity: 'level', min: 2 }, ...changes })],
      safe: [],
    });
  assert.equal(free({})?.code, 'ENVELOPE_CONTRADICTS');
  assert.equal(free({ command: 'gate/close' }), null);
  assert.equal(free({ arguments: [{ max: 0 }] }), null);
  assert.equal(free({ needs: { quantity: 'wind', min: 2 } }), null);
  const { needs: _, ...forbidden } = low;
  assert.equal(checkContradictions({ rules: [low, { ...forbidden, name: 'never' }], safe: [] }), null);
});

test('of several contradictions the first pair is named', () => {
  const rules = [
    levelRule({ name: 'a' }),
    levelRule({ name: 'b', needs: { quantity: 'level', max: 5 } }),
    levelRule({ name: 'c', needs: { quantity: 'level', min: 6, max: 199 } }),
    levelRule({ name: 'd', needs: { quantity: 'level', min: 300 } }),
  ];
  const safe = [{ command: 'gate/open', arguments: [{}] }];
  const { first, second } = checkContradictions({ rules, safe })!.details;
  assert.deepEqual([first, second], ['a', 'd']);
  assert.deepEqual(checkContradictions({ rules: rules.slice(1, 3), safe: [] })!.details['second'], 'c');
});

// An oracle that knows nothing of intervals: it gives every command under all that two pairs of sensors could say.
const QUANTITIES = ['level', 'wind'] as const;
const quantities = QUANTITIES.map((name) => levelQuantity({ name, agreeWithin: 1, sensors: sensorsOf(name, 'inlet', 'outlet') }));
const VIEWS: readonly SensorView[] = [
  { state: 'silent' },
  ...ASKED.map((value) => ({ state: 'speaks', value, signedMs: 0 }) as const),
];
const PAIRS = VIEWS.flatMap((a) => VIEWS.map((b) => [a, b] as const));

/** Whether a command passes under what the sensors of both quantities say. */
function passes(envelope: Envelope, argument: number, views: Readonly<Record<string, readonly SensorView[]>>): boolean {
  const look: Look = ({ device }, { name, sensors }) =>
    views[name]?.[sensors.findIndex((sensor) => sensor.device === device)] ?? assert.fail('no such sensor');
  return evaluateInterlocks(envelope, { command: 'gate/open', arguments: [argument] }, 0, look) === null;
}

/** Whether some safe command is ever refused, or some command, those rules aside that forbid, always: whatever the sensors say. */
function isTrapped(envelope: Envelope): boolean {
  const needing = { ...envelope, rules: envelope.rules.filter(({ needs }) => needs !== undefined) };
  return ASKED.some((argument) => {
    if (isSafe(envelope, { command: 'gate/open', arguments: [argument] }))
      return PAIRS.some((level) => PAIRS.some((wind) => !passes(envelope, argument, { level, wind })));
    return !PAIRS.some((level) => PAIRS.some((wind) => passes(needing, argument, { level, wind })));
  });
}

const anyRange = fc.constantFrom(...RANGES);
const anyRule = fc.record({
  argument: anyRange,
  need: fc.option(fc.constantFrom(...LIMITS_OF_NEEDS), { freq: 5 }),
  quantity: fc.constantFrom(...QUANTITIES),
});

test('an envelope is refused exactly if some command is trapped in it, by giving all commands under all readings', () => {
  const seen = { refused: 0, accepted: 0 };
  fc.assert(
    fc.property(fc.array(anyRule, { maxLength: 4 }), fc.array(anyRange, { maxLength: 1 }), (drawn, ranges) => {
      const rules = drawn.map(({ argument, need, quantity }, i) => ruleOf(`rule ${i}`, argument, need, quantity));
      const safe = ranges.map((range) => ({ command: 'gate/open', arguments: [range] }));
      const envelope = makeEnvelope({ quantities, rules, safe });
      encodeBy(envelopeSchema, envelope);
      const refused = checkContradictions(envelope) !== null;
      seen[refused ? 'refused' : 'accepted']++;
      assert.equal(refused, isTrapped(envelope));
    }),
    { numRuns: 300 },
  );
  assert.ok(seen.refused > 20 && seen.accepted > 20, JSON.stringify(seen));
});
