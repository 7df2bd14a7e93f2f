import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { LAMP_GREEN, LAMP_RED, LAMP_YELLOW } from '@oppidum/formats/signal-lamps';
import { signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import { signalPlansSchema } from '@oppidum/formats/signal-plan';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { SignalLaws } from '../../../../test/support/signal-laws.ts';
import { matrix, plans } from '../../../../test/support/signals.ts';
import { ConflictMonitor, type Latch, type Trip } from '../monitor/conflict-monitor.ts';
import { readMonitorProgram } from '../monitor/monitor-program.ts';
import { Intersection } from './intersection.ts';
import { compileSignals, type SignalProgram } from './signal-program.ts';

const body = encodeBy(signalMatrixSchema, matrix);
const INDEX = new Map(matrix.phases.map(({ number }, i) => [number, i]));
const at = (phase: number): number => INDEX.get(phase) ?? -1;

function programOf(): SignalProgram {
  const program = compileSignals(nodeCrypto, { matrix: body, plans: encodeBy(signalPlansSchema, plans) });
  assert.ok(!('code' in program));
  return program;
}

function latchInMemory(): Latch {
  const kept: Trip[] = [];
  return {
    read: () => kept[0] ?? null,
    write: (trip) => {
      kept[0] = trip;
    },
    clear: () => {
      kept.length = 0;
    },
  };
}

function intersection(wiring?: (lamps: Uint8Array) => Uint8Array, latch = latchInMemory()): Intersection {
  const monitor = new ConflictMonitor(readMonitorProgram(body), latch);
  return new Intersection({ program: programOf(), monitor, ...(wiring === undefined ? {} : { wiring }) });
}

type Run = {
  readonly of: Intersection;
  readonly fromMs?: number;
  readonly ms: number;
  readonly see?: (lamps: Uint8Array, nowMs: number) => void;
};

function run({ of, fromMs = 0, ms, see }: Run): void {
  for (let nowMs = fromMs; nowMs < fromMs + ms; nowMs += 100) {
    const lamps = of.step(nowMs, { cityTimeMs: nowMs, isLinked: true, detectors: nowMs % 70_000 < 500 ? 0x3ff : 0 });
    see?.(lamps, nowMs);
  }
}

test('an hour of ordinary service, with flash in between, never trips the monitor and breaks no law', () => {
  const of = intersection();
  const laws = new SignalLaws(matrix, plans);
  for (let minute = 0; minute < 60; minute++) {
    if (minute % 20 === 10) of.controller.orderFlash();
    else of.controller.orderPlan([1, 2, 3, 4][minute % 4] ?? 1);
    run({ of, fromMs: minute * 60_000, ms: 60_000, see: (lamps) => laws.step(lamps) });
  }
  assert.deepEqual([of.monitor.trip, laws.breaches], [null, []]);
  assert.ok(laws.greenCount > 100);
});

type Fault = readonly [name: string, reason: string, wiring: (lamps: Uint8Array) => Uint8Array];
const change = (phase: number, to: (lamp: number) => number) => (lamps: Uint8Array) => {
  const lit = lamps.slice();
  lit[at(phase)] = to(lit[at(phase)] ?? 0);
  return lit;
};
const FAULTS: readonly Fault[] = [
  ['a green that stays on', 'dualIndication', change(2, (lamp) => lamp | LAMP_GREEN)],
  ['green wired to red', 'conflict', change(2, (lamp) => (lamp === LAMP_RED ? LAMP_GREEN : lamp))],
  ['walk wired to don’t walk', 'conflict', change(10, (lamp) => (lamp === LAMP_RED ? LAMP_GREEN : lamp))],
  ['a yellow lamp that is dead', 'shortYellow', change(2, (lamp) => lamp & ~LAMP_YELLOW)],
  ['a red lamp that is dead', 'redFail', change(4, (lamp) => lamp & ~LAMP_RED)],
  ['all lamps of a head dead while it is green', 'shortYellow', change(6, () => 0)],
];

for (const [name, reason, wiring] of FAULTS) {
  test(`a fault of the wires: ${name}: ${reason}, and nothing but flash reaches the street`, () => {
    let isFaulty = false;
    const of = intersection((lamps) => (isFaulty ? wiring(lamps) : lamps));
    run({ of, ms: 30_000 });
    isFaulty = true;
    run({ of, fromMs: 30_000, ms: 170_000 });
    assert.equal(of.monitor.trip?.reason, reason);
    let greens = 0;
    const see = (lamps: Uint8Array): void => {
      greens += lamps.filter((lamp) => (lamp & LAMP_GREEN) !== 0).length;
    };
    run({ of, fromMs: 200_000, ms: 60_000, see });
    assert.equal(greens, 0);
  });
}

test('a controller that finds itself in error stops, and the watchdog takes over', () => {
  const program = programOf();
  // Memory that went bad: the controller takes all phases for compatible, but its last guard does not.
  const [first, ...rest] = program.plans;
  assert.ok(first !== undefined);
  const stages = first.stages.map((stage) => ({ ...stage, mask: -1 }));
  const bad = { ...program, local: { ...first, stages }, plans: [{ ...first, stages }, ...rest] };
  const of = new Intersection({ program: bad, monitor: new ConflictMonitor(readMonitorProgram(body), latchInMemory()) });
  run({ of, ms: 30_000 });
  assert.equal(of.monitor.trip?.reason, 'watchdog');
});

test('after a trip only a reset on site begins again: flash, all red, then the plan; a restart does not', () => {
  const latch = latchInMemory();
  let isFaulty = true;
  const wiring = (lamps: Uint8Array) => (isFaulty ? change(2, () => LAMP_GREEN)(lamps) : lamps);
  const before = intersection(wiring, latch);
  run({ of: before, ms: 60_000 });
  assert.equal(before.monitor.trip?.reason, 'conflict');
  isFaulty = false;
  const after = intersection(wiring, latch);
  run({ of: after, ms: 60_000 });
  assert.equal(after.monitor.trip?.reason, 'conflict');
  after.resetOnSite();
  let greenAtMs = 0;
  const see = (lamps: Uint8Array, nowMs: number): void => {
    if (greenAtMs === 0 && lamps.includes(LAMP_GREEN)) greenAtMs = nowMs;
  };
  run({ of: after, fromMs: 60_000, ms: 60_000, see });
  assert.equal(after.monitor.trip, null);
  assert.ok(greenAtMs >= 60_000 + 23_000 && greenAtMs < 90_000, `${greenAtMs}`);
});
