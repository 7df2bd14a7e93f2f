import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { ConflictMonitor } from '@oppidum/device/monitor/conflict-monitor';
import { readMonitorProgram } from '@oppidum/device/monitor/monitor-program';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import { checkPlans } from '@oppidum/formats/check-plans';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { FormatError, type Rejection } from '@oppidum/formats/errors';
import type { Json } from '@oppidum/formats/schema';
import { checkMatrix, parseSignalMatrix, signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import { parseSignalPlans, signalPlansSchema } from '@oppidum/formats/signal-plan';
import { crossingNeeded, redClearanceNeeded, yellowNeeded } from '@oppidum/formats/signal-timing';
import { renderSignalVectors } from '../../tools/signal-vectors.ts';
import { nodeCrypto } from '../support/crypto.ts';

const FOLDER = join(resolve(import.meta.dirname, '../..'), 'vectors/signals');

type Cases = readonly { readonly why: string; readonly body: string; readonly code: string }[];
type Timing = {
  readonly yellow: readonly { readonly speedMph: number; readonly gradePercent: number; readonly yellowMs: number }[];
  readonly redClearance: readonly { readonly widthFt: number; readonly speedMph: number; readonly redMs: number }[];
  readonly crossing: readonly { readonly widthFt: number; readonly clearanceMs: number }[];
};
type Matrices = { readonly example: Json; readonly cases: Cases };
type Plans = { readonly matrix: string; readonly example: Json; readonly cases: Cases };

const readVectors = <T>(name: string): T => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as T;
const timing = readVectors<Timing>('timing.json');
const matrices = readVectors<Matrices>('matrices.json');
const plans = readVectors<Plans>('plans.json');

/** The code of what refuses, or OK; a refusal names where, what and why. */
function codeOf(check: () => Rejection | null): string {
  try {
    const rejection = check();
    if (rejection !== null) for (const fact of ['where', 'what', 'why']) assert.match(`${rejection.details[fact]}`, /\w/);
    return rejection?.code ?? 'OK';
  } catch (error) {
    if (error instanceof FormatError) return error.code;
    throw error;
  }
}

test('the files are what the maker writes', () => {
  for (const [name, text] of Object.entries(renderSignalVectors()))
    assert.equal(readFileSync(join(FOLDER, name), 'utf8'), text, 'run `node tools/signal-vectors.ts`');
});

test('times by the formulae of the standard, in fractions', () => {
  for (const { speedMph, gradePercent, yellowMs } of timing.yellow) {
    assert.equal(yellowNeeded(speedMph, gradePercent), yellowMs);
    const seconds = 1 + (0.733 * speedMph) / (10 + 0.32 * gradePercent);
    assert.ok(yellowMs % 500 === 0 && yellowMs >= 3_000 && yellowMs <= 6_000);
    if (yellowMs < 6_000) assert.ok(yellowMs / 1_000 >= seconds - 1e-9, `${speedMph} mph, ${gradePercent} %`);
    if (yellowMs > 3_000) assert.ok(yellowMs / 1_000 < seconds + 0.5 + 1e-9 || seconds > 6, `${speedMph} mph, ${gradePercent} %`);
  }
  for (const { widthFt, speedMph, redMs } of timing.redClearance) {
    assert.equal(redClearanceNeeded(widthFt, speedMph), redMs);
    const seconds = (widthFt + 20) / ((speedMph * 5_280) / 3_600);
    assert.ok(redMs / 1_000 >= seconds - 1e-9 && redMs / 1_000 < seconds + 0.1 + 1e-9, `${widthFt} ft, ${speedMph} mph`);
  }
  for (const { widthFt, clearanceMs } of timing.crossing) {
    assert.equal(crossingNeeded(widthFt), clearanceMs);
    assert.ok(clearanceMs / 1_000 >= widthFt / 3.5 - 1e-9 && clearanceMs / 1_000 < widthFt / 3.5 + 0.1 + 1e-9, `${widthFt} ft`);
  }
});

for (const { why, body, code } of matrices.cases) {
  test(`matrices: ${why}: ${code}`, () => {
    assert.equal(
      codeOf(() => checkMatrix(parseSignalMatrix(parseHex(body)))),
      code,
    );
    if (code === 'OK') assert.equal(toHex(encodeBy(signalMatrixSchema, parseSignalMatrix(parseHex(body)))), body);
  });
}

const matrixBody = parseHex(plans.matrix);

for (const { why, body, code } of plans.cases) {
  test(`plans: ${why}: ${code}`, () => {
    const check = () =>
      checkPlans(parseSignalMatrix(matrixBody), nodeCrypto.sha256(matrixBody), parseSignalPlans(parseHex(body)));
    assert.equal(codeOf(check), code);
    if (code === 'OK') assert.equal(toHex(encodeBy(signalPlansSchema, parseSignalPlans(parseHex(body)))), body);
  });
}

test('the examples in JSON are the first cases', () => {
  const [matrix, plan] = [matrices.cases[0]?.body ?? '', plans.cases[0]?.body ?? ''];
  assert.equal(toHex(encodeBy(signalMatrixSchema, signalMatrixSchema.fromJson(matrices.example, ''))), matrix);
  assert.equal(toHex(encodeBy(signalPlansSchema, signalPlansSchema.fromJson(plans.example, ''))), plan);
});

type Monitor = {
  readonly matrix: string;
  readonly lookMs: number;
  readonly cases: readonly {
    readonly why: string;
    readonly runs: readonly { readonly looks: number; readonly lamps: string; readonly isBeating: boolean }[];
    readonly trip: { readonly reason: string; readonly phases: readonly number[]; readonly look: number } | null;
  }[];
};
const monitors = readVectors<Monitor>('monitor.json');

/** What the table of specs/signals.md §8 says of each case, written by hand. */
const TRIPS: Readonly<Record<string, string>> = {
  'conflicting greens': 'conflict at 9',
  'green against walk': 'conflict at 9',
  'yellow against yellow': 'conflict at 9',
  '200 ms and 100 ms of conflict, a minute apart': 'conflict at 604',
  'dark for a second': 'redFail at 11',
  'red and green in one head': 'dualIndication at 4',
  'walk and don’t walk': 'dualIndication at 4',
  'a yellow short by two looks': 'shortYellow at 119',
  'no yellow': 'shortYellow at 81',
  'green again within yellow': 'shortYellow at 91',
  'a red clearance short by two looks': 'shortClearance at 137',
  'nobody is across yet': 'shortClearance at 271',
  'the controller stands still': 'watchdog at 20',
};

for (const { why, runs, trip } of monitors.cases) {
  test(`monitor: ${why}: ${trip?.reason ?? 'no trip'}`, () => {
    assert.equal(trip === null ? undefined : `${trip.reason} at ${trip.look}`, TRIPS[why]);
    const latch = { read: () => null, write: () => undefined, clear: () => undefined };
    const monitor = new ConflictMonitor(readMonitorProgram(parseHex(monitors.matrix)), latch);
    let [look, beat, tripLook] = [0, 0, 0];
    for (const { looks, lamps, isBeating } of runs) {
      for (let i = 0; i < looks; i++) {
        look++;
        if (isBeating) beat++;
        const passes = monitor.sample({ nowMs: look * monitors.lookMs, lamps: parseHex(lamps), beat });
        if (!passes && tripLook === 0) tripLook = look;
      }
    }
    assert.deepEqual(monitor.trip === null ? null : { ...monitor.trip, look: tripLook }, trip);
  });
}
