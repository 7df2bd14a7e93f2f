import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lampPowerMw, type PowerCurve } from '@oppidum/formats/lighting-power';
import fc from 'fast-check';
import { accountCabinet, type Cabinet, type CabinetFinding, type CabinetInterval } from './cabinet-account.ts';
import { probeRounds } from './probe-lamps.ts';

const curve = (watts: number): PowerCurve => [
  { level: 0, powerMw: 400 },
  { level: 100, powerMw: 400 + watts * 130 },
  { level: 500, powerMw: 400 + watts * 480 },
  { level: 1_000, powerMw: 400 + watts * 1_000 },
];
/** 40 lamps of 60 W on a road, 20 of 30 W on a path, 4 of 90 W at a crossing. */
const ROAD = 40;
const PATH = 60;
const LAMPS = 64;
const sectionOf = (lamp: number): number => (lamp < ROAD ? 0 : lamp < PATH ? 1 : 2);
const CABINET: Cabinet = {
  lamps: Array.from({ length: LAMPS }, (_, i) => curve([60, 30, 90][sectionOf(i)] ?? 0)),
  standingMw: 15_000,
  // A meter that counts whole watt-hours, read once an hour: at most 1 W; lamps waver by 0.1 %.
  wavering: { meterMw: 1_000, lampsPermille: 1 },
  steadyPermille: 2,
};

/** Levels of road, path and crossing by hour. */
function levelsAt(hour: number): readonly [number, number, number] {
  const clock = hour % 24;
  if (clock >= 7 && clock < 17) return [0, 0, 0];
  if (clock >= 17 && clock < 20) return [905, 929, 905];
  if (clock >= 20 && clock < 23) return [hour % 3 === 0 ? 905 : 679, 929, 905];
  return [453, clock < 2 ? 929 : 619, 905];
}

/** A source of numbers from −1 to 1: the errors of one night. */
type Errors = () => number;
const NO_ERRORS: Errors = () => 0;
const EXTREME = (seed: number): Errors => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >= 2 ** 31 ? 1 : -1;
  };
};

type Fault = { readonly dead?: readonly number[]; readonly stolenMw?: number; readonly from?: number; readonly to?: number };

/** What a meter shows when lamps have these faults and errors are as large as they may be. */
function measure(
  levels: readonly (readonly number[])[],
  fault: Fault,
  errors: Errors = NO_ERRORS,
  cabinet = CABINET,
): readonly CabinetInterval[] {
  const { dead = [], stolenMw = 0, from = 0, to = levels.length } = fault;
  const groups = new Map<string, number>();
  const gainOf = (lamp: number): number => {
    const key = JSON.stringify([cabinet.lamps[lamp], levels.map((row) => row[lamp])]);
    if (!groups.has(key)) groups.set(key, errors());
    return ((groups.get(key) as number) * cabinet.steadyPermille) / 1_000;
  };
  return levels.map((row, t) => {
    const healthy = row.map((level, lamp) => lampPowerMw(cabinet.lamps[lamp] as PowerCurve, level));
    const expected = healthy.reduce((sum, power) => sum + power, 0);
    const taken = healthy.reduce((sum, power, lamp) => sum + (dead.includes(lamp) ? 0 : power * (1 + gainOf(lamp))), 0);
    const wavering = errors() * (cabinet.wavering.meterMw + (expected * cabinet.wavering.lampsPermille) / 1_000);
    return { meterMw: taken + cabinet.standingMw + (t >= from && t < to ? stolenMw : 0) + wavering, levels: row };
  });
}

const WEEK = Array.from({ length: 168 }, (_, hour) =>
  Array.from({ length: LAMPS }, (_, lamp) => levelsAt(hour)[sectionOf(lamp)] ?? 0),
);
const find = (fault: Fault, errors?: Errors, levels = WEEK): readonly CabinetFinding[] =>
  accountCabinet(CABINET, measure(levels, fault, errors)).findings;
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

test('a healthy cabinet is never accused, however errors fall within their bounds', () => {
  const errors = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 171, maxLength: 171 });
  const oneSided = fc
    .tuple(fc.constantFrom(-1, 1), fc.constantFrom(-1, 1))
    .map(([first, rest]) => [first, first, first, ...Array(168).fill(rest)]);
  fc.assert(
    fc.property(fc.oneof(errors, oneSided), (values: readonly number[]) => {
      let i = 0;
      const account = accountCabinet(
        CABINET,
        measure(WEEK, {}, () => values[i++] ?? 0),
      );
      assert.deepEqual([account.findings, account.unexplained], [[], false]);
      assert.ok(Math.abs(account.residualMw) <= account.uncertaintyMw);
    }),
    { numRuns: 40 },
  );
  for (let seed = 0; seed < 40; seed++) assert.deepEqual(find({}, EXTREME(seed)), [], `seed ${seed}`);
});

test('what errors may hide is named, and what is more is found', () => {
  const { hidden } = accountCabinet(CABINET, measure(WEEK, {}));
  assert.equal(hidden.deadLamps, 0);
  assert.ok(hidden.stolenMw < 5_000, `${hidden.stolenMw} mW`);
  assert.deepEqual(find({ stolenMw: 900 }), []);
  for (let seed = 0; seed < 10; seed++)
    assert.ok(
      find({ stolenMw: hidden.stolenMw + 100 }, EXTREME(seed)).some(({ kind }) => kind === 'stolen'),
      `seed ${seed}`,
    );
});

for (const [where, lamp, group] of [
  ['on the road', 17, numbers(0, ROAD)],
  ['on the path', 45, numbers(ROAD, PATH)],
  ['at the crossing', 63, numbers(PATH, LAMPS)],
] as const) {
  test(`one dead lamp ${where} is found whatever the errors, as one of those that do the same`, () => {
    for (let seed = 0; seed < 10; seed++)
      assert.deepEqual(find({ dead: [lamp] }, EXTREME(seed)), [{ kind: 'dead', count: 1, lamps: group }], `seed ${seed}`);
  });
}

test('several dead lamps are counted, section by section', () => {
  for (let seed = 0; seed < 10; seed++) {
    const found = find({ dead: [3, 4, 5, 50, 51] }, EXTREME(seed));
    const sorted = found.toSorted((a, b) => ('count' in b ? b.count : 0) - ('count' in a ? a.count : 0));
    assert.deepEqual(sorted, [
      { kind: 'dead', count: 3, lamps: numbers(0, ROAD) },
      { kind: 'dead', count: 2, lamps: numbers(ROAD, PATH) },
    ]);
  }
});

test('power stolen all week is found with its size, and never blamed on a lamp', () => {
  for (let seed = 0; seed < 10; seed++) {
    const [finding, ...others] = find({ stolenMw: 200_000 }, EXTREME(seed));
    assert.ok(finding?.kind === 'stolen' && others.length === 0);
    assert.deepEqual([finding.from, finding.to], [0, 168]);
    assert.ok(Math.abs(finding.powerMw - 200_000) <= finding.uncertaintyMw, `${finding.powerMw} ± ${finding.uncertaintyMw}`);
    assert.ok(finding.uncertaintyMw < 15_000);
  }
});

test('power stolen for some hours is found with its hours', () => {
  for (let seed = 0; seed < 10; seed++) {
    const [finding, ...others] = find({ stolenMw: 1_500_000, from: 80, to: 86 }, EXTREME(seed));
    assert.ok(finding?.kind === 'stolen' && others.length === 0);
    assert.deepEqual([finding.from, finding.to], [80, 86]);
    assert.ok(Math.abs(finding.powerMw - 1_500_000) <= finding.uncertaintyMw);
  }
});

test('dead lamps and theft at once are told apart', () => {
  const found = find({ dead: [1, 2], stolenMw: 500_000, from: 20, to: 60 });
  assert.deepEqual(found.map(({ kind }) => kind).toSorted(), ['dead', 'stolen']);
  const dead = found.find((finding) => finding.kind === 'dead');
  const stolen = found.find((finding) => finding.kind === 'stolen');
  assert.deepEqual(dead, { kind: 'dead', count: 2, lamps: numbers(0, ROAD) });
  assert.deepEqual([stolen?.from, stolen?.to], [20, 60]);
});

test('with larger errors less is promised, and dead lamps are still never called theft', () => {
  const rough = { ...CABINET, steadyPermille: 10 };
  const { hidden } = accountCabinet(rough, measure(WEEK, {}));
  assert.ok(hidden.deadLamps >= 1);
  for (let seed = 0; seed < 10; seed++) {
    for (const dead of [[45], [3], [45, 46, 3], numbers(0, 6)]) {
      const { findings } = accountCabinet(rough, measure(WEEK, { dead }, EXTREME(seed), rough));
      assert.ok(
        findings.every(({ kind }) => kind === 'dead'),
        `seed ${seed}, ${dead}`,
      );
    }
  }
});

test('every dead lamp is named by lighting sets of lamps by day', () => {
  const rounds = probeRounds(LAMPS);
  assert.equal(rounds.length, 7);
  const levels = [...WEEK, ...rounds.map((lit) => numbers(0, LAMPS).map((lamp) => (lit.includes(lamp) ? 1_000 : 0)))];
  for (let lamp = 0; lamp < LAMPS; lamp++)
    assert.deepEqual(find({ dead: [lamp] }, EXTREME(lamp), levels), [{ kind: 'dead', count: 1, lamps: [lamp] }], `lamp ${lamp}`);
  assert.deepEqual(find({}, EXTREME(5), levels), []);
});

test('every lamp has rounds of its own', () => {
  for (const count of [1, 2, 3, 63, 64, 65]) {
    const rounds = probeRounds(count);
    const codes = numbers(0, count).map((lamp) => rounds.map((lit) => (lit.includes(lamp) ? 1 : 0)).join(''));
    assert.equal(new Set(codes).size, count);
    assert.ok(codes.every((code) => code.includes('1')));
  }
});

test('what fits no explanation is said to be unexplained', () => {
  // A lamp that burns by day: power that is neither missing nor there all the time.
  const burning = measure(WEEK, {}).map((interval, t) =>
    t % 2 === 0 ? { ...interval, meterMw: interval.meterMw - 100_000 } : interval,
  );
  assert.equal(accountCabinet(CABINET, burning).unexplained, true);
});

test('an interval without a level for each lamp is a broken caller', () => {
  assert.throws(() => accountCabinet(CABINET, [{ meterMw: 1, levels: [0] }]), /no level of lamp 1/);
});
