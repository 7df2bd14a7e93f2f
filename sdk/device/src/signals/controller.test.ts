import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { LAMP_GREEN, LAMP_RED, LAMP_YELLOW } from '@oppidum/formats/signal-lamps';
import { signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import { type SignalPlan, type SignalPlans, signalPlansSchema } from '@oppidum/formats/signal-plan';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { SignalLaws } from '../../../../test/support/signal-laws.ts';
import { matrix, plans } from '../../../../test/support/signals.ts';
import { SignalController, type SignalInputs } from './controller.ts';
import { SIGNAL_MODES } from './signal-modes.ts';
import { compileSignals } from './signal-program.ts';

const STEP_MS = 100;
const LINKED: SignalInputs = { cityTimeMs: null, isLinked: true, detectors: 0 };
/** Lamps in the order of the phases: 1, 2, 4, 5, 6, 8, 9, 10, 11. */
const INDEX = new Map(matrix.phases.map(({ number }, i) => [number, i]));
const bit = (detector: number): number => 1 << (detector - 1);

/** A controller on the street, watched by the laws. */
class Street {
  readonly controller: SignalController;
  readonly laws: SignalLaws;
  lamps: Uint8Array = new Uint8Array(matrix.phases.length);
  nowMs = 0;
  inputs: SignalInputs;

  constructor(of: SignalPlans = plans, inputs: SignalInputs = LINKED) {
    const documents = { matrix: encodeBy(signalMatrixSchema, matrix), plans: encodeBy(signalPlansSchema, of) };
    const program = compileSignals(nodeCrypto, documents);
    assert.ok(!('code' in program), JSON.stringify(program));
    this.controller = new SignalController(program);
    this.laws = new SignalLaws(matrix, of);
    this.inputs = inputs;
  }

  run(ms: number, detectors = this.inputs.detectors): void {
    for (let at = 0; at < ms; at += STEP_MS) {
      this.nowMs += STEP_MS;
      const { cityTimeMs } = this.inputs;
      const now = cityTimeMs === null ? null : cityTimeMs + this.nowMs;
      this.lamps = this.controller.tick({ ...this.inputs, cityTimeMs: now, detectors });
      this.laws.step(this.lamps);
    }
    assert.deepEqual(this.laws.breaches, []);
  }

  /** Runs until it holds; the milliseconds it took. */
  until(holds: () => boolean, detectors = this.inputs.detectors): number {
    const from = this.nowMs;
    while (!holds()) {
      assert.ok(this.nowMs - from < 600_000, 'ten minutes are over');
      this.run(STEP_MS, detectors);
    }
    return this.nowMs - from;
  }

  green(phase: number): boolean {
    return this.lamps[INDEX.get(phase) ?? -1] === LAMP_GREEN;
  }

  shown(): number[] {
    return matrix.phases.filter(({ number }) => this.green(number)).map(({ number }) => number);
  }

  toGreen(phase: number, detectors = 0): number {
    return this.until(() => this.green(phase), detectors);
  }
}

test('every mode has every event, and green is reached through all red alone', () => {
  for (const [mode, events] of Object.entries(SIGNAL_MODES)) {
    for (const [event, next] of Object.entries(events)) {
      assert.ok(next in SIGNAL_MODES, `${mode} and ${event}`);
      if (next === 'running' && mode !== 'running') assert.equal(mode, 'allRed');
      if (next === 'flash' && mode !== 'flash') assert.ok(['starting', 'allRed', 'stopping'].includes(mode));
    }
  }
});

test('power comes back: flash, all red until the last on foot is across, then the local plan', () => {
  const street = new Street();
  street.run(2_900);
  assert.equal(street.controller.status.mode, 'starting');
  street.until(() => street.controller.status.mode === 'allRed');
  const redMs = street.toGreen(2);
  assert.equal(redMs, 17_200 + 3_000);
  assert.deepEqual(street.shown(), [2, 6, 11]);
  assert.deepEqual([street.controller.status.plan, street.controller.status.source], [1, 'local']);
});

test('a fixed plan gives each stage its time, each phase its yellow and its red', () => {
  const street = new Street();
  street.toGreen(2);
  const cycle: string[] = [];
  let before = '';
  const from = street.nowMs;
  while (street.nowMs - from < 90_000) {
    const shown = [...street.lamps].map((lamp) => '?ry?g'[lamp]).join('');
    if (shown !== before) cycle.push(`${(street.nowMs - from) / 1_000} ${shown}`);
    before = shown;
    street.run(STEP_MS);
  }
  assert.deepEqual(cycle, [
    '0 rgrrgrrrg',
    '39 rgrrgrrry',
    '39.2 ryrryrrry',
    '42 ryrryrrrr',
    '43.2 rrrrrrrrr',
    '45 grrgrrrrr',
    '51.9 yrryrrrrr',
    '54.9 rrrrrrrrr',
    '58 rrgrrgrrr',
    '83.7 rryrryrrr',
    '87.2 rrrrrrrrr',
  ]);
});

test('a button is answered by a walk with its clearance and buffer, and nobody walks who did not call', () => {
  const street = new Street();
  street.toGreen(4);
  assert.ok(!street.green(10));
  street.toGreen(2);
  street.run(1_000, bit(8));
  assert.equal(street.controller.status.phases.find(({ number }) => number === 10)?.isCalled, true);
  street.toGreen(10);
  assert.deepEqual(street.shown(), [4, 8, 10]);
  const walkMs = street.until(() => !street.green(10));
  assert.ok(walkMs >= 7_000, `${walkMs} ms`);
  const clearMs = street.toGreen(2);
  assert.equal(clearMs, 17_200 + 3_000);
});

test('a button pressed while its stage is on is answered at once where there is time', () => {
  const street = new Street();
  street.toGreen(2);
  street.run(5_000);
  assert.ok(street.toGreen(9, bit(7)) <= 200);
  assert.deepEqual(street.shown(), [2, 6, 9, 11]);
});

test('an order runs its plan from the end of a cycle, and a lost link brings back the local plan', () => {
  const street = new Street();
  street.toGreen(2);
  street.run(10_000);
  assert.equal(street.controller.orderPlan(4), null);
  street.run(60_000);
  assert.equal(street.controller.status.plan, 1);
  street.until(() => street.controller.status.plan === 4);
  assert.equal(street.controller.status.source, 'ordered');
  street.inputs = { ...LINKED, isLinked: false };
  street.until(() => street.controller.status.plan === 1);
  street.inputs = LINKED;
  street.run(300_000);
  assert.equal(street.controller.status.plan, 1);
  assert.equal(street.controller.orderPlan(7)?.code, 'PLAN_UNKNOWN');
});

test('choosing is among ordinary plans only, and an order overrides it', () => {
  const street = new Street();
  assert.equal(street.controller.choosePlan(6)?.code, 'PLAN_UNKNOWN');
  assert.equal(street.controller.choosePlan(9)?.code, 'PLAN_UNKNOWN');
  assert.equal(street.controller.choosePlan(2), null);
  street.toGreen(2);
  assert.deepEqual([street.controller.status.plan, street.controller.status.source], [2, 'chosen']);
  street.controller.orderPlan(4);
  street.until(() => street.controller.status.plan === 4);
  street.controller.orderAutomatic();
  street.until(() => street.controller.status.plan === 2);
});

test('flash by order goes through yellow and all red, shows no green, and is left through all red', () => {
  const street = new Street();
  street.toGreen(2);
  street.run(20_000);
  street.controller.orderFlash();
  street.until(() => street.controller.status.mode === 'flash');
  const seen = new Set<number>();
  for (let i = 0; i < 100; i++) {
    street.run(STEP_MS);
    for (const lamp of street.lamps) seen.add(lamp);
  }
  assert.deepEqual([...seen].sort(), [0, LAMP_RED, LAMP_YELLOW]);
  street.controller.orderAutomatic();
  street.run(STEP_MS);
  assert.equal(street.controller.status.mode, 'allRed');
  assert.ok(street.toGreen(2) >= 20_100);
});

test('an emergency gets its stage as soon as minimum and clearance allow, and others go on afterwards', () => {
  const street = new Street();
  street.toGreen(4);
  street.run(1_000, bit(8));
  street.toGreen(10);
  const waitMs = street.until(() => street.controller.status.plan === 6 && street.green(5), bit(9));
  // What is left of the walk, its clearance and buffer.
  assert.ok(waitMs <= 4_000 + 17_200 + 3_000, `${waitMs} ms`);
  assert.deepEqual(street.shown(), [2, 5]);
  street.run(20_000, bit(9));
  assert.deepEqual(street.shown(), [2, 5]);
  street.run(STEP_MS, 0);
  street.until(() => street.controller.status.plan === 1 && street.controller.status.stage > 0);
});

test('a request for an emergency that never ends is held for its time only', () => {
  const street = new Street();
  street.toGreen(5, bit(9));
  street.until(() => street.controller.status.plan === 6, bit(9));
  const heldMs = street.until(() => street.controller.status.plan !== 6, bit(9));
  assert.ok(heldMs >= 90_000 && heldMs < 100_000, `${heldMs} ms`);
  street.run(400_000, bit(9));
  assert.equal(street.controller.status.plan, 1);
  street.run(1_000, 0);
  street.until(() => street.controller.status.plan === 6, bit(9));
});

test('an order can ask for an emergency, and a lost link ends it', () => {
  const street = new Street();
  street.toGreen(4);
  street.controller.orderPlan(6);
  street.until(() => street.controller.status.plan === 6);
  street.inputs = { ...LINKED, isLinked: false };
  street.until(() => street.controller.status.plan === 1);
});

test('a tram gets its stage without cutting a walk, once in a cycle, and yields to an emergency', () => {
  const street = new Street();
  street.toGreen(4);
  street.until(() => street.controller.status.plan === 5, bit(10));
  assert.deepEqual(street.shown(), [2, 6, 11]);
  const passedMs = street.until(() => street.controller.status.plan === 1, 0);
  assert.ok(passedMs < 20_000);
  const againMs = street.until(() => street.controller.status.plan === 5, bit(10));
  assert.ok(againMs >= 85_000, `${againMs} ms`);
  street.until(() => street.controller.status.plan === 6, bit(10) | bit(9));
});

test('the night plan rests on the main road, answers who calls, and ends a green when no vehicle comes', () => {
  const street = new Street();
  street.controller.choosePlan(3);
  street.toGreen(2);
  street.run(100_000);
  assert.deepEqual(street.shown(), [2, 6, 11]);
  assert.ok(street.toGreen(4, bit(3)) < 12_000);
  const greenMs = street.until(() => !street.green(4));
  assert.ok(greenMs < 10_000, `${greenMs} ms`);
  street.toGreen(2);
  // Vehicles that never end keep their green for the most that the stage gets.
  street.run(1_000, bit(3) | bit(2));
  const mostMs = street.until(() => street.green(4), bit(2));
  assert.ok(mostMs > 35_000 && mostMs <= 50_000, `${mostMs} ms`);
});

test('a dead detector leaves nobody red for ever', () => {
  const street = new Street();
  street.controller.choosePlan(3);
  street.toGreen(2);
  assert.ok(street.toGreen(1) <= 260_000);
  assert.ok(street.toGreen(4) <= 260_000);
});

/** The moments modulo the cycle at which a stage begins. */
function begins(street: Street, phase: number, cycleMs: number, count: number): number[] {
  return Array.from({ length: count }, () => {
    street.until(() => !street.green(phase));
    street.toGreen(phase);
    return ((street.inputs.cityTimeMs ?? 0) + street.nowMs) % cycleMs;
  });
}

test('a fixed plan comes into step with the time of the city and stays there', () => {
  for (const startMs of [0, 20_000, 45_100, 61_000, 69_900]) {
    const street = new Street(plans, { cityTimeMs: startMs, isLinked: true, detectors: 0 });
    street.toGreen(2);
    const found = begins(street, 2, 90_000, 8);
    assert.deepEqual(found.slice(-3), [0, 0, 0], `from ${startMs}: ${found.join(' ')}`);
  }
});

test('two neighbours with one cycle keep their offset: a green wave', () => {
  const shifted = plans.plans.map((plan): SignalPlan => (plan.number === 1 ? { ...plan, offsetMs: 23_000 } : plan));
  const first = new Street(plans, { cityTimeMs: 7_000, isLinked: true, detectors: 0 });
  const second = new Street({ ...plans, plans: shifted }, { cityTimeMs: 7_000, isLinked: true, detectors: 0 });
  for (const street of [first, second]) street.toGreen(2);
  assert.deepEqual(begins(first, 2, 90_000, 8).slice(-2), [0, 0]);
  assert.deepEqual(begins(second, 2, 90_000, 8).slice(-2), [23_000, 23_000]);
});

test('a stage of crossings alone is passed over when nobody pressed, and nobody waits for it', () => {
  const scramble = plans.plans.map((plan): SignalPlan => {
    if (plan.number !== 1) return plan;
    const [first, second, third] = plan.stages.map((stage) => ({
      ...stage,
      phases: stage.phases.filter((phase) => phase !== 10),
    }));
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    const onFoot = { phases: [10], durationMs: 30_000, onCall: false };
    return { ...plan, cycleMs: 120_000, stages: [first, second, third, onFoot] };
  });
  const street = new Street({ ...plans, plans: scramble });
  street.toGreen(4);
  street.until(() => !street.green(4));
  // Yellow and red clearance, and no stage of thirty seconds in which nothing is green.
  assert.ok(street.toGreen(2) < 10_000);
  street.toGreen(4, bit(8));
  street.toGreen(10);
  assert.deepEqual(street.shown(), [10]);
});

test('a clock that jumps moves the cycle in bounds and breaks nothing', () => {
  const street = new Street(plans, { cityTimeMs: 0, isLinked: true, detectors: 0 });
  street.toGreen(2);
  for (const cityTimeMs of [50_000, -400_000, 3_333, 0.25, 2 ** 50, 2 ** 80, Number.NaN, Number.NEGATIVE_INFINITY]) {
    street.inputs = { ...street.inputs, cityTimeMs };
    street.run(200_000, bit(7));
  }
});
