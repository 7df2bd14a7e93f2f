import assert from 'node:assert/strict';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { LAMP_GREEN, LAMP_RED, LAMP_YELLOW } from '@oppidum/formats/signal-lamps';
import { type SignalMatrix, signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import { crossingNeeded, redClearanceNeeded, yellowNeeded } from '@oppidum/formats/signal-timing';
import { inFolder } from '../../../../test/support/folder.ts';
import { matrix } from '../../../../test/support/signals.ts';
import { ConflictMonitor, type Latch, type Trip } from './conflict-monitor.ts';
import { latchFile } from './latch-file.ts';
import { readMonitorProgram } from './monitor-program.ts';

const STEP_MS = 100;
const INDEX = new Map(matrix.phases.map(({ number }, i) => [number, i]));
const program = readMonitorProgram(encodeBy(signalMatrixSchema, matrix));

function memoryLatch(): Latch & { kept: Trip | null } {
  const latch = {
    kept: null as Trip | null,
    read: () => latch.kept,
    write: (trip: Trip) => {
      latch.kept = trip;
    },
    clear: () => {
      latch.kept = null;
    },
  };
  return latch;
}

/** A monitor and what it is shown: all red at first. */
class Bench {
  readonly monitor: ConflictMonitor;
  readonly latch: Latch & { kept: Trip | null };
  readonly lamps = new Uint8Array(matrix.phases.length).fill(LAMP_RED);
  nowMs = 0;
  beat = 0;

  constructor(latch = memoryLatch(), of = program) {
    this.latch = latch;
    this.monitor = new ConflictMonitor(of, latch);
  }

  /** Shows these lamps from now on. */
  show(phase: number, lamps: number): this {
    this.lamps[INDEX.get(phase) ?? -1] = lamps;
    return this;
  }

  run(ms: number, isBeating = true): this {
    for (let at = 0; at < ms; at += STEP_MS) {
      this.nowMs += STEP_MS;
      if (isBeating) this.beat++;
      this.monitor.sample({ nowMs: this.nowMs, lamps: this.lamps, beat: this.beat });
    }
    return this;
  }

  get reason(): string | null {
    return this.monitor.trip?.reason ?? null;
  }
}

test('shortest times, computed by itself, are those of the formulae for every speed, grade and width', () => {
  for (let speedMph = 5; speedMph <= 85; speedMph++) {
    for (let gradePercent = -15; gradePercent <= 15; gradePercent++) {
      const widthFt = 1 + ((speedMph * 7 + gradePercent * 11 + 165) % 300);
      const [, second, ...rest] = matrix.phases;
      const vehicle = { road: 'major', flash: 'red', speedMph, gradePercent } as const;
      const phases = [
        { number: 1, name: 'crossing', widthFt },
        { ...second, number: 2, name: 'road', widthFt, vehicle },
      ];
      const body = encodeBy(signalMatrixSchema, { name: 'one road', phases, compatible: [] } satisfies SignalMatrix);
      assert.ok(rest.length > 0);
      const [crossing, road] = readMonitorProgram(body).channels;
      assert.equal(road?.stopMinMs, yellowNeeded(speedMph, gradePercent));
      assert.equal(road?.clearMinMs, redClearanceNeeded(widthFt, speedMph));
      assert.equal(crossing?.stopMinMs, crossingNeeded(widthFt));
    }
  }
});

const PAIRS = matrix.phases
  .flatMap(({ number: a }) => matrix.phases.map(({ number: b }) => [a, b] as const))
  .filter(([a, b]) => a !== b);

test('every pair of phases, green, yellow or walk together: trips exactly where the matrix does not declare it, at 300 ms', () => {
  for (const [a, b] of PAIRS) {
    for (const [lampA, lampB] of [
      [LAMP_GREEN, LAMP_GREEN],
      [LAMP_GREEN, LAMP_YELLOW],
      [LAMP_YELLOW, LAMP_YELLOW],
    ] as const) {
      const isDeclared = matrix.compatible.some(([x, y]) => (x === a && y === b) || (x === b && y === a));
      const bench = new Bench().show(a, lampA).show(b, lampB).run(300);
      assert.equal(bench.reason, null, `${a} and ${b}`);
      bench.run(100);
      assert.equal(bench.reason, isDeclared ? null : 'conflict', `${a} and ${b}`);
      if (!isDeclared) assert.deepEqual([...(bench.monitor.trip?.phases ?? [])].sort(), [a, b].sort());
    }
  }
});

test('a conflict that flickers adds up', () => {
  const bench = new Bench();
  for (let i = 0; i < 2; i++) bench.show(2, LAMP_GREEN).show(4, LAMP_YELLOW).run(100).show(4, LAMP_RED).run(60_000);
  assert.equal(bench.reason, null);
  bench.show(4, LAMP_YELLOW).run(100).show(4, LAMP_RED).run(100);
  assert.equal(bench.reason, 'conflict');
});

test('a conflict between two looks that are far apart counts whole', () => {
  const bench = new Bench().show(2, LAMP_GREEN).show(4, LAMP_YELLOW).run(100);
  bench.show(4, LAMP_RED);
  bench.nowMs += 400;
  bench.run(100);
  assert.equal(bench.reason, 'conflict');
});

test('red fail: a head of vehicles that is dark for a second; a flash is not, a crossing may be', () => {
  assert.equal(new Bench().show(2, 0).run(1_000).reason, null);
  assert.equal(new Bench().show(2, 0).run(1_100).reason, 'redFail');
  assert.equal(new Bench().show(9, 0).run(60_000).reason, null);
  const flashing = new Bench();
  for (let i = 0; i < 60; i++)
    flashing
      .show(2, i % 2 === 0 ? 0 : LAMP_YELLOW)
      .show(4, i % 2 === 0 ? 0 : LAMP_RED)
      .run(500);
  assert.equal(flashing.reason, null);
});

test('dual indication: two lamps of one head', () => {
  for (const lamps of [LAMP_RED | LAMP_GREEN, LAMP_RED | LAMP_YELLOW, LAMP_YELLOW | LAMP_GREEN, 7]) {
    assert.equal(new Bench().show(2, lamps).run(300).reason, null);
    assert.equal(new Bench().show(2, lamps).run(400).reason, 'dualIndication');
  }
  assert.equal(new Bench().show(9, LAMP_RED | LAMP_GREEN).run(400).reason, 'dualIndication');
});

/** Phase 2, at 35 mph, is green and then yellow for so long. */
function yellowFor(ms: number): Bench {
  return new Bench().run(1_000).show(2, LAMP_GREEN).run(8_000).show(2, LAMP_YELLOW).run(ms).show(2, LAMP_RED).run(200);
}

test('short yellow: less than the approach needs, or none', () => {
  assert.equal(yellowFor(4_000).reason, null);
  assert.equal(yellowFor(3_900).reason, null);
  assert.equal(yellowFor(3_800).reason, 'shortYellow');
  assert.equal(yellowFor(0).reason, 'shortYellow');
  const dark = new Bench().show(2, LAMP_GREEN).run(8_000).show(2, 0).run(100);
  assert.equal(dark.reason, 'shortYellow');
  const again = new Bench().show(2, LAMP_GREEN).run(8_000).show(2, LAMP_YELLOW).run(1_000).show(2, LAMP_GREEN).run(100);
  assert.equal(again.reason, 'shortYellow');
  // Yellow that did not follow green, as in flash, may be short.
  assert.equal(new Bench().show(2, LAMP_YELLOW).run(500).show(2, LAMP_RED).run(5_000).reason, null);
});

test('short clearance: a foe begins before the last vehicle, or the last one on foot, is gone', () => {
  const after = (ms: number) =>
    yellowFor(4_000)
      .run(ms - 200)
      .show(4, LAMP_GREEN)
      .run(100).reason;
  assert.equal(after(1_800), null);
  assert.equal(after(1_600), 'shortClearance');
  const walk = (ms: number) =>
    new Bench().show(10, LAMP_GREEN).run(7_000).show(10, LAMP_RED).run(ms).show(2, LAMP_GREEN).run(100).reason;
  assert.equal(walk(17_200 + 3_000), null);
  assert.equal(walk(17_200 + 2_800), 'shortClearance');
});

test('watchdog: a controller that stands still, and a clock that goes back', () => {
  assert.equal(new Bench().run(1_000).run(900, false).reason, null);
  assert.equal(new Bench().run(1_000).run(1_000, false).reason, 'watchdog');
  const back = new Bench().run(1_000);
  back.nowMs -= 500;
  assert.equal(back.run(100).reason, 'watchdog');
});

test('tripped: flash, never green, whatever is shown or said, until somebody resets it on site', () => {
  const bench = new Bench().show(2, LAMP_GREEN).show(4, LAMP_GREEN).run(400);
  assert.equal(bench.reason, 'conflict');
  bench.lamps.fill(LAMP_RED);
  bench.run(600_000);
  assert.equal(bench.reason, 'conflict');
  const seen = new Set<number>();
  for (let nowMs = 0; nowMs < 5_000; nowMs += 50) {
    const lamps = bench.monitor.flashLamps(nowMs);
    for (const lamp of lamps) seen.add(lamp);
    matrix.phases.forEach(({ vehicle }, i) => {
      if (lamps[i] !== 0) assert.equal(lamps[i], vehicle?.flash === 'yellow' ? LAMP_YELLOW : LAMP_RED);
    });
  }
  assert.deepEqual([...seen].sort(), [0, LAMP_RED, LAMP_YELLOW]);
  bench.monitor.resetOnSite();
  assert.equal(bench.run(1_000).reason, null);
  assert.equal(bench.show(2, LAMP_GREEN).show(4, LAMP_GREEN).run(400).reason, 'conflict');
});

test('a trip survives the loss of power: the latch is on disk before the step is over', () =>
  inFolder({}, async (folder) => {
    const path = join(folder, 'monitor', 'latch.cbor');
    const watch = () => new ConflictMonitor(program, latchFile(path));
    const first = watch();
    const lamps = new Uint8Array(matrix.phases.length).fill(LAMP_GREEN);
    for (let i = 0; i < 4; i++) first.sample({ nowMs: i * STEP_MS, lamps, beat: i });
    assert.equal(first.trip?.reason, 'conflict');
    assert.deepEqual(readdirSync(join(path, '..')), ['latch.cbor']);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    // Only the file is left.
    const second = watch();
    assert.deepEqual(second.trip, first.trip);
    assert.equal(second.sample({ nowMs: 0, lamps: lamps.fill(LAMP_RED), beat: 0 }), false);
    second.resetOnSite();
    assert.equal(watch().trip, null);
  }));

test('a latch or a matrix that cannot be read is a trip, and a torn latch as well', () =>
  inFolder({}, async (folder) => {
    const path = join(folder, 'latch.cbor');
    for (const bytes of [new Uint8Array(0), Uint8Array.of(0xa2), new TextEncoder().encode('conflict')]) {
      writeFileSync(path, bytes);
      assert.deepEqual(new ConflictMonitor(program, latchFile(path)).trip, { reason: 'unreadable', phases: [] });
    }
    const blind = new ConflictMonitor(null, memoryLatch());
    assert.equal(blind.sample({ nowMs: 0, lamps: new Uint8Array(9), beat: 0 }), false);
    blind.resetOnSite();
    assert.equal(blind.trip?.reason, 'unreadable');
  }));

test('a disk that fails does not end the flash, and is tried again', () => {
  const latch = memoryLatch();
  let isBroken = true;
  const failing = {
    ...latch,
    kept: null as Trip | null,
    write(trip: Trip): void {
      if (isBroken) throw new Error('no space left');
      failing.kept = trip;
    },
  };
  const bench = new Bench(failing).show(2, LAMP_GREEN).show(4, LAMP_GREEN).run(1_000);
  assert.deepEqual([bench.reason, failing.kept], ['conflict', null]);
  isBroken = false;
  bench.run(100);
  assert.deepEqual(failing.kept, { reason: 'conflict', phases: [2, 4] });
});

test('a matrix that nobody should have signed: conflicting roads do not flash yellow together', () => {
  const phases = matrix.phases.map((phase) => ({
    ...phase,
    ...(phase.vehicle === undefined ? {} : { vehicle: { ...phase.vehicle, flash: 'yellow' as const } }),
  }));
  const { channels } = readMonitorProgram(encodeBy(signalMatrixSchema, { ...matrix, phases }));
  assert.deepEqual(
    channels.filter(({ flashesYellow }) => flashesYellow).map(({ phase }) => phase),
    [],
  );
});
